"""Detection of voice in a clip, as opposed to bangs, rattle and hiss."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, runs
from corpus_tools.segmentation.percentile import percentile
from corpus_tools.segmentation.spectra import BIN_HZ, HOP_MS, WINDOW_MS, Spectra

__all__ = ["periodicity", "voiced", "voiced_frames"]


def voiced(spectra: Spectra) -> NDArray[np.bool_]:
    """Return the windows in which a voice sounds for at least 80 ms.

    A window is voiced if its low band is periodic at the rate of vocal folds, at most 25 dB below
    the loud windows and 10 dB below its neighbours (a bang fades faster), and at least a tenth of
    the window's power.

    Args:
        spectra: power spectra of the clip.
    """
    if not len(spectra):
        return np.zeros(0, dtype=np.bool_)
    low = spectra[:, _LOWEST:_HIGHEST].sum(axis=1)
    level = 10 * np.log10(low)
    loud = (level > percentile(level, 95) - _RANGE_DB) & (level > _loudest_near(level) - _FALL_DB)
    vocal: NDArray[np.bool_] = (
        loud & (low > _LEAST_SHARE * spectra.sum(axis=1)) & (periodicity(spectra) > _PERIODIC)
    )
    for start, end in runs(vocal):
        vocal[start:end] = end - start >= _LEAST_WINDOWS
    return vocal


def voiced_frames(vocal: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Return which frames of `FRAME_MS` are voiced: those around the middle of a voiced window.

    Args:
        vocal: whether each window is voiced, as from `voiced`.
        count: number of frames.
    """
    frames = np.zeros(count, dtype=np.bool_)
    middle = np.flatnonzero(vocal) * HOP_MS // FRAME_MS + WINDOW_MS // (2 * FRAME_MS)
    for shift in range(-2, 3):
        at = middle + shift
        frames[at[at < count]] = True
    return frames


def periodicity(spectra: Spectra) -> NDArray[np.float32]:
    """Return the periodicity of each window at 75 to 400 Hz, from 0 to 1.

    It is the maximum of the autocorrelation of the band from 60 to 1000 Hz, relative to that of the
    window function (Boersma, Accurate short-term analysis of the fundamental frequency, 1993), on
    the square root of the spectrum, so that one strong partial doesn't outweigh all others.
    """
    band = np.zeros((len(spectra), _LAGS // 2 + 1), dtype=np.float32)
    band[:, _LOWEST:_HIGHEST] = np.sqrt(spectra[:, _LOWEST:_HIGHEST])
    correlation = scipy.fft.irfft(band, _LAGS, axis=1)
    highest = correlation[:, _SHORTEST:_LONGEST] / _TAPER[_SHORTEST:_LONGEST]
    share: NDArray[np.float32] = highest.max(axis=1) / correlation[:, 0]
    share[share > 1] = 1
    return share


def _loudest_near(level: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the maximum within `_NEAR` windows of each."""
    largest = level.copy()
    for off in range(1, _NEAR + 1):
        np.maximum(largest[off:], level[:-off], out=largest[off:])
        np.maximum(largest[:-off], level[off:], out=largest[:-off])
    return largest


def _taper_correlation() -> NDArray[np.float32]:
    window = np.hanning(_LAGS + 1)[:-1]
    own = scipy.fft.irfft(np.abs(scipy.fft.rfft(window, 2 * _LAGS)) ** 2)[:_LAGS]
    relative: NDArray[np.float32] = (own / own[0]).astype(np.float32)
    return relative


_LOWEST, _HIGHEST = round(60 / BIN_HZ), round(1000 / BIN_HZ)  # bins
_LAGS = 256  # values of the autocorrelation, over the length of a window
_SHORTEST, _LONGEST = (round(_LAGS * BIN_HZ / hertz) for hertz in (400, 75))
_TAPER = _taper_correlation()
_PERIODIC = 0.4
_RANGE_DB, _FALL_DB, _NEAR = 25.0, 10.0, 2
_LEAST_SHARE = 0.1
_LEAST_WINDOWS = 80 // HOP_MS
