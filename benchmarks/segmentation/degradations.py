"""Degraded speech that a person would still keep: telephones, codecs, far microphones, whispers.

`VOICES` change how an utterance is spoken, `CHANNELS` how an episode was recorded.
"""

import io
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
import scipy.linalg
import scipy.signal
from numpy.typing import NDArray

__all__ = ["CHANNELS", "VOICES"]

RATE = 16_000
Sound = NDArray[np.float64]


def whispered(voice: Sound, rng: np.random.Generator) -> Sound:
    """Return an utterance whispered: the vocal tract's filter on noise, flatter and 6 dB lower.

    The filter is a linear prediction of order 18 in each 32 ms; noise with the level of what it
    leaves replaces the vocal folds.
    """
    source = np.append(voice[0], voice[1:] - _EMPHASIS * voice[:-1])
    padded = np.pad(source, _FRAME)
    result = np.zeros(len(padded))
    for start in range(0, len(padded) - _FRAME, _FRAME // 2):
        frame = padded[start : start + _FRAME] * _TAPER
        lags = np.correlate(frame, frame, "full")[_FRAME - 1 :][: _ORDER + 1]
        lags[0] = lags[0] * (1 + 1e-4) + 1e-9
        weights = scipy.linalg.solve_toeplitz(lags[:-1], lags[1:])
        left = np.sqrt(max(lags[0] - weights @ lags[1:], 0) / np.sum(_TAPER**2))
        noise = left * rng.standard_normal(_FRAME)
        made = scipy.signal.lfilter([1], np.append(1, -weights), noise)
        result[start : start + _FRAME] += made * _TAPER
    flatter = scipy.signal.lfilter([1], [1, -_EMPHASIS / 2], result[_FRAME:-_FRAME])
    return _as_loud(flatter, voice) / 2


def breathy(voice: Sound, rng: np.random.Generator) -> Sound:
    """Return an utterance with as much breath as voice, 6 dB lower."""
    breath = _as_loud(whispered(voice, rng), voice)
    return _as_loud(voice + breath, voice) / 2


def telephone(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return a landline: 300 to 3400 Hz, µ-law at 8 kHz."""
    return _coded(_band(sound), "pcm_mulaw", "wav", 8_000)


def mobile_telephone(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return a GSM telephone: 300 to 3400 Hz, AMR at 5.9 kbit/s."""
    return _coded(_band(sound), "libopencore_amrnb", "amr", 8_000, 5_900)


def low_mp3(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return MP3 at 16 kbit/s."""
    return _coded(sound, "libmp3lame", "mp3", RATE, 16_000)


def low_opus(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return Opus at 8 kbit/s."""
    return _coded(sound, "libopus", "ogg", RATE, 8_000)


def far_microphone(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return a microphone some metres away: a room's echo of 0.4 to 0.7 s, as loud as the voice.

    The room's own noise lies 25 dB below it.
    """
    count = round(rng.uniform(0.4, 0.7) * RATE)
    echo = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    echo[: RATE // 200] = 0
    echo /= np.sqrt(np.sum(echo**2))
    echo[0] = 1
    wet = _as_loud(scipy.signal.fftconvolve(sound, echo)[: len(sound)], sound)
    loud = np.sqrt(np.mean(np.sort(wet**2)[len(wet) // 2 :]))
    hiss = scipy.signal.lfilter([1], [1, -0.89], rng.standard_normal(len(wet)))
    return np.asarray(wet + hiss / hiss.std() * loud * 10 ** (-25 / 20))


VOICES: dict[str, Callable[[Sound, np.random.Generator], Sound]] = {
    "whispered": whispered,
    "breathy": breathy,
}
CHANNELS: dict[str, Callable[[Sound, np.random.Generator], Sound]] = {
    "telephone": telephone,
    "mobile telephone": mobile_telephone,
    "MP3, 16 kbit/s": low_mp3,
    "Opus, 8 kbit/s": low_opus,
    "far microphone": far_microphone,
}


def _band(sound: Sound) -> Sound:
    band = scipy.signal.butter(6, (300, 3400), "bandpass", fs=RATE, output="sos")
    return np.asarray(scipy.signal.sosfilt(band, sound))


def _coded(sound: Sound, codec: str, container: str, rate: int, bits: int | None = None) -> Sound:
    """Return a sound after a codec, at `RATE` and of its length."""
    down = scipy.signal.resample_poly(sound, rate, RATE)
    pcm = np.round(np.clip(down, -1, 1) * 32767).astype(np.int16)
    memory = io.BytesIO()
    with av.open(memory, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        if bits:
            stream.bit_rate = bits
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    memory.seek(0)
    to_rate = av.AudioResampler("flt", "mono", RATE)
    with av.open(memory) as coded:
        frames = [made for one in coded.decode(audio=0) for made in to_rate.resample(one)]
        pieces = [made.to_ndarray()[0] for made in [*frames, *to_rate.resample(None)]]
    decoded = np.concatenate(pieces)[: len(sound)]
    return np.pad(decoded, (0, len(sound) - len(decoded))).astype(np.float64)


def _as_loud(sound: Sound, as_this: Sound) -> Sound:
    return np.asarray(sound * np.sqrt(np.mean(as_this**2) / max(np.mean(sound**2), 1e-12)))


_FRAME = 512
_TAPER = np.sqrt(np.hanning(_FRAME + 1)[:-1])
_ORDER = 18
_EMPHASIS = 0.97
