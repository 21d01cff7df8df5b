"""Stability between versions: no clip moves between train, val and test."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Generic, TypeVar

from manifests.groups import Keys

__all__ = ["KeptSides", "keep_sides"]

S = TypeVar("S", bound=str)

_ORDER = {"test": 0, "val": 1, "train": 2}


@dataclass(frozen=True)
class KeptSides(Generic[S]):
    """Sides of keys and held clips that follow from the sides of earlier clips.

    Attributes:
        sides: side of each key connected to earlier clips; a key absent here is free.
        held: clips held out because their keys lie on different sides.
    """

    sides: dict[str, S]
    held: frozenset[str]


def keep_sides(keys: Mapping[str, Keys], placed: Mapping[str, S]) -> KeptSides[S]:
    """Determine the side of each key, and the clips to hold out.

    A key goes to the side of most of its earlier clips. An earlier clip that a corrected key would
    move to another side is held out instead; so is a new clip with keys on different sides. New
    keys follow the earlier keys with which they share most clips.

    Args:
        keys: grouping keys of the new version's clips.
        placed: sides of clips in the earlier version, without held ones.

    Example:
        >>> old = {"a": ("speaker:f01", "source:x"), "b": ("speaker:f02", "source:y")}
        >>> bridge = {"c": ("speaker:f01", "source:y"), "d": ("speaker:f01", "source:z")}
        >>> kept = keep_sides(old | bridge, {"a": "train", "b": "test"})
        >>> sorted(kept.held), kept.sides["source:z"]
        (['c'], 'train')
    """
    old = {clip: side for clip, side in sorted(placed.items()) if clip in keys}
    drawn = _majorities(keys, old)
    sides: dict[str, S] = {}
    for clip, side in old.items():
        if all(drawn[key] == side for key in keys[clip]):
            sides.update(dict.fromkeys(keys[clip], side))
    for clip, side in old.items():  # a key whose clips are all held out is free again
        if all(sides.get(key, side) == side for key in keys[clip]):
            sides.update(dict.fromkeys(keys[clip], side))
    _spread((keys[clip] for clip in sorted(keys.keys() - old.keys())), sides)
    held = frozenset(
        clip
        for clip, shared in keys.items()
        if len({sides.get(key) for key in shared} | ({old[clip]} if clip in old else set())) > 1
    )
    return KeptSides(sides, held)


def _majorities(keys: Mapping[str, Keys], old: Mapping[str, S]) -> dict[str, S]:
    tallies: defaultdict[str, Counter[S]] = defaultdict(Counter)
    for clip, side in old.items():
        for key in keys[clip]:
            tallies[key][side] += 1
    return {
        key: min(tally, key=lambda side: (-tally[side], _rank(side)))
        for key, tally in tallies.items()
    }


def _rank(side: str) -> tuple[int, str]:
    """Return the sort key of ties: test before val before train, and folds by their names."""
    return _ORDER.get(side, len(_ORDER)), side


def _spread(new: Iterable[Keys], sides: dict[str, S]) -> None:
    """Give keys without a side that of the keys with which they share most clips, in that order."""
    ties: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for shared, clips in Counter(new).items():
        for key, other in permutations(shared, 2):
            ties[key][other] += clips
    pulls: defaultdict[str, Counter[S]] = defaultdict(Counter)
    queue: list[tuple[int, tuple[int, str], str, S]] = []

    def pull(key: str) -> None:
        for other, clips in ties[key].items():
            if other not in sides:
                side = sides[key]
                pulls[other][side] += clips
                heapq.heappush(queue, (-pulls[other][side], _rank(side), other, side))

    for key in sorted(sides.keys() & ties.keys()):
        pull(key)
    while queue:
        _, _, key, side = heapq.heappop(queue)
        if key not in sides:
            sides[key] = side
            pull(key)
