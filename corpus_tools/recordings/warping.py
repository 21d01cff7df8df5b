"""How far two pieces of speech are apart when their timing may differ: dynamic time warping."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from corpus_tools.recordings.cepstra import Cepstra

__all__ = ["prefix_distances"]

Floats = NDArray[np.float32]


def prefix_distances(pairs: Sequence[tuple[Cepstra, Cepstra]]) -> list[Floats]:
    """Return how far the whole first piece is from each beginning of the second.

    A step goes one frame on in either or in both; a path costs the distances of the frames that it
    joins, one that goes on in both counting twice (symmetric form P=0 of Sakoe & Chiba, "Dynamic
    programming algorithm optimization for spoken word recognition", IEEE Transactions on ASSP
    1978), so that its cost divided by the frames of both is a mean distance.

    Args:
        pairs: shape (frames, coefficients) each, at least one frame, all of length 1.

    Returns:
        For each pair, the mean distance to the first 1, 2, … frames of the second.

    Example:
        >>> one = np.eye(3, dtype=np.float32)
        >>> [round(float(x), 2) for x in prefix_distances([(one[:2], one)])[0]]
        [0.33, 0.0, 0.2]
    """
    found: list[Floats] = [np.zeros(0, dtype=np.float32)] * len(pairs)
    by_size = sorted(range(len(pairs)), key=lambda at: len(pairs[at][0]) + len(pairs[at][1]))
    for first in range(0, len(by_size), _BATCH):
        some = by_size[first : first + _BATCH]
        for at, distances in zip(some, _batch([pairs[at] for at in some]), strict=True):
            found[at] = distances
    return found


def _batch(pairs: Sequence[tuple[Cepstra, Cepstra]]) -> list[Floats]:
    """Warp all pairs at once, one diagonal of their grids after the other."""
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
    """Return the distances between the frames of each pair.

    Returns:
        Shape (diagonals, pairs, rows): between frame ``row`` of the first and frame
        ``diagonal - row`` of the second, inf off the grid.
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
    """Return one minus the cosine between each frame and each, for frames of length 1."""
    return 1 - one @ other.T


_BATCH = 64
