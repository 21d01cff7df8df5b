"""Coarse mel spectrum of a track, small enough to keep for a whole film."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples

__all__ = ["BANDS", "CELL_MS", "BandMeter", "Bands", "decibels_of"]

Bands = NDArray[np.uint8]

CELL_MS = 40
"""Duration that one row of bands covers."""

BANDS = 16


class BandMeter:
    """Measures mel bands while a track is decoded; takes 400 bytes per second of audio.

    Each cell of `CELL_MS` is measured in one window of 32 ms at its beginning.
    """

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
        """Return the level of each band in each whole cell.

        Returns:
            Shape (cells, `BANDS`), in steps of half a decibel; see `decibels_of`.
        """
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


def _mel_filters() -> NDArray[np.float32]:
    """Return triangular filters of equal width on the mel scale, shape (bins, `BANDS`).

    White noise with the power of one least significant bit has 0 dB in each band.
    """
    edges = 700 * (10 ** (np.linspace(_mel(_LOWEST), _mel(_HIGHEST), BANDS + 2) / 2595) - 1)
    bins = np.arange(_WINDOW // 2 + 1)[:, None] * (SAMPLE_RATE / _WINDOW)
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters = np.clip(np.minimum(rising, falling), 0, None)
    filters /= filters.sum(axis=0) * np.square(_HANN).sum()
    return np.ascontiguousarray(filters, dtype=np.float32)


def _mel(frequency: float) -> float:
    return float(2595 * np.log10(1 + frequency / 700))


_CELL = SAMPLE_RATE * CELL_MS // 1000
_WINDOW = 512
_LOWEST, _HIGHEST = 80.0, 7600.0  # Hz
_STEP = 0.5  # dB
_HANN = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
_FILTERS = _mel_filters()
