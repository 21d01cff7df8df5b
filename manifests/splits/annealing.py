"""Simulated annealing of the sides of connected keys.

Source: Johnson, Aragon, McGeoch and Schevon, "Optimization by Simulated Annealing: Part I, Graph
Partitioning", Operations Research 37 (1989).
"""

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Sequence

from manifests.splits.connections import Connections

__all__ = ["TOLERANCE", "Division", "first_sides"]

TOLERANCE = 0.05
"""Largest deviation of a side's share of the remaining clips from its ratio."""


class Division:
    """Side of each key, with the number of clips on each side (``sizes``) and on none (``lost``).

    ``imbalance`` is the cost, in lost clips, of one clip of imbalance beyond the tolerance. For
    each key and side ``_held`` has the clips that would be lost if the key were elsewhere, so that
    the cost of a move is known before it is made.
    """

    def __init__(
        self,
        connections: Connections,
        shares: Sequence[float],
        sides: Sequence[int],
        imbalance: float,
        chance: random.Random,
    ) -> None:
        keys, others = range(len(connections.weights)), [0] * (len(shares) - 1)
        self.sides = [0] * len(keys)
        self.sizes = [connections.total, *others]
        self.lost = 0
        self._connections, self._shares = connections, shares
        self._imbalance, self._chance = imbalance, chance
        self._held = [
            [size - own, *others]
            for size, own in zip(connections.sizes, connections.weights, strict=True)
        ]
        self._pairs: list[list[tuple[int, int]]] = [[] for _ in keys]
        self._wide: list[list[tuple[tuple[int, ...], int, list[int]]]] = [[] for _ in keys]
        for together, clips in connections.bundles:
            if len(together) == 2:
                one, other = together
                self._pairs[one].append((other, clips))
                self._pairs[other].append((one, clips))
            else:
                counted = (together, clips, [len(together), *others])
                for place in together:
                    self._wide[place].append(counted)
        self._near = [
            sorted({other for together, _ in connections.of_key[key] for other in together} - {key})
            for key in keys
        ]
        self._work = [
            1 + sum(len(together) for together, _ in connections.of_key[key]) // _PINS_OF_A_STEP
            for key in keys
        ]
        self._place(sides)

    def anneal(self, work: int, hottest: float) -> None:
        """Move keys to other sides; worsening moves become less likely, the more work is done.

        A step and an update of some connections count as one unit of work. ``hottest`` is in
        clips of an average key.
        """
        draw, keys, others = self._chance.random, len(self.sides), len(self._shares) - 1
        pins = [place for together, _ in self._connections.bundles for place in together]
        hot = hottest * self._connections.total / keys
        cost = best = self.cost
        kept, done = self.sides.copy(), 0
        while done < work:
            heat = hot * (_COLDEST / hottest) ** (done / work)
            at_the_edge = pins and draw() < _AT_THE_EDGE
            key = pins[int(draw() * len(pins))] if at_the_edge else int(draw() * keys)
            side = int(draw() * others)
            side += side >= self.sides[key]
            moved: list[tuple[int, int]] = []
            if draw() < _TOGETHER:
                moved = self._move_together(key, side)
                done += sum(self._work[one] for one, _ in moved) + len(self._near[key]) // 8
                change = self.cost - cost
            else:
                change = self._cost_after(key, side) - cost
            done += 1
            if change <= 0 or draw() < math.exp(-change / heat):
                if not moved:
                    self._move(key, side)
                    done += self._work[key]
                cost += change
                if cost < best - _EPSILON:
                    best, kept = cost, self.sides.copy()
                    done += keys // _COPIED_IN_A_STEP
            else:
                for one, before in reversed(moved):
                    self._move(one, before)
        self._place(kept)

    @property
    def cost(self) -> float:
        """Cost that the search minimises: clips lost, and imbalance."""
        return self.lost + self._imbalance * self._excess(self.sizes)

    def feasible(self) -> bool:
        """Return whether every side has its size within the tolerance."""
        return all(self.sizes) and self._excess(self.sizes) <= _EPSILON

    def _place(self, sides: Sequence[int]) -> None:
        for key, side in enumerate(sides):
            if self.sides[key] != side:
                self._move(key, side)

    def _cost_after(self, key: int, side: int) -> float:
        """Return the cost after a key moves to another side."""
        held, before, own = self._held[key], self.sides[key], self._connections.weights[key]
        sizes = self.sizes.copy()
        sizes[before] -= own + held[before]
        sizes[side] += own + held[side]
        lost = self.lost + held[before] - held[side]
        return lost + self._imbalance * self._excess(sizes)

    def _move(self, key: int, side: int) -> None:
        before, held, own = self.sides[key], self._held, self._connections.weights[key]
        self.lost += held[key][before] - held[key][side]
        self.sizes[before] -= own + held[key][before]
        self.sizes[side] += own + held[key][side]
        for other, clips in self._pairs[key]:
            theirs = held[other]
            theirs[before] -= clips
            theirs[side] += clips
        for bundle in self._wide[key]:
            self._hold(bundle, key, before, -1)
            bundle[2][before] -= 1
            bundle[2][side] += 1
            self._hold(bundle, key, side, 1)
        self.sides[key] = side

    def _hold(
        self, bundle: tuple[tuple[int, ...], int, list[int]], key: int, side: int, sign: int
    ) -> None:
        """Add or remove a bundle's clips for the others of it, if all but one have the side."""
        together, clips, counts = bundle
        missing = len(together) - counts[side]
        if missing > 1:
            return
        for other in together:
            if other != key and (not missing or self.sides[other] != side):
                self._held[other][side] += sign * clips

    def _move_together(self, key: int, side: int) -> list[tuple[int, int]]:
        """Move a key and connected keys that lose less on its new side; return their old sides.

        A source moves with its speakers: moved alone, it would lose all of its clips on the way.
        """
        moved = [(key, self.sides[key])]
        self._move(key, side)
        for other in self._near[key]:
            before, held = self.sides[other], self._held[other]
            if before != side and held[before] < held[side]:
                moved.append((other, before))
                self._move(other, side)
        return moved

    def _excess(self, sizes: Sequence[int]) -> float:
        """Return the number of clips by which the sides exceed the tolerance."""
        stay, excess = sum(sizes), 0.0
        for size, share in zip(sizes, self._shares, strict=True):
            over = abs(size - share * stay) - TOLERANCE * stay
            if size < 1 and over < 1 - size:
                over = 1.0 - size
            if over > 0:
                excess += over
        return excess


