"""Assignment of groups to train, val and test, as near to the ratios as possible per class."""

import hashlib
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from manifests.storage.records import Side

__all__ = ["SIDES", "assign_groups", "split_groups"]

Codes = NDArray[np.int64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class AssignmentProblem:
    """Assignment of G free groups to S sides; columns are the C classes and, last, the size.

    Attributes:
        vectors: (G, C+1) clips of each free group.
        base, targets: (S, C+1) clips of pinned groups on each side, and by the ratios.
        weights: (S, C+1) cost of a squared deviation of one clip.
        bare: (S,) sides without a pinned group, which need a free one.
    """

    vectors: Matrix
    base: Matrix
    targets: Matrix
    weights: Matrix
    bare: NDArray[np.bool_]

    def deviation(self, codes: Codes) -> Matrix:
        """Return the surplus of clips on each side, (S, C+1)."""
        totals = self.base.copy()
        np.add.at(totals, codes, self.vectors)
        return totals - self.targets

    def cost(self, codes: Codes) -> float:
        """Return the cost of an assignment."""
        return float((self.weights * self.deviation(codes) ** 2).sum())

    def may_leave(self, codes: Codes) -> NDArray[np.bool_]:
        """Return a mask of the groups that may move, leaving no side empty, (G,)."""
        last = self.bare & (np.bincount(codes, minlength=len(self.bare)) == 1)
        free: NDArray[np.bool_] = ~last[codes]
        return free


def solve(problem: AssignmentProblem, seed: int) -> Codes:
    """Return the side of each free group, (G,), at the least cost found; G and S are at least 1."""
    sides, groups = len(problem.base), len(problem.vectors)
    few = groups * math.log(sides) <= math.log(_EXHAUSTIVE)
    return _exhaust(problem) if few else _search(problem, seed)


_EXHAUSTIVE = 60_000


def _exhaust(problem: AssignmentProblem) -> Codes:
    groups, sides = len(problem.vectors), len(problem.base)
    every = np.array(list(product(range(sides), repeat=groups)), dtype=np.int64)
    costs = np.zeros(len(every))
    for side in range(sides):
        chosen = every == side
        totals = problem.base[side] + chosen.astype(np.float64) @ problem.vectors
        costs += (problem.weights[side] * (totals - problem.targets[side]) ** 2).sum(axis=1)
        if problem.bare[side]:
            costs[~chosen.any(axis=1)] = np.inf
    best: Codes = every[_first_least(costs)]
    return best


def _search(problem: AssignmentProblem, seed: int) -> Codes:
    """Return the best assignment of an iterated local search from a greedy start."""
    chance = random.Random(seed)  # noqa: S311 - a search, no secret
    best = _improve(problem, _greedy(problem))
    least = problem.cost(best)
    for _ in range(min(_KICKS, _EFFORT // len(best))):
        codes = _improve(problem, _kick(problem, best, chance))
        cost = problem.cost(codes)
        if cost < least - _COST_EPSILON:
            best, least = codes, cost
    return best


_KICKS = 300
_EFFORT = 30_000
_SWAP_PAIRS = 250_000
_COST_EPSILON = 1e-9


def _greedy(problem: AssignmentProblem) -> Codes:
    """Place groups from the largest on, each where it costs least; then fill empty sides."""
    totals = problem.base.copy()
    codes = np.zeros(len(problem.vectors), dtype=np.int64)
    for group in np.argsort(-problem.vectors[:, -1], kind="stable"):
        vector = problem.vectors[group]
        excess = 2 * (totals - problem.targets) + vector
        codes[group] = side = _first_least((problem.weights * vector * excess).sum(axis=1))
        totals[side] += vector
    for side in np.flatnonzero(problem.bare & (np.bincount(codes, minlength=len(totals)) == 0)):
        codes[_first_least(_move_costs(problem, codes)[:, side])] = side
    return codes


def _kick(problem: AssignmentProblem, codes: Codes, chance: random.Random) -> Codes:
    kicked = codes.copy()
    for _ in range(2 + int(chance.random() * _HARDEST_KICK)):
        group = int(chance.random() * len(codes))
        if problem.may_leave(kicked)[group]:
            kicked[group] = int(chance.random() * len(problem.base))
    return kicked


_HARDEST_KICK = 8


def _improve(problem: AssignmentProblem, codes: Codes) -> Codes:
    """Move a group, or swap two if no move helps, until neither lowers the cost."""
    codes = codes.copy()
    while True:
        moves = _move_costs(problem, codes)
        group, side = divmod(_first_least(moves.ravel()), moves.shape[1])
        if moves[group, side] < -_COST_EPSILON:
            codes[group] = side
            continue
        swap = _best_swap(problem, codes)
        if swap is None:
            return codes
        codes[list(swap)] = codes[list(reversed(swap))]


def _pressure(problem: AssignmentProblem, codes: Codes) -> tuple[Matrix, Matrix]:
    """Return the linear and the quadratic part of a group's cost on each side, (G, S) each."""
    slope = 2 * problem.weights * problem.deviation(codes)
    return problem.vectors @ slope.T, problem.vectors**2 @ problem.weights.T


def _move_costs(problem: AssignmentProblem, codes: Codes) -> Matrix:
    """Return the change in cost when one group moves to another side, (G, S)."""
    linear, square = _pressure(problem, codes)
    here = (np.arange(len(codes)), codes)
    costs: Matrix = linear + square + (square[here] - linear[here])[:, None]
    costs[here] = np.inf
    costs[~problem.may_leave(codes)] = np.inf
    return costs


def _best_swap(problem: AssignmentProblem, codes: Codes) -> tuple[int, int] | None:
    """Return the pair of groups to swap that lowers the cost most, None if none does."""
    linear, square = _pressure(problem, codes)
    least, best = -_COST_EPSILON, None
    for one in range(len(problem.base)):
        for other in range(one + 1, len(problem.base)):
            ours, theirs = np.flatnonzero(codes == one), np.flatnonzero(codes == other)
            if not 0 < len(ours) * len(theirs) <= _SWAP_PAIRS:
                continue
            gain = linear[:, other] - linear[:, one]
            self_cost = square[:, one] + square[:, other]
            weights = problem.weights[one] + problem.weights[other]
            cross = (problem.vectors[ours] * weights) @ problem.vectors[theirs].T
            costs = (gain + self_cost)[ours, None] + (self_cost - gain)[None, theirs] - 2 * cross
            row, column = divmod(_first_least(costs.ravel()), len(theirs))
            if costs[row, column] < least:
                least, best = float(costs[row, column]), (int(ours[row]), int(theirs[column]))
    return best


def _first_least(costs: Matrix) -> int:
    """Return the index of the least cost, rounded so that all machines break ties alike."""
    return int(np.argmin(np.round(costs, 9)))


S = TypeVar("S", bound=str)

SIDES: tuple[Side, ...] = ("train", "val", "test")


def split_groups(
    counts: Mapping[str, Sequence[int]],
    ratios: Sequence[float],
    seed: int = 0,
    pinned: Mapping[str, Side] | None = None,
) -> dict[str, Side]:
    """Return the side of every group, by its number of clips of each class (``counts``).

    The cost of an assignment is the sum of the squared deviations of each side's size and of its
    count of each class, a deviation of 1 % of all clips in size and one of 20 % in a class weighing
    the same. Few groups are searched exhaustively; many are placed greedily, then moved and swapped
    one by one while that lowers the cost, from many starting points. The result depends on the
    content alone, not on the order of ``counts``. No side of train, val and test with a ratio above
    0 stays empty if there are enough groups; otherwise val stays empty before test does.

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

    ``first`` are the sides in order of priority when there are too few groups.
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
