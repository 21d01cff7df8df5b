"""Acoustic features of a take's speech, without its pauses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.cepstra import HOP_MS, Cepstra, cepstra
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.tape import DecodedTrack

__all__ = ["SpeechFeatures"]


@dataclass(frozen=True, eq=False)
class SpeechFeatures:
    """Features of a take's speech: a unit vector for each 40 ms.

    Attributes:
        features: shape (frames, coefficients).
        bounds: first frame of each piece, followed by the number of frames.
    """

    features: Cepstra
    bounds: NDArray[np.intp]

    @classmethod
    def of(cls, track: DecodedTrack, pieces: NDArray[np.intp]) -> "SpeechFeatures":
        """Return the features of a take's pieces.

        Mean and variance are normalised over a window of 3 s of speech (CMVN).
        """
        parts = [cepstra(track.samples(Cut(int(start), int(end)))) for start, end in pieces]
        return cls.joined(parts)

    @classmethod
    def joined(cls, parts: list[Cepstra]) -> "SpeechFeatures":
        """Return the features of pieces with the given cepstra."""
        both = _with_deltas(np.concatenate(parts))
        whole = len(both) // _AVERAGED * _AVERAGED
        scaled = _cmvn(both)[:whole].reshape(-1, _AVERAGED, both.shape[1]).mean(axis=1)
        size = np.linalg.norm(scaled, axis=1, keepdims=True)
        ends = np.cumsum([0, *(len(part) for part in parts)])
        return cls((scaled / np.maximum(size, _EPSILON)).astype(np.float32), ends // _AVERAGED)

    @property
    def pieces(self) -> int:
        """Number of pieces."""
        return len(self.bounds) - 1

    def frames(self, first: int, then: int) -> int:
        """Return the number of frames of pieces ``first`` to ``then`` (excluded), at least 1."""
        return max(1, int(self.bounds[then] - self.bounds[first]))

    def ends(self, first: int, widths: int) -> NDArray[np.intp]:
        """Return the number of frames from piece ``first`` to the end of each following piece."""
        after = self.bounds[first + 1 : first + widths + 1]
        frames: NDArray[np.intp] = np.maximum(after - self.bounds[first], 1)
        return frames

    def sound(self, first: int, then: int) -> Cepstra:
        """Return the features of pieces ``first`` to ``then`` (excluded)."""
        start = min(int(self.bounds[first]), len(self.features) - 1)
        return self.features[start : start + self.frames(first, then)]


def _with_deltas(features: Cepstra) -> Cepstra:
    padded = np.pad(features, ((2, 2), (0, 0)), mode="edge")
    deltas = 2 * (padded[4:] - padded[:-4]) + padded[3:-1] - padded[1:-3]
    return np.concatenate([features, deltas], axis=1)


def _cmvn(features: Cepstra) -> Cepstra:
    total = np.cumsum(np.pad(features.astype(np.float64), ((1, 0), (0, 0))), axis=0)
    squares = np.cumsum(np.pad(features.astype(np.float64) ** 2, ((1, 0), (0, 0))), axis=0)
    at = np.arange(len(features))
    reach = min(_WINDOW, len(features))
    low = np.clip(at - reach // 2, 0, len(features) - reach)
    mean = (total[low + reach] - total[low]) / reach
    variance = (squares[low + reach] - squares[low]) / reach - mean**2
    scaled: Cepstra = (features - mean) / np.sqrt(np.maximum(variance, _EPSILON))
    return scaled


_WINDOW = 3000 // HOP_MS  # frames over which mean and variance are normalised
_AVERAGED = 2  # frames averaged into one
_EPSILON = 1e-3
