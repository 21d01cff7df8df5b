"""Find the fewest clips to leave out so that an oversized group can be divided.

Clips connect keys (speakers, sources …). Each key gets a side, and the clips with keys on different
sides (bridges) are left out. This graph partitioning with sides of given size is NP-hard: few keys
are searched exhaustively. Of many, those that belong together are merged first; the rest are
searched by simulated annealing and then each key by itself, with a bounded number of steps. The
loss is an upper bound of the least.
Source: Hendrickson and Leland, "A Multilevel Algorithm for Partitioning Graphs", Supercomputing
(1995).
"""

import math
import random
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from manifests.splits.annealing import TOLERANCE, Division, first_sides
from manifests.splits.connections import Connections
from manifests.splits.groups import Keys

__all__ = ["TOLERANCE", "fewest_bridges"]


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
    connections, places = Connections.of(keys, small=TOLERANCE * len(keys))
    if len(shares) < 2 or len(connections.weights) < len(shares):
        return None
    few = len(connections.weights) * math.log(len(shares)) <= math.log(_EXHAUSTIVE)
    sides = _exhaust(connections, shares) if few else _search(connections, shares, seed)
    if sides is None:
        return None
    side_of = {key: sides[place] for key, place in places.items()}
    return frozenset(
        clip for clip, shared in keys.items() if len({side_of[key] for key in shared}) > 1
    )


def _exhaust(connections: Connections, shares: Sequence[float]) -> Sequence[int] | None:
    """Return the best side of each key by exhaustive search."""
    sides = range(len(shares))
    every = np.array(list(product(sides, repeat=len(connections.weights))), dtype=np.int8)
    sizes = np.zeros((len(every), len(sides)))
    for side in sides:
        sizes[:, side] = (every == side) @ np.array(connections.weights, dtype=np.float64)
    for together, clips in connections.bundles:
        first = every[:, together[0]]
        whole = (every[:, together] == first[:, None]).all(axis=1)
        sizes[np.flatnonzero(whole), first[whole]] += clips
    stay = sizes.sum(axis=1)
    wrong = np.abs(sizes - stay[:, None] * shares) - TOLERANCE * stay[:, None]
    fits = ((wrong <= _SIZE_EPSILON) & (sizes > 0)).all(axis=1)
    if not fits.any():
        return None
    found: list[int] = every[np.where(fits, stay, -1).argmax()].tolist()
    return found


def _search(connections: Connections, shares: Sequence[float], seed: int) -> Sequence[int] | None:
    """Return the best side found for each key."""
    for most, imbalance, hottest in _ATTEMPTS:
        merged, index = connections.merged(most * connections.total)
        keys = len(merged.weights)
        work = max(_LEAST_WORK, min(_WORK_OF_A_KEY * keys, _MOST_WORK))
        starts = max(_LEAST_STARTS, min(work // (_LEAST_OF_A_KEY * keys), _STARTS))
        finalists = max(_LEAST_STARTS, starts // 10)
        found: list[Division] = []
        for start in range(starts):
            chance = random.Random(f"{seed} {start}")  # noqa: S311 - a search, no secret
            first = first_sides(merged, shares, chance)
            found.append(Division(merged, shares, first, imbalance, chance))
            found[-1].anneal(work // starts, hottest)
        found.sort(key=lambda one: (not one.feasible(), one.cost))
        whole: list[Division] = []
        for number, division in enumerate(found[:finalists]):
            division.anneal(work // finalists, hottest)
            chance = random.Random(f"{seed} {number} each key")  # noqa: S311
            sides = [division.sides[place] for place in index]
            whole.append(Division(connections, shares, sides, imbalance, chance))
            whole[-1].anneal(work // finalists, _WARM)
        best = min(whole, key=lambda one: (not one.feasible(), one.lost))
        if best.feasible():
            return best.sides
    return None


_EXHAUSTIVE = 60_000
_LEAST_STARTS, _STARTS = 2, 60
_WARM = 0.125  # heat at the start when merged keys are by themselves again
_WORK_OF_A_KEY = 2_500  # steps in each of the three rounds
_LEAST_OF_A_KEY = 120  # steps from one start
_LEAST_WORK, _MOST_WORK = 100_000, 400_000
_ATTEMPTS = ((0.01, 2.0, 2.0), (0.01, 20.0, 2.0), (0.0, 20.0, 4.0))
"""Share of the clips up to which keys are merged, cost of imbalance, and heat at the start.

The second and third are tried if the ones before give no feasible division. Heat is in clips of an
average key.
"""
_SIZE_EPSILON = 1e-9
