"""A split that others made, kept as it is; what it keeps whole is found out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from manifests.errors import ConfigurationError
from manifests.groups import AUTO, keys_of
from manifests.history import earlier_placements
from manifests.partition import Partition, place_clips
from manifests.records import ManifestEntry, Split
from manifests.settings import SplitSettings
from manifests.versions import Manifest

__all__ = ["apply_given_split", "strictest_grouping"]

_NO_REPEATS: Mapping[str, str] = MappingProxyType({})


def apply_given_split(
    entries: Sequence[ManifestEntry],
    settings: SplitSettings,
    given: Mapping[str, Split],
    parent: Manifest | None = None,
    repeats: Mapping[str, str] = _NO_REPEATS,
) -> Partition:
    """Give each clip the split that others gave it; clips of an earlier version stay there.

    Clips that neither has go where new ones would. The clips count as grouped by the most that the
    splits keep whole, so that the next version agrees with this one; as asked for counts what
    they came to, since nobody drew them.

    Args:
        entries: the clips.
        settings: section [split] of corpus.toml.
        given: splits by clip id.
        parent: the version before, if there is one.
        repeats: as for :func:`manifests.groups.keys_of`.

    Raises:
        ConfigurationError: if the version before has folds, which these splits would end.
    """
    if parent is not None and parent.header.params.get("split", {}).get("folds") is not None:
        raise ConfigurationError(
            f"{parent.header.version} has folds, beside which splits of others can't be kept; the "
            f"clips are in the corpus: divide them into the folds with: corpus build-manifest"
        )
    old: dict[str, Split] = dict(given)
    if parent is not None:
        old |= {clip_id: split for clip_id, (split, _) in earlier_placements(parent).items()}
    by = strictest_grouping(entries, old, repeats)
    placed = place_clips(entries, settings, by, old, repeats)
    train, val, test = placed.shares.values()
    return replace(placed, ratios=(train, val, test))


def strictest_grouping(
    entries: Sequence[ManifestEntry],
    splits: Mapping[str, Split],
    repeats: Mapping[str, str] = _NO_REPEATS,
) -> tuple[str, ...]:
    """Return the strongest grouping of which no key lies on two sides.

    Args:
        entries: the clips.
        splits: of them, by id; those held out or without one don't count.
        repeats: as for :func:`manifests.groups.keys_of`.
    """
    placed = [one for one in entries if splits.get(one.clip_id) not in (None, "held")]
    anybody = any(one.speaker is not None for one in placed)
    for by in (*AUTO, ("source",)):
        if not anybody and "known_speaker" in by:
            continue
        sides: dict[str, Split] = {}
        keys = keys_of(placed, by, repeats)
        if all(
            sides.setdefault(key, splits[clip]) == splits[clip]
            for clip, shared in keys.items()
            for key in shared
        ):
            return by
    return ()
