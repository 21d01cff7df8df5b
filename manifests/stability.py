"""What an earlier version fixes: no clip moves between train, val and test in the next one."""

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
    """What the placement of old clips means for all of them.

    Attributes:
        sides: the side of each key that an old clip ties to one; a key absent here is free.
        held: clips on no side, because their keys lie on different ones.
    """

    sides: dict[str, S]
    held: frozenset[str]


def keep_sides(keys: Mapping[str, Keys], placed: Mapping[str, S]) -> KeptSides[S]:
    """Settle which side each key belongs to, and which clips are held out for it.

    A key goes where most of its old clips are. An old clip that one of its keys (corrected since)
    would draw to another side is held out, so that it doesn't move; so is a new clip whose keys
    lie on different sides. New keys follow the old ones that most of their clips tie them to.

    Args:
        keys: the clips of the new version and what each shares with others.
        placed: the sides of clips in the earlier version, held ones left out.

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
    """Return what settles a tie: test before val before train, and folds by their names."""
    return _ORDER.get(side, len(_ORDER)), side


def _spread(new: Iterable[Keys], sides: dict[str, S]) -> None:
    """Give keys without a side the one that most of their clips tie them to, strongest first."""
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
