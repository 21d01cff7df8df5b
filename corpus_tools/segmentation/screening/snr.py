"""Signal-to-noise ratio of the speech in a clip, and detection of voice among other sounds."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from corpus_tools.media.samples import Samples, decibels
from corpus_tools.segmentation.screening.spectra import (
    BIN_HZ,
    HOP_MS,
    WINDOW_MS,
    Spectra,
)
from corpus_tools.segmentation.voice.activity import runs, widened
from corpus_tools.segmentation.voice.base import FRAME_MS

__all__ = [
    "snr_db",
    "unvoiced_is_speech",
    "voiced",
    "voiced_frames",
    "voiced_speech",
    "wada_snr_db",
]

Flags = NDArray[np.bool_]


def snr_db(
    samples: Samples, power: NDArray[np.float32], speech: Flags, gap: Flags, inside: slice
) -> float | None:
    """Return the level of a clip's speech over its background; ``None`` without speech.

    The background is measured in the pauses in and around the clip, from 50 ms after and before
    speech, where its echo has faded. Less than half a second of pauses may be soft syllables: the
    larger of this ratio and `wada_snr_db` is then returned, below 0.2 s only the latter. ``power``
    is the mean squares of the frames in and around the clip, ``inside`` selects those of the clip;
    ``speech`` are the frames that somebody speaks in, of which `voiced_speech` may leave some out.
    """
    spoken = speech[inside]
    if not spoken.any():
        return None
    background = power[~widened(speech, _ECHO, _ECHO) & ~gap]
    by_amplitudes = -np.inf
    if len(background) < _ENOUGH:
        by_amplitudes = wada_snr_db(samples) - 10 * float(np.log10(spoken.mean()))
    if len(background) < _LEAST_BACKGROUND:
        return round(by_amplitudes, 2)
    noise = max(float(background.mean(dtype=np.float64)), _SILENCE)
    voice = float(power[inside][spoken].mean(dtype=np.float64)) - noise
    by_pauses = decibels(max(voice, noise * _LEAST_RATIO)) - decibels(noise)
    return round(max(by_pauses, by_amplitudes), 2)


def voiced_speech(speech: Flags, voice: Flags) -> Flags:
    """Return speech frames without unvoiced sounds: steps, clatter, rain.

    A sound that begins before or ends after the excerpt stays: its voice may lie outside. If an
    excerpt of 4 s or more then has less than half a second of pauses, frames further than 0.2 s
    from any voice aren't speech either: rain leaves no pause between the words.

    Example:
        >>> speech = np.array([0, 1, 1, 0, 1, 1, 0], dtype=bool)
        >>> voiced_speech(speech, np.array([0, 0, 0, 0, 1, 0, 0], dtype=bool)).astype(int)
        array([0, 0, 0, 0, 1, 1, 0])
    """
    kept = speech.copy()
    for start, end in runs(speech):
        if start > 0 and end < len(speech) and not voice[start:end].any():
            kept[start:end] = False
    pauses = np.count_nonzero(~widened(kept, _ECHO, _ECHO)) if len(kept) >= _LONG else _ENOUGH
    if voice.any() and pauses < _ENOUGH:
        voiced = voice.copy()
        voiced[[0, -1]] |= speech[[0, -1]]
        kept &= widened(voiced, _REACH, _REACH)
    return kept


def unvoiced_is_speech(
    power: NDArray[np.float32], speech: Flags, voice: Flags, level: float
) -> bool:
    """Return whether sounds without a voice are whispers or breath rather than steps or rain.

    Steps and rain don't stop: 0.7 s without a voice (walkers make three steps in 2 s) are never 20
    dB quieter than the speech (mean square ``level``). Where speech leaves no such pause,
    0.2 s that are 26 dB quieter, which rain would fill, are enough if no loud sound begins as
    abruptly as a step, by 30 dB within 20 ms. ``power``, ``speech`` and ``voice`` are the frames in
    and around a clip, without gaps.
    """
    free = ~widened(voice, _ECHO, _ECHO)
    if _quietest(power, free, _WALK) < level * _QUIET:
        return True
    if _quietest(power, free, _BREAK) >= level * _SILENT:
        return False
    loud = speech & free & (power > level * _LOUD)
    return not (loud[2:] & (power[2:] > power[:-2] * _ABRUPT)).any()


def _quietest(power: NDArray[np.float32], free: Flags, length: int) -> float:
    """Return the lowest mean of as many consecutive free frames; infinite if there are none."""
    total = np.concatenate(([0.0], np.cumsum(power, dtype=np.float64)))
    starts = np.flatnonzero(np.convolve(free, np.ones(length), mode="valid") == length)
    return float(((total[starts + length] - total[starts]) / length).min(initial=np.inf))


def wada_snr_db(samples: Samples) -> float:
    """Estimate the signal-to-noise ratio of a clip with pauses by WADA-SNR, in dB, -20 to 100.

    Speech is assumed to have gamma-distributed amplitudes of shape 0.4, noise to be Gaussian: the
    more noise, the nearer the logarithm of the mean amplitude to the mean of its logarithm. (Kim
    and Stern, Robust signal-to-noise ratio estimation based on waveform amplitude distribution
    analysis, Interspeech 2008; samples of 0 are left out.) Silence has 100.
    """
    size = np.abs(samples[samples != 0].astype(np.float32))
    if not len(size):
        return float(_WADA_DB[-1])
    spread = np.log(size.mean(dtype=np.float64)) - np.log(size).mean(dtype=np.float64)
    return float(np.interp(spread, _WADA_SPREAD, _WADA_DB))


def voiced(spectra: Spectra) -> NDArray[np.bool_]:
    """Return the windows in which a voice sounds for at least 80 ms.

    A window is voiced if its low band is periodic at the rate of vocal folds, at most 25 dB below
    the loud windows and 10 dB below its neighbours (a bang fades faster), and at least a tenth of
    the window's power.
    """
    if not len(spectra):
        return np.zeros(0, dtype=np.bool_)
    low = spectra[:, _LOWEST:_HIGHEST].sum(axis=1)
    level = 10 * np.log10(low)
    loud = (level > np.percentile(level, 95) - _RANGE_DB) & (
        level > maximum_filter1d(level, 2 * _NEAR + 1) - _FALL_DB
    )
    vocal: NDArray[np.bool_] = (
        loud & (low > _LEAST_SHARE * spectra.sum(axis=1)) & (periodicity(spectra) > _PERIODIC)
    )
    for start, end in runs(vocal):
        vocal[start:end] = end - start >= _LEAST_WINDOWS
    return vocal


def voiced_frames(vocal: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Return which of ``count`` frames are voiced: those around the middle of a voiced window."""
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
_ECHO, _REACH = 5, 20  # frames
_WALK, _BREAK = 70, 20  # frames
_QUIET, _SILENT, _LOUD, _ABRUPT = (10 ** (db / 10) for db in (-20, -26, -15, 30))
_LEAST_BACKGROUND, _ENOUGH, _LONG = 20, 50, 400  # frames
_SILENCE = 10 ** (-80 / 10)
_LEAST_RATIO = 0.1
_WADA_DB = np.arange(-20, 105, 5)
# fmt: off
_WADA_SPREAD = np.array([
    0.4093, 0.4096, 0.4120, 0.4237, 0.4617, 0.5434, 0.6672, 0.8121, 0.9556, 1.0845, 1.1939, 1.2840,
    1.3571, 1.4158, 1.4627, 1.5000, 1.5298, 1.5534, 1.5722, 1.5872, 1.5990, 1.6085, 1.6160, 1.6219,
    1.6266,
])
# fmt: on
"""Spread at each ratio, by numerical integration of the definition (a test repeats it)."""
