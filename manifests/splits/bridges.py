"""Find the fewest clips to leave out so that an oversized group can be divided.

Clips connect keys (speakers, sources …). Each key gets a side, and the clips with keys on different
sides (bridges) are left out. This graph partitioning with sides of given size is NP-hard: few keys
are searched exhaustively, many by simulated annealing; its loss is an upper bound of the least.
Source: Johnson, Aragon, McGeoch and Schevon, "Optimization by Simulated Annealing: Part I, Graph
Partitioning", Operations Research 37 (1989).
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from manifests.splits.groups import Keys, group_clips

__all__ = ["TOLERANCE", "fewest_bridges"]

TOLERANCE = 0.05
"""Largest deviation of a side's share of the remaining clips from its ratio."""


@dataclass
class PartitionProblem:
    """Keys to place on sides with the given ``shares``, and the bundles of clips that connect them.

    ``places`` are the indices of keys (keys of a small group share one), ``weights`` the clips with
    one key alone, ``bundles`` pairs of indices of connected keys and number of clips, and
    ``of_key`` the bundles of each key.
    """

    places: dict[str, int]
    weights: list[int]
    bundles: list[tuple[tuple[int, ...], int]]
    of_key: list[list[int]]
    shares: list[float]
    total: int

    @classmethod
    def of(cls, keys: Mapping[str, Keys], shares: list[float]) -> "PartitionProblem":
        """Return the problem of dividing clips by their grouping keys; shares are above 0."""
        groups = group_clips(keys)
        sizes = Counter(groups.values())
        small = {group for group, size in sizes.items() if size <= TOLERANCE * len(keys)}
        named: dict[str, str] = {}
        for clip, shared in keys.items():
            group = groups[clip]
            named.update((key, group if group in small else key) for key in shared)
        numbers = {name: number for number, name in enumerate(sorted(set(named.values())))}
        places = {key: numbers[name] for key, name in named.items()}
        counts = Counter(tuple(sorted({places[key] for key in shared})) for shared in keys.values())
        weights = [0] * len(numbers)
        bundles: list[tuple[tuple[int, ...], int]] = []
        of_key: list[list[int]] = [[] for _ in numbers]
        for together, clips in sorted(counts.items()):
            if len(together) == 1:
                weights[together[0]] += clips
                continue
            for place in together:
                of_key[place].append(len(bundles))
            bundles.append((together, clips))
        return cls(places, weights, bundles, of_key, shares, len(keys))


