"""Oversized groups, too large to divide: the keys that connect them, and suggestions."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from manifests.base.errors import DataError
from manifests.base.outcome import counted
from manifests.splits.bridges import fewest_bridges
from manifests.splits.groups import Keys, group_clips, keys_of, largest_share
from manifests.storage.records import ManifestEntry
from manifests.storage.sections import SplitSettings

__all__ = ["OversizedGroupError", "find_oversized_group", "oversized_group_error"]


@dataclass(frozen=True)
class Bridge:
    """A key (speaker, source …) with ``clips`` that connect other keys of its group.

    ``tied`` is the number of these keys, ``largest_without`` the share of all clips that the
    largest group would have if the key connected nothing.
    """

    kind: str
    value: str
    clips: int
    tied: int
    largest_without: float


@dataclass(frozen=True)
class OversizedGroup:
    """The largest group of clips, by the kinds of keys kept whole, out of ``total`` clips.

    ``bridges`` are the keys that connect most clips, at most ten of each kind.
    """

    by: tuple[str, ...]
    clips: int
    total: int
    bridges: list[Bridge]

    @property
    def share(self) -> float:
        """Share of all clips in the group."""
        return self.clips / self.total

    def row(self) -> dict[str, Any]:
        """Return a JSON-ready row."""
        return {**asdict(self), "by": list(self.by), "share": round(self.share, 4)}


class OversizedGroupError(DataError):
    """Group of connected clips (``group``) too large to divide by the settings."""

    def __init__(self, sentence: str, group: OversizedGroup) -> None:
        super().__init__(sentence)
        self.group = group


def find_oversized_group(keys: Mapping[str, Keys], by: Sequence[str]) -> OversizedGroup:
    """Return the largest group and the keys that connect it, for at least one clip.

    Example:
        >>> keys = {"a": ("speaker:f01", "source:x"), "b": ("speaker:f01", "source:y")}
        >>> found = find_oversized_group(keys, ["speaker", "source"])
        >>> found.share, found.bridges[0]
        (1.0, Bridge(kind='speaker', value='f01', clips=2, tied=2, largest_without=0.5))
    """
    groups = group_clips(keys)
    sizes = Counter(groups.values())
    (largest, _), *others = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    second = others[0][1] if others else 0
    bundles = Counter(keys[clip] for clip, group in groups.items() if group == largest)
    clips: Counter[str] = Counter()
    tied: dict[str, set[str]] = {}
    for shared, number in bundles.items():
        for key in shared:
            clips[key] += number
            tied.setdefault(key, set()).update(shared)
    found: list[Bridge] = []
    seen: Counter[str] = Counter()
    for key, number in sorted(clips.items(), key=lambda item: (-item[1], item[0])):
        kind, _, value = key.partition(":")
        seen[kind] += 1
        if seen[kind] > _MOST_OF_A_KIND:
            continue
        without = max(_largest_without(key, bundles), second) / len(keys)
        found.append(Bridge(kind, value, number, len(tied[key]) - 1, round(without, 4)))
    found.sort(key=lambda bridge: (bridge.largest_without, -bridge.clips, bridge.value))
    return OversizedGroup(tuple(by), sizes[largest], len(keys), found)


def _largest_without(key: str, bundles: Mapping[Keys, int]) -> float:
    """Return the size of the largest part of a group if a key connected nothing."""
    rest = {
        shared: tuple(other for other in shared if other != key) or (f"{key} alone",)
        for shared in bundles
    }
    names = group_clips({str(number): kept for number, kept in enumerate(rest.values())})
    sizes: Counter[str] = Counter()
    for group, clips in zip(names.values(), bundles.values(), strict=True):
        sizes[group] += clips
    return max(sizes.values())


_MOST_OF_A_KIND = 10


def oversized_group_error(
    entries: Sequence[ManifestEntry],
    by: Sequence[str],
    settings: SplitSettings,
    repeats: Mapping[str, str],
) -> OversizedGroupError:
    """Return the error that describes an oversized group and suggests remedies."""
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
            f"--drop-bridges {_rounded_up(loss)} (leaves out {counted(len(bridges), 'clip')}, "
            f"{loss:.1f} %, "
            f"the fewest found)"
        )
    yield "--group-by none (clips at random, which leaks)"


def _rounded_up(percent: float) -> str:
    return f"{math.ceil(10 * percent) / 10:g}"


_FEWER = (("speaker",), ("series",), ("source",))
