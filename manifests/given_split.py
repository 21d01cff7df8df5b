"""Apply an imported split, and derive the grouping that it keeps whole."""

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
    """Give each clip its imported split; clips of an earlier version keep theirs.

    Clips without either are placed as new ones. The grouping is the strictest that the splits keep
    whole, so that the next version is consistent with this one; the ratios are those of the
    imported splits.

    Args:
        entries: clips.
        settings: settings of section [split].
        given: imported splits by clip id.
        parent: previous version, if there is one.
        repeats: recordings shared by clips, as for :func:`manifests.groups.keys_of`.

    Raises:
        ConfigurationError: if the previous version has folds, which a single split can't keep.
    """
    if parent is not None and parent.header.params.get("split", {}).get("folds") is not None:
        raise ConfigurationError(
            f"{parent.header.version} has folds, so imported splits can't be kept; the clips are "
            f"in the corpus: divide them into the folds with: corpus build-manifest"
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
    """Return the strictest grouping without a key on two sides.

    Args:
        entries: clips.
        splits: splits by clip id; held clips and clips without a split don't count.
        repeats: recordings shared by clips, as for :func:`manifests.groups.keys_of`.
    """
    placed = [entry for entry in entries if splits.get(entry.clip_id) not in (None, "held")]
    speakers_known = any(entry.speaker is not None for entry in placed)
    for by in (*AUTO, ("source",)):
        if not speakers_known and "known_speaker" in by:
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