@dataclass
class SideAssignment:
    """Side of each key, with the number of clips on each side (``sizes``) and on none (``lost``).

    ``imbalance`` is the cost, in lost clips, of one clip of imbalance beyond the tolerance.
    """

    problem: PartitionProblem
    chance: random.Random
    imbalance: float
    sides: list[int] = field(init=False)
    sizes: list[int] = field(init=False)
    lost: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        problem = self.problem
        self.sides = self._grown()
        self.sizes = [0] * len(problem.shares)
        for place, clips in enumerate(problem.weights):
            self.sizes[self.sides[place]] += clips
        for together, clips in problem.bundles:
            side = self._side(together)
            if side is None:
                self.lost += clips
            else:
                self.sizes[side] += clips

    def anneal(self, moves: int) -> None:
        """Move keys to other sides; worsening moves become less likely with every step."""
        problem, chance = self.problem, self.chance
        places, others = len(problem.weights), len(problem.shares) - 1
        cost = self.cost
        best, kept = cost, (list(self.sides), list(self.sizes), self.lost)
        hot = _HOTTEST * problem.total / max(places, 1)
        for step in range(moves):
            heat = hot * (_COLDEST / _HOTTEST) ** (step / moves)
            place = int(chance.random() * places)
            if problem.bundles and chance.random() < _AT_THE_EDGE:
                together, _ = problem.bundles[int(chance.random() * len(problem.bundles))]
                place = together[int(chance.random() * len(together))]
            side = int(chance.random() * others)
            side += side >= self.sides[place]
            before = self.sizes, self.lost
            moved = self._move(place, side, together=chance.random() < _TOGETHER)
            change = self.cost - cost
            if change <= 0 or chance.random() < math.exp(-change / heat):
                cost += change
                if cost < best - _EPSILON:
                    best, kept = cost, (list(self.sides), list(self.sizes), self.lost)
            else:
                self.sizes, self.lost = before
                for other, was in moved:
                    self.sides[other] = was
        self.sides, self.sizes, self.lost = kept

    @property
    def cost(self) -> float:
        """Cost that the search minimises: clips lost, and imbalance."""
        return self.lost + self.imbalance * self._excess

    def feasible(self) -> bool:
        """Return whether every side has its size within the tolerance."""
        return all(self.sizes) and self._excess <= _EPSILON

    def _move(self, place: int, side: int, *, together: bool) -> list[tuple[int, int]]:
        """Move a key and connected keys that lose less on its new side; return their old sides.

        A source moves with its speakers: moved alone, it would lose all of its clips on the way.
        """
        moved = [(place, self.sides[place])]
        self.sizes, self.lost = self._moved(place, side)
        self.sides[place] = side
        for bundle in self.problem.of_key[place] if together else ():
            for other in self.problem.bundles[bundle][0]:
                if self.sides[other] != side:
                    sizes, lost = self._moved(other, side)
                    if lost < self.lost:
                        moved.append((other, self.sides[other]))
                        self.sizes, self.lost, self.sides[other] = sizes, lost, side
        return moved

    def _moved(self, place: int, side: int) -> tuple[list[int], int]:
        """Return sizes and loss after a key moves to another side."""
        problem, sides, lost = self.problem, self.sides, self.lost
        sizes = list(self.sizes)
        before = sides[place]
        sizes[before] -= problem.weights[place]
        sizes[side] += problem.weights[place]
        for bundle in problem.of_key[place]:
            together, clips = problem.bundles[bundle]
            rest = {sides[other] for other in together if other != place}
            if len(rest) == 1:
                (theirs,) = rest
                if theirs == before:
                    sizes[before] -= clips
                    lost += clips
                elif theirs == side:
                    sizes[side] += clips
                    lost -= clips
        return sizes, lost

    def _side(self, together: Sequence[int]) -> int | None:
        sides = {self.sides[place] for place in together}
        return sides.pop() if len(sides) == 1 else None

    @property
    def _excess(self) -> float:
        """Number of clips by which the sides exceed the tolerance."""
        stay = sum(self.sizes)
        return sum(
            max(abs(size - share * stay) - TOLERANCE * stay, 0.0, 1.0 - size)
            for size, share in zip(self.sizes, self.problem.shares, strict=True)
        )

    def _grown(self) -> list[int]:
        """Return the first assignment: smaller sides grow by the keys with most clips in common."""
        problem, chance = self.problem, self.chance
        order = sorted(range(len(problem.shares)), key=lambda side: -problem.shares[side])
        sides = [order[0]] * len(problem.weights)
        free = set(range(len(problem.weights)))
        weight = list(problem.weights)
        for together, clips in problem.bundles:
            for place in together:
                weight[place] += clips
        for side in order[1:]:
            wanted = problem.shares[side] * problem.total
            ties: defaultdict[int, int] = defaultdict(int)
            size = 0
            while free and size < wanted:
                near = [place for place in ties if place in free]
                if near:
                    place = max(near, key=lambda one: (ties[one] / max(weight[one], 1), -one))
                else:
                    place = sorted(free)[int(chance.random() * len(free))]
                free.discard(place)
                sides[place] = side
                size += problem.weights[place] + ties[place]
                for bundle in problem.of_key[place]:
                    together, clips = problem.bundles[bundle]
                    for other in together:
                        ties[other] += clips
        return sides


