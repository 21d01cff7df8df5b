"""Spans of pieces of speech, with the evidence of their durations and of pauses at their edges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Spans",
    "duration_correlation",
    "expected_ms",
    "false_start_by_duration",
    "reading_by_duration",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spans:
    """All spans of a take of at most ``widths`` pieces, the longest that a line can have.

    ``pieces`` has the start and end of each piece in milliseconds, shape (pieces, 2), by time.
    """

    pieces: NDArray[np.intp]
    widths: int

    @classmethod
    def up_to(cls, pieces: NDArray[np.intp], longest_ms: float) -> "Spans":
        """Return the spans that last at most ``longest_ms``, and all single pieces."""
        ends = np.searchsorted(pieces[:, 1], pieces[:, 0] + longest_ms, side="right")
        widest = int((ends - np.arange(len(pieces))).max(initial=1))
        return cls(pieces, max(1, min(widest, _WIDEST)))

    def __len__(self) -> int:
        return len(self.pieces)

    def heads(self) -> list[int]:
        """Return the pieces that follow a pause."""
        after_pause = np.flatnonzero(self._pauses() >= _PAUSE_MS) + 1
        return [0, *(int(piece) for piece in after_pause)]

    def speech_ms(self) -> Floats:
        """Return each span's speech with short pauses; (pieces, widths), inf beyond the take."""
        length = (self.pieces[:, 1] - self.pieces[:, 0]).astype(float)
        pauses = np.append(self._pauses(), 0.0)
        total = np.concatenate([[0.0], np.cumsum(length + np.minimum(pauses, _SHORT_MS))])
        ends = np.arange(len(self))[:, None] + np.arange(self.widths) + 1
        spoken = total[np.minimum(ends, len(self))] - total[:-1, None]
        spoken -= np.minimum(pauses, _SHORT_MS)[np.minimum(ends, len(self)) - 1]
        return np.where(ends <= len(self), spoken, np.inf)

    def edges(self) -> Floats:
        """Return half the log-odds that lines begin and end at each span's edges.

        Lines end at long pauses and continue over short ones. A pause between two spans counts half
        for each; shape (pieces, widths), -inf beyond the take.
        """
        odds = _SLOPE * np.log(np.maximum(self._pauses(), _MIN_PAUSE_MS) / _EVEN_MS)
        odds = np.clip(odds, -_MAX_ODDS, _MAX_ODDS)
        before = np.concatenate([[0.0], odds])
        after = np.concatenate([odds, [0.0]])
        ends = np.arange(len(self))[:, None] + np.arange(self.widths)
        last = np.minimum(ends, len(self) - 1)
        return np.where(ends < len(self), (before[:, None] + after[last]) / 2, -np.inf)

    def _pauses(self) -> Floats:
        pauses: Floats = (self.pieces[1:, 0] - self.pieces[:-1, 1]).astype(float)
        return pauses


_WIDEST = 24  # pieces
_PAUSE_MS = 100.0
_SHORT_MS = 150.0  # part of a pause that counts as speech
_SLOPE, _EVEN_MS = 2.0, 400.0  # log-odds by log of the pause; pause at log-odds 0
_MIN_PAUSE_MS = 50.0  # also for a weak place without any pause
_MAX_ODDS = 4.0


def expected_ms(letters: NDArray[np.intp], spoken_ms: float) -> Floats:
    """Return the expected duration of each line, given the take's speech, in milliseconds.

    Example:
        >>> expected_ms(np.array([8, 18]), 3000).tolist()
        [1000.0, 2000.0]
    """
    size = letters + _START_LETTERS
    expected: Floats = spoken_ms * size / size.sum()
    return expected


def reading_by_duration(spoken_ms: Floats, expected: Floats) -> Floats:
    """Return the log-likelihood ratio of spans as whole readings of lines; (pieces, widths, lines).

    Log-durations of readings are normal around the expected one (milliseconds); those of other
    spans are spread widely. Spans beyond the take have -inf.
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
    """Return the correlation of the logarithms of durations, 0 where either is constant.

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
