"""The sound of a take's speech, without its pauses, ready to be compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.cepstra import HOP_MS, Cepstra, cepstra
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.tape import DecodedTrack

__all__ = ["Voiced"]


@dataclass(frozen=True, eq=False)
class Voiced:
    """Features of the speech of a take, one row for each 40 ms, of length 1.

    Attributes:
        features: shape (frames, coefficients).
        bounds: where each piece begins among them, and at last their number.
    """

    features: Cepstra
    bounds: NDArray[np.intp]

    @classmethod
    def of(cls, tape: DecodedTrack, pieces: NDArray[np.intp]) -> "Voiced":
        """Return the sound of the pieces of a take.

        Mean and variance are those of some seconds around (CMVN in a window), over speech alone.
        """
        parts = [cepstra(tape.samples(Cut(int(start), int(end)))) for start, end in pieces]
        return cls.joined(parts)

    @classmethod
    def joined(cls, parts: list[Cepstra]) -> "Voiced":
        """Return the sound of pieces whose cepstra are known."""
        both = _with_slopes(np.concatenate(parts))
        whole = len(both) // _JOINED * _JOINED
        scaled = _standardised(both)[:whole].reshape(-1, _JOINED, both.shape[1]).mean(axis=1)
        size = np.linalg.norm(scaled, axis=1, keepdims=True)
        ends = np.cumsum([0, *(len(part) for part in parts)])
        return cls((scaled / np.maximum(size, _LEAST)).astype(np.float32), ends // _JOINED)

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return len(self.bounds) - 1

    def frames(self, first: int, then: int) -> int:
        """Return how many frames pieces ``first`` to ``then`` (excluded) have, one at least."""
        return max(1, int(self.bounds[then] - self.bounds[first]))

    def ends(self, first: int, widths: int) -> NDArray[np.intp]:
        """Return how many frames from piece ``first`` to the end of each of the next ones."""
        after = self.bounds[first + 1 : first + widths + 1]
        found: NDArray[np.intp] = np.maximum(after - self.bounds[first], 1)
        return found

    def sound(self, first: int, then: int) -> Cepstra:
        """Return the features of pieces ``first`` to ``then`` (excluded)."""
        start = min(int(self.bounds[first]), len(self.features) - 1)
        return self.features[start : start + self.frames(first, then)]


def _with_slopes(features: Cepstra) -> Cepstra:
    around = np.pad(features, ((2, 2), (0, 0)), mode="edge")
    slopes = 2 * (around[4:] - around[:-4]) + around[3:-1] - around[1:-3]
    return np.concatenate([features, slopes], axis=1)


def _standardised(features: Cepstra) -> Cepstra:
    total = np.cumsum(np.pad(features.astype(np.float64), ((1, 0), (0, 0))), axis=0)
    squares = np.cumsum(np.pad(features.astype(np.float64) ** 2, ((1, 0), (0, 0))), axis=0)
    at = np.arange(len(features))
    reach = min(_WINDOW, len(features))
    low = np.clip(at - reach // 2, 0, len(features) - reach)
    mean = (total[low + reach] - total[low]) / reach
    variance = (squares[low + reach] - squares[low]) / reach - mean**2
    scaled: Cepstra = (features - mean) / np.sqrt(np.maximum(variance, _LEAST))
    return scaled


_WINDOW = 3000 // HOP_MS  # frames over which mean and variance are taken
_JOINED = 2  # frames made one
_LEAST = 1e-3
