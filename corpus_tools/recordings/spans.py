"""Spans of pieces of speech: their durations, and pause evidence at their edges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spans"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spans:
    """All spans of a take that are no longer than a line can be.

    Attributes:
        pieces: start and end of each piece in milliseconds, shape (pieces, 2), in order of time.
        widths: maximum number of pieces in a span.
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
        """Return the speech in each span, short pauses included; inf beyond the take.

        Shape (pieces, widths).
        """
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
