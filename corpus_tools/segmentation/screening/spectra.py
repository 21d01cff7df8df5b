"""Short-time power spectra of a clip, shared by several measures."""

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import FULL_SCALE, Samples

__all__ = [
    "BIN_HZ",
    "HOP_MS",
    "WINDOW_MS",
    "Spectra",
    "power_spectra",
    "windows_within",
]

Spectra = NDArray[np.float32]
"""Shape (windows, bins), 1.0 for a full-scale sine: `WINDOW_MS` every `HOP_MS`, up to 4 kHz."""

WINDOW_MS, HOP_MS = 64, 40
_WINDOW, _HOP = (SAMPLE_RATE * ms // 1000 for ms in (WINDOW_MS, HOP_MS))
BIN_HZ = SAMPLE_RATE / _WINDOW


def power_spectra(samples: Samples) -> Spectra:
    """Return the power spectra of the whole windows in a clip; none if it is shorter than one.

    No value is below the power of a fifth of the lowest bit, so that logarithms are finite.

    Example:
        >>> power_spectra(np.zeros(16_000, dtype=np.int16)).shape
        (24, 257)
    """
    if len(samples) < _WINDOW:
        return np.zeros((0, _BINS), dtype=np.float32)
    windows = sliding_window_view(samples, _WINDOW)[::_HOP]
    power = np.empty((len(windows), _BINS), dtype=np.float32)
    for start in range(0, len(windows), _BATCH):
        some = slice(start, start + _BATCH)
        spectra = scipy.fft.rfft(windows[some] * _TAPER, axis=1)[:, :_BINS]
        np.add(np.square(spectra.real), np.square(spectra.imag), out=power[some])
    return np.maximum(power, _LEAST, out=power)


def windows_within(start: int, end: int) -> slice:
    """Return the windows that lie between two samples.

    Example:
        >>> windows_within(16_000, 32_000)
        slice(25, 49, None)
    """
    return slice(-(-start // _HOP), max((end - _WINDOW) // _HOP + 1, 0))


_BINS = round(4000 / BIN_HZ) + 1
_TAPER = (np.hanning(_WINDOW + 1)[:-1] * 4 / (_WINDOW * FULL_SCALE)).astype(np.float32)
_LEAST = np.float32(10 ** (-130 / 10))
_BATCH = 32  # windows that fit the processor's cache
