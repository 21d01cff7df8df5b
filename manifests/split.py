"""Assignment of groups to train, val and test, as near to the ratios as possible per class."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from manifests.assignment import AssignmentProblem, Matrix, solve
from manifests.records import Side

__all__ = ["SIDES", "assign_groups", "split_groups"]

S = TypeVar("S", bound=str)

SIDES: tuple[Side, ...] = ("train", "val", "test")


def split_groups(
    counts: Mapping[str, Sequence[int]],
    ratios: Sequence[float],
    seed: int = 0,
    pinned: Mapping[str, Side] | None = None,
) -> dict[str, Side]:
    """Return the side of every group.

    The cost of an assignment is the sum of the squared deviations of each side's size and of its
    count of each class, a deviation of 1 % of all clips in size and one of 20 % in a class weighing
    the same. Few groups are searched exhaustively; many are placed greedily, then moved and swapped
    one by one while that lowers the cost, from many starting points. The result depends on the
    content alone, not on the order of ``counts``.

    No side with a ratio above 0 stays empty if there are enough groups; otherwise val stays empty
    before test does.

    Args:
        counts: number of clips of each class, per group.
        ratios: shares of train, val and test.
        seed: seed of ties and of the search.
        pinned: fixed sides of groups.

    Example:
        >>> split_groups({"a": [8, 8], "b": [1, 1], "c": [1, 1]}, (0.8, 0.1, 0.1))
        {'a': 'train', 'b': 'test', 'c': 'val'}
    """
    shares = dict(zip(SIDES, ratios, strict=True))
    return assign_groups(counts, shares, seed, pinned or {}, first=_PRIORITY)


def assign_groups(
    counts: Mapping[str, Sequence[int]],
    shares: Mapping[S, float],
    seed: int,
    pinned: Mapping[str, S],
    first: Sequence[S],
) -> dict[str, S]:
    """Return the side of every group, as :func:`split_groups` does, for sides of any names.

    Args:
        counts: number of clips of each class, per group.
        shares: share of each side.
        seed: seed of ties and of the search.
        pinned: fixed sides of groups.
        first: sides in order of priority when there are too few groups.
    """
    free = sorted(counts.keys() - pinned.keys(), key=lambda group: _shuffled(group, seed))
    sides = _open_sides(len(free), shares, set(pinned.values()), first)
    if not free or not sides:
        return dict(sorted(pinned.items()))
    codes = solve(_assignment(counts, free, sides, shares, pinned), seed)
    placed = {group: sides[code] for group, code in zip(free, codes, strict=True)}
    return dict(sorted({**pinned, **placed}.items()))


_SIZE_TOLERANCE = 0.01
_CLASS_TOLERANCE = 0.2
_PRIORITY: tuple[Side, ...] = ("train", "test", "val")


def _open_sides(free: int, shares: Mapping[S, float], taken: set[S], first: Sequence[S]) -> list[S]:
    empty = [side for side in first if shares[side] > 0 and side not in taken]
    usable = {side for side in taken if shares[side] > 0} | set(empty[:free])
    return [side for side in shares if side in usable]


def _shuffled(group: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()


def _assignment(
    counts: Mapping[str, Sequence[int]],
    free: Sequence[str],
    sides: Sequence[S],
    ratios: Mapping[S, float],
    pinned: Mapping[str, S],
) -> AssignmentProblem:
    def vectors(groups: Iterable[str]) -> Matrix:
        rows = np.array([counts[group] for group in groups], dtype=np.float64)
        return np.hstack([rows, rows.sum(axis=1, keepdims=True)])

    ours = vectors(free)
    everything = ours.sum(axis=0)
    base = np.zeros((len(sides), ours.shape[1]))
    for side in sorted(set(pinned.values())):
        theirs = vectors(group for group in pinned if pinned[group] == side).sum(axis=0)
        everything += theirs
        if side in sides:
            base[sides.index(side)] = theirs
    shares = np.array([ratios[side] for side in sides])
    targets = np.outer(shares, everything)
    tolerance = np.maximum(_CLASS_TOLERANCE * targets, 1.0)
    tolerance[:, -1] = max(_SIZE_TOLERANCE * everything[-1], 1.0)
    bare = np.array([side not in pinned.values() for side in sides])
    return AssignmentProblem(ours, base, targets, tolerance**-2.0, bare)
