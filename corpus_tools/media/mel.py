"""Mel filters, and a coarse mel spectrum of a track, small enough to keep for a whole film."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples

__all__ = ["BANDS", "CELL_MS", "BandMeter", "Bands", "decibels_of", "mel_triangles"]

Bands = NDArray[np.uint8]

CELL_MS = 40
"""Duration that one row of bands covers."""

BANDS = 16


class BandMeter:
    """Measures mel bands in a window of 32 ms at the start of each cell; 400 bytes per second."""

    def __init__(self) -> None:
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._rows: list[Bands] = []

    def add(self, samples: Samples) -> None:
        """Add the next samples of the track."""
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // _CELL
        self._rest = samples[whole * _CELL :]
        self._rows.append(_bands(samples[: whole * _CELL].reshape(whole, _CELL)))

    def bands(self) -> Bands:
        """Return the levels of whole cells in half decibels, shape (cells, `BANDS`)."""
        return np.concatenate([*self._rows, np.zeros((0, BANDS), dtype=np.uint8)])


def decibels_of(bands: Bands) -> NDArray[np.float32]:
    """Return levels in dB above the level given to silence."""
    levels: NDArray[np.float32] = bands.astype(np.float32) * np.float32(_STEP)
    return levels


def _bands(cells: Samples) -> Bands:
    spectrum = scipy.fft.rfft(cells[:, :_WINDOW] * _HANN, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    level = np.log10(power @ _FILTERS + np.float32(1)) * np.float32(10 / _STEP)
    bands: Bands = np.minimum(np.rint(level), 255).astype(np.uint8)
    return bands


def mel_triangles(
    bands: int, lowest: float, highest: float, window: int = 512
) -> NDArray[np.float64]:
    """Return triangular filters of equal width on the mel scale, with peaks of 1.

    The first begins at ``lowest`` Hz, the last ends at ``highest`` Hz. Result: weight of each bin
    of the spectrum of ``window`` samples at 16 kHz in each filter, shape (window // 2 + 1, bands).
    """
    low, high = (2595 * np.log10(1 + edge / 700) for edge in (lowest, highest))
    edges = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    bins = np.arange(window // 2 + 1)[:, None] * (SAMPLE_RATE / window)
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles: NDArray[np.float64] = np.maximum(np.minimum(rising, falling), 0)
    return triangles


def _mel_filters() -> NDArray[np.float32]:
    """Return filters with 0 dB in each for white noise of one least significant bit."""
    filters = mel_triangles(BANDS, 80.0, 7600.0, _WINDOW)
    filters /= filters.sum(axis=0) * np.square(_HANN).sum()
    return np.ascontiguousarray(filters, dtype=np.float32)


_CELL = SAMPLE_RATE * CELL_MS // 1000
_WINDOW = 512
_STEP = 0.5  # dB
_HANN = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
_FILTERS = _mel_filters()
