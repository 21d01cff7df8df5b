"""Error for an oversized group, with suggestions."""

import math
from collections.abc import Iterator, Mapping, Sequence

from manifests.bridges import fewest_bridges
from manifests.groups import Keys, group_clips, keys_of, largest_share
from manifests.records import ManifestEntry
from manifests.settings import SplitSettings
from manifests.tangles import OversizedGroupError, find_oversized_group

__all__ = ["oversized_group_error"]


def oversized_group_error(
    entries: Sequence[ManifestEntry],
    by: Sequence[str],
    settings: SplitSettings,
    repeats: Mapping[str, str],
) -> OversizedGroupError:
    """Return the error that describes an oversized group and suggests remedies.

    Args:
        entries: clips to split, at least one.
        by: keys to keep whole.
        settings: settings of section [split].
        repeats: recordings shared by clips, as for `keys_of`.
    """
    keys = keys_of(entries, by, repeats)
    group = find_oversized_group(keys, by)
    names = " and ".join(by).replace("_", " ")
    suggestions = _suggestions(entries, keys, by, settings, repeats)
    sentence = (
        f"{group.clips} of {group.total} clips ({100 * group.share:.0f} %) are connected by "
        f"{names} and can't be divided; a group may hold {100 * settings.largest_group:g} % "
        f"([split] largest_group); try: {'; '.join(suggestions)}"
    )
    return OversizedGroupError(sentence, group)


def _suggestions(
    entries: Sequence[ManifestEntry],
    keys: Mapping[str, Keys],
    by: Sequence[str],
    settings: SplitSettings,
    repeats: Mapping[str, str],
) -> Iterator[str]:
    for fewer in _FEWER:
        if list(fewer) != list(by):
            share = largest_share(group_clips(keys_of(entries, fewer, repeats)).values())
            if share <= settings.largest_group:
                yield f"--group-by {','.join(fewer)} (largest group {100 * share:.0f} %)"
    bridges = fewest_bridges(keys, settings.ratios, settings.seed)
    if bridges:
        loss = 100 * len(bridges) / len(keys)
        yield (
            f"--drop-bridges {_rounded_up(loss)} (leaves out {len(bridges)} clips, {loss:.1f} %, "
            f"the fewest found)"
        )
    yield "--group-by none (clips at random, which leaks)"


def _rounded_up(percent: float) -> str:
    return f"{math.ceil(10 * percent) / 10:g}"


_FEWER = (("speaker",), ("series",), ("source",))
