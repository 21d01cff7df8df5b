"""Detection of two programmes, or two microphones, in the channels of a track."""

from collections.abc import Sequence

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples, rms_db
from corpus_tools.segmentation.screening.music import music_score
from corpus_tools.segmentation.screening.spectra import power_spectra
from corpus_tools.segmentation.voice.webrtc import WebRtcVoice

__all__ = ["speak_apart"]


def speak_apart(pairs: Sequence[tuple[Samples, Samples]]) -> bool:
    """Return whether two channels carry speech of their own rather than one scene in stereo.

    Each excerpt with speech is *shared* if the channels correlate at some delay up to 50 ms and are
    about equally loud, *apart* if both speak and hardly correlate, else one channel's own. In
    stereo films and music, most of the sound is shared or isn't speech.
    """
    shared = apart = own_left = own_right = 0
    for left, right in pairs:
        levels = rms_db(left), rms_db(right)
        if max(levels) < _AUDIBLE_DB:
            continue
        louder = levels[0] - levels[1]
        together = correlation(left, right) >= _CORRELATED
        if together and abs(louder) <= _LOUDER_DB:
            shared += 1
            continue
        speech = is_speech(left), is_speech(right)
        if together or speech[0] != speech[1]:
            own_left += speech[0] and louder > 0
            own_right += speech[1] and louder < 0
        else:
            apart += all(speech)
    total = shared + apart + own_left + own_right
    least = apart + min(own_left, own_right)
    return shared <= total / 2 and least >= max(_FEWEST, _LEAST_SHARE * total)


def correlation(left: Samples, right: Samples) -> float:
    """Return the largest normalised cross-correlation of two excerpts at delays up to 50 ms."""
    size = scipy.fft.next_fast_len(len(left) + _LONGEST_DELAY, real=True)
    spectra = [scipy.fft.rfft(side.astype(np.float32), size) for side in (left, right)]
    product: NDArray[np.float32] = scipy.fft.irfft(spectra[0] * np.conj(spectra[1]), size)
    near = np.concatenate([product[-_LONGEST_DELAY:], product[: _LONGEST_DELAY + 1]])
    powers = [float(np.square(side.astype(np.float64)).sum()) for side in (left, right)]
    return float(np.abs(near).max() / max((powers[0] * powers[1]) ** 0.5, 1.0))


def is_speech(samples: Samples) -> bool:
    """Return whether an excerpt is mostly a voice: not music, nor noise, which has no pitch."""
    if rms_db(samples) < _AUDIBLE_DB or WebRtcVoice(2).feed(samples).mean() < _VOICE_SHARE:
        return False
    return _pitch_share(samples) >= _PITCHED and (music_score(power_spectra(samples)) or 0) < _MUSIC


def _pitch_share(samples: Samples) -> float:
    """Return the share of the louder frames of 40 ms that repeat themselves as a voice does."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float32)
    power = np.square(frames).mean(axis=1)
    loud = frames[power > _LOUD * power.max()]
    spectra = np.abs(scipy.fft.rfft(loud, 2 * _FRAME, axis=1)) ** 2
    repeats = scipy.fft.irfft(spectra, axis=1)[:, : _PERIODS[1]]
    overlap = 1 - np.arange(*_PERIODS) / _FRAME
    weights = repeats[:, _PERIODS[0] :] / overlap / np.maximum(repeats[:, :1], 1.0)
    return float((weights.max(axis=1) > _REPEATS).mean())


_AUDIBLE_DB = -55.0
_CORRELATED = 0.2  # speech of two people: below 0.15; one scene: above 0.3, in reverberation 0.18
_LOUDER_DB = 9.0  # of a microphone's own speaker over the other
_LONGEST_DELAY = SAMPLE_RATE // 20
_FEWEST, _LEAST_SHARE = 2, 0.2  # excerpts
_VOICE_SHARE, _MUSIC = 0.5, 0.5
_FRAME = SAMPLE_RATE // 25
_LOUD = 10 ** (-12 / 10)
_PERIODS = (SAMPLE_RATE // 400, SAMPLE_RATE // 60)
_REPEATS, _PITCHED = 0.45, 0.4
