"""Distance between stretches of speech by dynamic time warping."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from corpus_tools.recordings.cepstra import Cepstra

__all__ = ["prefix_distances"]

Floats = NDArray[np.float32]


def prefix_distances(pairs: Sequence[tuple[Cepstra, Cepstra]]) -> list[Floats]:
    """Return the distance of the whole first stretch to each prefix of the second.

    A step advances one frame in either stretch or in both. The cost of a path is the sum of the
    frame distances on it, diagonal steps counted twice (symmetric form P=0 of Sakoe & Chiba,
    "Dynamic programming algorithm optimization for spoken word recognition", IEEE Transactions on
    ASSP 1978), so that the cost divided by the frames of both is a mean distance.

    Args:
        pairs: unit vectors of shape (frames, coefficients) each, at least one frame.

    Returns:
        For each pair, the mean distance to the first 1, 2, … frames of the second.

    Example:
        >>> one = np.eye(3, dtype=np.float32)
        >>> [round(float(x), 2) for x in prefix_distances([(one[:2], one)])[0]]
        [0.33, 0.0, 0.2]
    """
    results: list[Floats] = [np.zeros(0, dtype=np.float32)] * len(pairs)
    by_size = sorted(range(len(pairs)), key=lambda at: len(pairs[at][0]) + len(pairs[at][1]))
    for first in range(0, len(by_size), _BATCH):
        batch = by_size[first : first + _BATCH]
        for at, distances in zip(batch, _warp_batch([pairs[at] for at in batch]), strict=True):
            results[at] = distances
    return results


def _warp_batch(pairs: Sequence[tuple[Cepstra, Cepstra]]) -> list[Floats]:
    """Warp all pairs together, diagonal by diagonal."""
    last = np.array([len(one) - 1 for one, _ in pairs])
    number = np.arange(len(pairs))
    grids = _by_diagonals(pairs)
    ends = np.empty((len(grids), len(pairs)), dtype=np.float32)
    rows = grids.shape[2]
    cost = np.full((3, len(pairs), rows + 1), np.inf, dtype=np.float32)  # row 0: off the grid
    for diagonal, here in enumerate(grids):
        now, before, earlier = (cost[(diagonal - back) % 3] for back in range(3))
        np.minimum(before[:, :-1], before[:, 1:], out=now[:, 1:])
        now[:, 1:] += here
        np.minimum(now[:, 1:], earlier[:, :-1] + 2 * here, out=now[:, 1:])
        if not diagonal:
            now[:, 1] = 2 * here[:, 0]
        ends[diagonal] = now[number, last + 1]
    return [
        ends[len(one) - 1 : len(one) - 1 + len(other), at]
        / (len(one) + 1 + np.arange(len(other), dtype=np.float32))
        for at, (one, other) in enumerate(pairs)
    ]


def _by_diagonals(pairs: Sequence[tuple[Cepstra, Cepstra]]) -> Floats:
    """Return the distances between the frames of each pair, by diagonals.

    Returns:
        Distance between frame ``row`` of the first and frame ``diagonal - row`` of the second, inf
        off the grid; shape (diagonals, pairs, rows).
    """
    rows = max(len(one) for one, _ in pairs)
    diagonals = rows + max(len(other) for _, other in pairs) - 1
    skewed = np.full((len(pairs), rows, diagonals), np.inf, dtype=np.float32)
    for grid, (one, other) in zip(skewed, pairs, strict=True):
        row, step = grid.strides
        shifted = as_strided(grid, (len(one), len(other)), (row + step, step))
        shifted[:] = _distances(one, other)
    return np.ascontiguousarray(skewed.transpose(2, 0, 1))


def _distances(one: Cepstra, other: Cepstra) -> Floats:
    """Return the cosine distances between unit vectors."""
    return 1 - one @ other.T


_BATCH = 64
