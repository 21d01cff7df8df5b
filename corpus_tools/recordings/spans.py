"""Spans of pieces of speech: how long each is, and how likely lines end at the pauses around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spans"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spans:
    """All spans of a take that last no longer than a line can.

    Attributes:
        pieces: milliseconds from and to, shape (pieces, 2), in order of time.
        widths: the most pieces that a span has.
    """

    pieces: NDArray[np.intp]
    widths: int

    @classmethod
    def up_to(cls, pieces: NDArray[np.intp], longest_ms: float) -> "Spans":
        """Return the spans of pieces that last no longer than a limit, or are a single piece."""
        ends = np.searchsorted(pieces[:, 1], pieces[:, 0] + longest_ms, side="right")
        widest = int((ends - np.arange(len(pieces))).max(initial=1))
        return cls(pieces, max(1, min(widest, _WIDEST)))

    def __len__(self) -> int:
        return len(self.pieces)

    def heads(self) -> list[int]:
        """Return the pieces before which lies a pause."""
        after_pause = np.flatnonzero(self._pauses() >= _PAUSE_MS) + 1
        return [0, *(int(one) for one in after_pause)]

    def speech_ms(self) -> Floats:
        """Return how much is spoken in each span, short pauses included; inf beyond the take.

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
        """Return for each span how likely a line begins and ends at its edges, as half of both.

        A line ends in a long pause and goes on over a short one. Each pause between two spans
        counts half in either; shape (pieces, widths), -inf beyond the take.
        """
        odds = _SLOPE * np.log(np.maximum(self._pauses(), _LEAST_MS) / _EVEN_MS)
        odds = np.clip(odds, -_MOST, _MOST)
        before = np.concatenate([[0.0], odds])
        after = np.concatenate([odds, [0.0]])
        ends = np.arange(len(self))[:, None] + np.arange(self.widths)
        there = np.minimum(ends, len(self) - 1)
        return np.where(ends < len(self), (before[:, None] + after[there]) / 2, -np.inf)

    def _pauses(self) -> Floats:
        pauses: Floats = (self.pieces[1:, 0] - self.pieces[:-1, 1]).astype(float)
        return pauses


_WIDEST = 24  # pieces
_PAUSE_MS = 100.0
_SHORT_MS = 150.0  # of a pause that counts as speech
_SLOPE, _EVEN_MS = 2.0, 400.0  # log-odds by log of the pause; the pause that says nothing
_LEAST_MS = 50.0  # a weak place without any pause
_MOST = 4.0
