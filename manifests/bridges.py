"""Find the fewest clips to leave out so that an oversized group can be divided.

Clips connect keys (speakers, sources …). Each key gets a side, and the clips with keys on different
sides (bridges) are left out. This is graph partitioning with sides of given size, which is NP-hard:
few keys are searched exhaustively, many by simulated annealing (:mod:`manifests.annealing`), which
gives an upper bound of the least loss.
"""

import math
import random
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from manifests.annealing import TOLERANCE, PartitionProblem, SideAssignment
from manifests.groups import Keys

__all__ = ["fewest_bridges"]


def fewest_bridges(
    keys: Mapping[str, Keys], ratios: Sequence[float], seed: int = 0
) -> frozenset[str] | None:
    """Return the clips to leave out so that the remaining ones can be divided by the ratios.

    Every side then has its ratio of the remaining clips within
    :data:`manifests.annealing.TOLERANCE`, and at least one. The result depends on the content
    alone, not on the order of ``keys``.

    Args:
        keys: grouping keys by clip id.
        ratios: ratios of the sides; those of 0 stay empty.
        seed: seed of the search.

    Returns:
        Clip ids, or None if no such division was found.

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