_HOTTEST = 0.5  # of an average key's clips
_COLDEST = 0.02
_AT_THE_EDGE = 0.5  # share of moves that pick a connected key
_TOGETHER = 0.2  # share of moves that take connected keys along
_EPSILON = 1e-9


def fewest_bridges(
    keys: Mapping[str, Keys], ratios: Sequence[float], seed: int = 0
) -> frozenset[str] | None:
    """Return the clips to leave out so that the others can be divided by the ratios, else None.

    Every side then has its ratio of the remaining clips within
    :data:`manifests.splits.bridges.TOLERANCE`, and at least one; sides with ratio 0 stay empty. The
    result depends on the content alone, not on the order of ``keys``.

    Example:
        >>> keys = {f"{name}{n}": (f"speaker:{name}",) for name in "abcdefghij" for n in range(9)}
        >>> keys["bridge"] = ("speaker:a", "speaker:b")
        >>> sorted(fewest_bridges(keys, (0.8, 0.1, 0.1)))
        []
        >>> chain = {f"{n}": (f"speaker:{n}", f"speaker:{n + 1}") for n in range(40)}
        >>> len(fewest_bridges(chain, (0.8, 0.1, 0.1)))
        2
    """
    shares = [ratio for ratio in ratios if ratio > 0]
    problem = PartitionProblem.of(keys, shares)
    if len(shares) < 2 or len(problem.weights) < len(shares):
        return None
    few = len(problem.weights) * math.log(len(shares)) <= math.log(_EXHAUSTIVE)
    sides = _exhaust(problem) if few else _search(problem, seed)
    if sides is None:
        return None
    side_of = {key: sides[place] for key, place in problem.places.items()}
    return frozenset(
        clip for clip, shared in keys.items() if len({side_of[key] for key in shared}) > 1
    )


def _exhaust(problem: PartitionProblem) -> Sequence[int] | None:
    """Return the best side of each key by exhaustive search."""
    sides = range(len(problem.shares))
    every = np.array(list(product(sides, repeat=len(problem.weights))), dtype=np.int8)
    sizes = np.zeros((len(every), len(sides)))
    for side in sides:
        sizes[:, side] = (every == side) @ np.array(problem.weights, dtype=np.float64)
    for together, clips in problem.bundles:
        first = every[:, together[0]]
        whole = (every[:, together] == first[:, None]).all(axis=1)
        sizes[np.flatnonzero(whole), first[whole]] += clips
    stay = sizes.sum(axis=1)
    wrong = np.abs(sizes - stay[:, None] * problem.shares) - TOLERANCE * stay[:, None]
    fits = ((wrong <= _SIZE_EPSILON) & (sizes > 0)).all(axis=1)
    if not fits.any():
        return None
    found: list[int] = every[np.where(fits, stay, -1).argmax()].tolist()
    return found


def _search(problem: PartitionProblem, seed: int) -> Sequence[int] | None:
    """Return the best side found for each key."""
    moves = max(_LEAST_MOVES, min(_MOVES_OF_A_KEY * len(problem.weights), _MOST_MOVES))
    for imbalance in _IMBALANCES:
        chances = (random.Random(f"{seed} {start}") for start in range(_STARTS))  # noqa: S311
        states = [SideAssignment(problem, chance, imbalance) for chance in chances]
        for state in states:
            state.anneal(moves // _STARTS)
        states.sort(key=lambda state: state.cost)
        for state in states[:_FINALISTS]:
            state.anneal(moves // _FINALISTS)
        best = min(states, key=lambda state: (not state.feasible(), state.lost))
        if best.feasible():
            return best.sides
    return None


_EXHAUSTIVE = 60_000
_STARTS = 60
_FINALISTS = 6
_MOVES_OF_A_KEY = 1_200  # in each of the two rounds
_LEAST_MOVES, _MOST_MOVES = 60_000, 1_000_000
_IMBALANCES = (2.0, 20.0)  # the second is tried if the first gives no feasible division
_SIZE_EPSILON = 1e-9
