"""Mel-frequency cepstral coefficients without the level, for comparing takes."""

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import FULL_SCALE, Samples

__all__ = ["HOP_MS", "Cepstra", "cepstra"]

Cepstra = NDArray[np.float32]
"""Shape (frames, coefficients)."""

HOP_MS = 20
"""Distance between frames in milliseconds."""


def cepstra(samples: Samples) -> Cepstra:
    """Return mel-frequency cepstral coefficients 1 to 12 of each frame of `HOP_MS`.

    Windows of 32 ms, 26 triangles on the mel scale from 100 Hz to 7 kHz; the 0th coefficient, the
    level, is left out. After Davis & Mermelstein, "Comparison of parametric representations for
    monosyllabic word recognition", IEEE Transactions on ASSP 1980.

    Args:
        samples: int16 mono at 16 kHz.

    Returns:
        One row for each whole hop, with the window centred on it.
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


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _triangles() -> NDArray[np.float32]:
    edges = 700 * (10 ** (np.linspace(_mel(_LOW), _mel(_HIGH), _BANDS + 2) / 2595) - 1)
    bins = np.arange(_WINDOW // 2 + 1)[:, None] * SAMPLE_RATE / _WINDOW
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles: NDArray[np.float32] = np.maximum(np.minimum(rising, falling), 0).astype(np.float32)
    return triangles


_HOP = SAMPLE_RATE * HOP_MS // 1000  # samples
_WINDOW = 512  # samples
_BANDS, _LOW, _HIGH = 26, 100.0, 7000.0  # Hz
_COEFFICIENTS = 12
_FLOOR = 1e-6  # power in a band, full scale 1 per sample
_BATCH = 4096  # frames
_HANN = np.hanning(_WINDOW).astype(np.float32)
_TRIANGLES = _triangles()
