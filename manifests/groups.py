"""Groups: clips that must not be divided between train, val and test."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from manifests.records import ManifestEntry

__all__ = ["GROUPINGS", "Keys", "choose_grouping", "group_clips", "keys_of", "largest_share"]

Keys = tuple[str, ...]
"""What a clip shares with others, as ``kind:value``; clips with a key in common belong together."""

GroupBy = Literal["auto", "speaker", "series", "source", "none"]

GROUPINGS: dict[GroupBy, tuple[tuple[str, ...], ...]] = {
    "auto": (("speaker", "source"), ("speaker",), ("known_speaker", "source"), ("known_speaker",)),
    "speaker": (("speaker",),),
    "series": (("series",),),
    "source": (("source",),),
    "none": ((),),
}
"""The keys that each choice of ``[split] group_by`` keeps whole; of several, the first that fit."""

_MOST_TELLING = ("speaker", "series", "source", "clip")


def keys_of(entry: ManifestEntry, by: Sequence[str]) -> Keys:
    """Return the keys of a clip.

    An unknown speaker is taken to be anybody of the series, for two unknown speakers of a series
    may be one person; where the series is unknown too, anybody of the source. A clip with no key
    (``by`` empty) is a group of its own.

    Args:
        entry: the clip.
        by: ``speaker``, ``series``, ``source``, or several.
    """
    keys = tuple(dict.fromkeys(_key(entry, name) for name in by))
    return keys or (f"clip:{entry.clip_id}",)


def group_clips(keys: Mapping[str, Keys]) -> dict[str, str]:
    """Return the group of every clip: the connected components over shared keys.

    A group is called after one of its keys, a speaker's if it has one.

    Args:
        keys: clip ids and what each shares with others.

    Example:
        >>> group_clips({"a": ("speaker:f01", "source:x"), "b": ("source:x",), "c": ("source:y",)})
        {'a': 'speaker:f01', 'b': 'speaker:f01', 'c': 'source:y'}
    """
    parent: dict[str, str] = {}
    for shared in keys.values():
        root = _root(parent, shared[0])
        for key in shared[1:]:
            parent[_root(parent, key)] = root
    members: defaultdict[str, list[str]] = defaultdict(list)
    for key in list(parent):
        members[_root(parent, key)].append(key)
    names = {root: min(found, key=_telling) for root, found in members.items()}
    return {clip: names[_root(parent, shared[0])] for clip, shared in keys.items()}


def largest_share(groups: Iterable[str]) -> float:
    """Return the share of the clips that the largest group holds, 0 if there are none.

    Args:
        groups: the group of each clip.
    """
    sizes = Counter(groups)
    return max(sizes.values()) / sizes.total() if sizes else 0.0


def choose_grouping(
    entries: Sequence[ManifestEntry], group_by: GroupBy, largest_group: float
) -> tuple[str, ...]:
    """Return the keys to group by: of ``auto``'s, the first whose groups are small enough.

    Args:
        entries: the clips to be split.
        group_by: what ``[split] group_by`` says.
        largest_group: share of the clips above which ``auto`` gives up on a grouping; where all
            are given up, speakers alone are kept whole.
    """
    choices = GROUPINGS[group_by]
    if len(choices) == 1:
        return choices[0]
    for by in choices:
        groups = group_clips({entry.clip_id: keys_of(entry, by) for entry in entries})
        if largest_share(groups.values()) <= largest_group:
            return by
    return GROUPINGS["speaker"][0]


def _key(entry: ManifestEntry, name: str) -> str:
    if name in ("speaker", "known_speaker") and entry.speaker is not None:
        return f"speaker:{entry.speaker}"
    if name in ("speaker", "series") and entry.series is not None:
        return f"series:{entry.series}"
    return f"source:{entry.source_id}"


def _root(parent: dict[str, str], key: str) -> str:
    parent.setdefault(key, key)
    while parent[key] != key:
        parent[key] = key = parent[parent[key]]
    return key


def _telling(key: str) -> tuple[int, str]:
    return _MOST_TELLING.index(key.partition(":")[0]), key
