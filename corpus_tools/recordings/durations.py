"""Duration evidence: expected against measured duration of lines."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["duration_correlation", "expected_ms", "false_start_by_duration", "reading_by_duration"]

Floats = NDArray[np.float64]


def expected_ms(letters: NDArray[np.intp], spoken_ms: float) -> Floats:
    """Return the expected duration of each line, given the take's total speech.

    Args:
        letters: number of letters of each line.
        spoken_ms: speech in the take, milliseconds.

    Example:
        >>> expected_ms(np.array([8, 18]), 3000).tolist()
        [1000.0, 2000.0]
    """
    size = letters + _START_LETTERS
    expected: Floats = spoken_ms * size / size.sum()
    return expected


def reading_by_duration(spoken_ms: Floats, expected: Floats) -> Floats:
    """Return the log-likelihood ratio of spans as whole readings of lines.

    Log-durations of readings are normal around the expected one; those of other spans are spread
    widely.

    Args:
        spoken_ms: speech in each span, shape (pieces, widths).
        expected: expected duration of each line, milliseconds.

    Returns:
        Shape (pieces, widths, lines), -inf where the span is beyond the take.
    """
    there = np.isfinite(spoken_ms)
    off = np.log(np.where(there, np.maximum(spoken_ms, 1.0), 1.0))[:, :, None] - np.log(expected)
    steepness = 0.5 / _SPREAD**2 - 0.5 / _SPREAD_ANY**2
    score = np.log(_SPREAD_ANY / _SPREAD) - steepness * off**2
    return np.where(there[:, :, None], score, -np.inf)


def false_start_by_duration(spoken_ms: Floats, expected: Floats) -> Floats:
    """Return the log-likelihood ratio of spans as false starts, like `reading_by_duration`."""
    share = spoken_ms[:, :, None] / expected
    over = np.maximum(share - _LARGEST_PART, 0) + np.maximum(_SMALLEST_PART - share, 0)
    score = _PART - (over / _PART_SPREAD) ** 2
    return np.where(np.isfinite(spoken_ms)[:, :, None], score, -np.inf)


def duration_correlation(spoken_ms: Floats, expected: Floats) -> float:
    """Return the correlation of the logarithms of measured and expected durations.

    Args:
        spoken_ms: speech in each reading.
        expected: expected duration of each.

    Returns:
        0 where either is constant.

    Example:
        >>> duration_correlation(np.array([900.0, 2100.0]), np.array([1000.0, 2000.0]))
        1.0
    """
    both = np.log(np.stack([expected, spoken_ms]))
    if (both.std(axis=1) < _CONSTANT).any():
        return 0.0
    return round(float(np.corrcoef(both)[0, 1]), 12)


_START_LETTERS = 2  # letters worth the beginning and end of a line
_SPREAD = 0.2  # deviation of log-durations around the expected one
_SPREAD_ANY = 0.8  # deviation of those of other spans
_SMALLEST_PART, _LARGEST_PART = 0.2, 0.75  # share of a line in a false start
_CONSTANT = 1e-6  # deviation below which values count as constant
_PART, _PART_SPREAD = 0.3, 0.1
