"""Signal-to-noise ratio of the speech in a clip, in dB."""

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.levels import Samples, decibels
from corpus_tools.segmentation.activity import runs

__all__ = ["snr_db", "voiced_speech", "wada_snr_db"]

Flags = NDArray[np.bool_]


def snr_db(
    samples: Samples, power: NDArray[np.float32], speech: Flags, gap: Flags, inside: slice
) -> float | None:
    """Return the level of a clip's speech relative to its background.

    The background is measured in the pauses in and around the clip, from 50 ms after and before
    speech, where its echo has faded. Less than half a second of pauses may be soft syllables: the
    larger of this ratio and `wada_snr_db` is then returned, below 0.2 s only the latter.

    Args:
        samples: samples of the clip.
        power: mean squares of the frames in and around the clip.
        speech: whether somebody speaks in each frame, as from `voiced_speech`.
        gap: whether the source has no audio in each frame.
        inside: frames of the clip.

    Returns:
        2 decimals; ``None`` if there is no speech.
    """
    spoken = speech[inside]
    if not spoken.any():
        return None
    background = power[~_widened(speech, _ECHO) & ~gap]
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
    """Return speech without unvoiced sounds: steps, clatter, rain.

    A sound that begins before or ends after the excerpt stays: its voice may lie outside. If an
    excerpt of 4 s or more then has less than half a second of pauses, frames further than 0.2 s
    from any voice aren't speech either: rain leaves no pause between the words.

    Args:
        speech: whether somebody seems to speak, one value per frame.
        voice: whether a voice was detected, one value per frame.

    Example:
        >>> speech = np.array([0, 1, 1, 0, 1, 1, 0], dtype=bool)
        >>> voiced_speech(speech, np.array([0, 0, 0, 0, 1, 0, 0], dtype=bool)).astype(int)
        array([0, 0, 0, 0, 1, 1, 0])
    """
    kept = speech.copy()
    for start, end in runs(speech):
        if start > 0 and end < len(speech) and not voice[start:end].any():
            kept[start:end] = False
    pauses = np.count_nonzero(~_widened(kept, _ECHO)) if len(kept) >= _LONG else _ENOUGH
    if voice.any() and pauses < _ENOUGH:
        voiced = voice.copy()
        voiced[[0, -1]] |= speech[[0, -1]]
        kept &= _widened(voiced, _REACH)
    return kept


def wada_snr_db(samples: Samples) -> float:
    """Estimate the signal-to-noise ratio from the distribution of a clip's amplitudes (WADA-SNR).

    Speech is assumed to have gamma-distributed amplitudes of shape 0.4, noise to be Gaussian: the
    more noise, the nearer the logarithm of the mean amplitude to the mean of its logarithm. (Kim
    and Stern, Robust signal-to-noise ratio estimation based on waveform amplitude distribution
    analysis, Interspeech 2008; samples of 0 are left out.)

    Args:
        samples: samples of the clip, with pauses.

    Returns:
        From -20 to 100; 100 for silence.
    """
    size = np.abs(samples[samples != 0].astype(np.float32))
    if not len(size):
        return float(_WADA_DB[-1])
    spread = np.log(size.mean(dtype=np.float64)) - np.log(size).mean(dtype=np.float64)
    return float(np.interp(spread, _WADA_SPREAD, _WADA_DB))


def _widened(mask: Flags, reach: int) -> Flags:
    near = np.convolve(mask, np.ones(2 * reach + 1, dtype=np.int16))[reach : reach + len(mask)]
    return np.asarray(near > 0)


_ECHO, _REACH = 5, 20  # frames
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
