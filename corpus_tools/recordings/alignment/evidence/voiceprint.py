"""Mel-frequency cepstra of a take's speech, without level and pauses, and their warped distance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from numpy.typing import NDArray

from corpus_tools.media.cut import Cut
from corpus_tools.media.mel import mel_triangles
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import FULL_SCALE, Samples
from corpus_tools.segmentation.voice.track import DecodedTrack

__all__ = ["Cepstra", "SpeechFeatures", "cepstra", "prefix_distances"]

Cepstra = NDArray[np.float32]
"""Shape (frames, coefficients)."""

HOP_MS = 20
"""Distance between frames in milliseconds."""


def cepstra(samples: Samples) -> Cepstra:
    """Return mel-frequency cepstral coefficients 1 to 12 of each whole hop of int16 mono 16 kHz.

    Windows of 32 ms centred on the hop of `HOP_MS`, 26 triangles on the mel scale from 100 Hz to 7
    kHz; the 0th coefficient, the level, is left out. After Davis & Mermelstein, "Comparison of
    parametric representations for monosyllabic word recognition", IEEE Transactions on ASSP 1980.
    """
    count = len(samples) // _HOP
    if not count:
        return np.zeros((0, _COEFFICIENTS), dtype=np.float32)
    margin = (_WINDOW - _HOP) // 2
    padded = np.pad(samples.astype(np.float32) / FULL_SCALE, (margin, margin + _WINDOW))
    coefficients = np.empty((count, _COEFFICIENTS), dtype=np.float32)
    frames = sliding_window_view(padded, _WINDOW)[::_HOP]
    for first in range(0, count, _BATCH):
        batch = frames[first : min(first + _BATCH, count)] * _HANN
        power = np.abs(scipy.fft.rfft(batch, axis=1)) ** 2
        energies = np.log(power @ _TRIANGLES + _FLOOR)
        coefficients[first : first + len(batch)] = scipy.fft.dct(energies, axis=1, norm="ortho")[
            :, 1 : _COEFFICIENTS + 1
        ]
    return coefficients


_HOP = SAMPLE_RATE * HOP_MS // 1000  # samples
_WINDOW = 512  # samples
_COEFFICIENTS = 12
_FLOOR = 1e-6  # power in a band, full scale 1 per sample
_BATCH = 4096  # frames
_HANN = np.hanning(_WINDOW).astype(np.float32)
_TRIANGLES = mel_triangles(26, 100.0, 7000.0, _WINDOW).astype(np.float32)


@dataclass(frozen=True, eq=False)
class SpeechFeatures:
    """Features of a take's speech: a unit vector for each 40 ms, shape (frames, coefficients).

    ``bounds`` has the first frame of each piece, followed by the number of frames.
    """

    features: Cepstra
    bounds: NDArray[np.intp]

    @classmethod
    def of(cls, track: DecodedTrack, pieces: NDArray[np.intp]) -> "SpeechFeatures":
        """Return the features of a take's pieces, normalised over 3 s of speech (CMVN)."""
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
    reach = min(_NORMALISED, len(features))
    low = np.clip(at - reach // 2, 0, len(features) - reach)
    mean = (total[low + reach] - total[low]) / reach
    variance = (squares[low + reach] - squares[low]) / reach - mean**2
    scaled: Cepstra = (features - mean) / np.sqrt(np.maximum(variance, _EPSILON))
    return scaled


_NORMALISED = 3000 // HOP_MS  # frames over which mean and variance are normalised
_AVERAGED = 2  # frames averaged into one
_EPSILON = 1e-3


Floats = NDArray[np.float32]


def prefix_distances(pairs: Sequence[tuple[Cepstra, Cepstra]]) -> list[Floats]:
    """Return the mean distance of each first stretch to each prefix (1, 2, … frames) of the second.

    A step advances one frame in either stretch or in both. The cost of a path is the sum of the
    frame distances on it, diagonal steps counted twice (symmetric form P=0 of Sakoe & Chiba,
    "Dynamic programming algorithm optimization for spoken word recognition", IEEE Transactions on
    ASSP 1978), so that the cost divided by the frames of both is a mean distance. Stretches are
    unit vectors, shape (frames, coefficients), at least one frame.

    Example:
        >>> one = np.eye(3, dtype=np.float32)
        >>> [round(float(x), 2) for x in prefix_distances([(one[:2], one)])[0]]
        [0.33, 0.0, 0.2]
    """
    results: list[Floats] = [np.zeros(0, dtype=np.float32)] * len(pairs)
    by_size = sorted(range(len(pairs)), key=lambda at: len(pairs[at][0]) + len(pairs[at][1]))
    for first in range(0, len(by_size), _WARPED_TOGETHER):
        batch = by_size[first : first + _WARPED_TOGETHER]
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
    """Return each pair's frame distances, shape (diagonals, pairs, rows); inf off the grid.

    Entry (d, pair, row) is for frame ``row`` of the first stretch and ``d - row`` of the second.
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


_WARPED_TOGETHER = 64
