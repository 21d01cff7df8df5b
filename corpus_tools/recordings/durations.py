"""Evidence from how long things take to say."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["agreement", "expected_ms", "part_by_duration", "whole_by_duration"]

Floats = NDArray[np.float64]


def expected_ms(letters: NDArray[np.intp], spoken_ms: float) -> Floats:
    """Return how long each line takes if all of them take as long as was spoken.

    Args:
        letters: in each line.
        spoken_ms: in the take.

    Example:
        >>> expected_ms(np.array([8, 18]), 3000).tolist()
        [1000.0, 2000.0]
    """
    size = letters + _START_LETTERS
    expected: Floats = spoken_ms * size / size.sum()
    return expected


def whole_by_duration(spoken_ms: Floats, expected: Floats) -> Floats:
    """Return the log-likelihood ratio of spans as whole readings of lines.

    Log-durations are normal around what is expected, against ones spread widely.

    Args:
        spoken_ms: in each span, shape (pieces, widths).
        expected: for each line.

    Returns:
        Shape (pieces, widths, lines), -inf where the span is beyond the take.
    """
    there = np.isfinite(spoken_ms)
    off = np.log(np.where(there, np.maximum(spoken_ms, 1.0), 1.0))[:, :, None] - np.log(expected)
    steepness = 0.5 / _SPREAD**2 - 0.5 / _SPREAD_ANY**2
    score = np.log(_SPREAD_ANY / _SPREAD) - steepness * off**2
    return np.where(there[:, :, None], score, -np.inf)


def part_by_duration(spoken_ms: Floats, expected: Floats) -> Floats:
    """Return the log-likelihood ratio of spans as false starts of lines; as `whole_by_duration`."""
    share = spoken_ms[:, :, None] / expected
    over = np.maximum(share - _LARGEST_PART, 0) + np.maximum(_SMALLEST_PART - share, 0)
    score = _PART - (over / _PART_SPREAD) ** 2
    return np.where(np.isfinite(spoken_ms)[:, :, None], score, -np.inf)


def agreement(spoken_ms: Floats, expected: Floats) -> float:
    """Return how far readings take the longer the longer they should.

    Args:
        spoken_ms: by each reading.
        expected: for each.

    Returns:
        Correlation of the logarithms; 0 where either is always the same.

    Example:
        >>> agreement(np.array([900.0, 2100.0]), np.array([1000.0, 2000.0]))
        1.0
    """
    both = np.log(np.stack([expected, spoken_ms]))
    if (both.std(axis=1) < _SAME).any():
        return 0.0
    return round(float(np.corrcoef(both)[0, 1]), 12)


_START_LETTERS = 2  # that the beginning and end of a line are worth
_SPREAD = 0.2  # of log-durations around what is expected
_SPREAD_ANY = 0.8  # of those of other spans
_SMALLEST_PART, _LARGEST_PART = 0.2, 0.75  # of a line in a false start
_SAME = 1e-6
_PART, _PART_SPREAD = 0.3, 0.1