def first_sides(
    connections: Connections, shares: Sequence[float], chance: random.Random
) -> list[int]:
    """Return sides that grow, the smaller ones, by the keys with most clips in common."""
    sizes = connections.sizes
    order = sorted(range(len(shares)), key=lambda side: -shares[side])
    sides = [order[0]] * len(sizes)
    free = set(range(len(sizes)))
    waiting = sorted(free)
    chance.shuffle(waiting)
    for side in order[1:]:
        ties: defaultdict[int, int] = defaultdict(int)
        near: list[tuple[float, int]] = []
        size = 0
        while free and size < shares[side] * connections.total:
            place = heapq.heappop(near)[1] if near else waiting.pop()
            if place not in free:
                continue
            free.discard(place)
            sides[place] = side
            size += connections.weights[place] + ties[place]
            for together, clips in connections.of_key[place]:
                for other in together:
                    ties[other] += clips
                    if other in free:
                        heapq.heappush(near, (-ties[other] / sizes[other], other))
    return sides


_COLDEST = 0.02  # of an average key's clips
_AT_THE_EDGE = 0.5  # share of moves that pick a connected key
_TOGETHER = 0.2  # share of moves that take connected keys along
_PINS_OF_A_STEP = 5  # connections updated in the time of a step
_COPIED_IN_A_STEP = 200  # sides copied in the time of a step
_EPSILON = 1e-9
