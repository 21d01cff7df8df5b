"""Alignment of a text's tokens with frames: dynamic time warping over the decoder's attention.

The same path as in whisper/timing.py, but without numba, which takes seconds to compile and, once
it has run in parallel, slows down PyTorch's own threads.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["dtw_path", "median_filtered", "token_frames"]


def token_frames(attention: Any, count: int) -> NDArray[np.int64]:
    """Return the first frame of each token, and the frame at which the text ends.

    The attention while reading a token belongs to the next one, which it predicts. The path runs
    through the normalised, smoothed attention averaged over the heads.

    Args:
        attention: attention before the softmax; shape (heads, start + tokens + end, frames).
        count: number of tokens of the text.

    Returns:
        Non-decreasing frame indices; shape (count + 1,).
    """
    import torch

    weights = attention.softmax(dim=-1)
    deviation, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    weights = ((weights - mean) / deviation).nan_to_num(0.0, 0.0, 0.0)
    matrix = torch.stack([median_filtered(head) for head in weights]).mean(dim=0)
    return dtw_path(-matrix[-count - 2 : -1].double().cpu().numpy())


def median_filtered(weights: Any) -> Any:
    """Apply a median filter of width 7 along the last axis, with mirrored ends.

    The comparison network is Devillard's (Fast median search, 1998), much faster than sorting.
    """
    import torch

    if weights.shape[-1] <= 3:
        return weights
    padded = torch.nn.functional.pad(weights, (3, 3), mode="reflect")
    seven = [padded[..., shift : shift + weights.shape[-1]] for shift in range(7)]
    for one, other in _COMPARISONS:
        seven[one], seven[other] = (
            torch.minimum(seven[one], seven[other]),
            torch.maximum(seven[one], seven[other]),
        )
    return seven[3]


def dtw_path(costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the first column of each row on the cheapest path between opposite corners.

    A step goes one row down, one column on, or both. The cells of a diagonal are computed together.

    Args:
        costs: cost of each cell; shape (rows, columns).

    Example:
        >>> dtw_path(np.array([[0.0, 0, 1, 1], [1, 1, 0, 0]])).tolist()
        [0, 2]
    """
    rows, columns = costs.shape
    diagonals = np.full((rows + columns - 1, rows), np.inf)
    row, column = np.indices(costs.shape)
    diagonals[row + column, row] = costs
    steps = np.empty(diagonals.shape, np.int8)
    before: NDArray[np.float64] = np.full(rows + 1, np.inf)
    last: NDArray[np.float64] = before.copy()
    before[0] = 0.0
    for index, diagonal in enumerate(diagonals):
        both, down, on = before[:-1], last[:-1], last[1:]
        step = np.where(
            (both < down) & (both < on), _BOTH, np.where(down < np.minimum(both, on), _DOWN, _ON)
        )
        steps[index] = step
        before, last = last, np.append(np.inf, diagonal + np.choose(step, (both, down, on)))
    return _backtrack_dtw(steps, rows, columns)


def _backtrack_dtw(steps: NDArray[np.int8], rows: int, columns: int) -> NDArray[np.int64]:
    first = np.zeros(rows, np.int64)
    row, column = rows - 1, columns - 1
    while row >= 0 and column >= 0:
        first[row] = column
        step = steps[row + column, row]
        row -= step != _ON
        column -= step != _DOWN
    return first


_BOTH, _DOWN, _ON = 0, 1, 2
_COMPARISONS = (
    *((0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6)),
    *((2, 3), (3, 6), (4, 5), (1, 4), (1, 3), (3, 4)),
)
