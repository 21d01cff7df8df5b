"""Pitch and voicing of speech by autocorrelation."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import median_filter

__all__ = ["pitch_track"]

Samples = NDArray[np.float32]

FLOOR, CEILING = 60.0, 500.0  # Hz, range of human speech
_WINDOW = 0.05  # s; three periods at the floor
_OCTAVE_COST = 0.01  # per octave, so that a period is preferred over its multiples
_VOICED = 0.5  # share of a frame's energy that is periodic
_BATCH = 64  # frames; few enough to stay in the processor's cache
_DEFAULT_PITCH = 150.0  # Hz, for clips without voiced frames


def pitch_track(samples: Samples, rate: int, hop: int) -> NDArray[np.float32]:
    """Return log2 of the pitch in Hz, and voicing in 0..1, of each frame (1 + N // hop, 2).

    The autocorrelation of a Hann-windowed frame, divided by that of the window, has its highest
    peak at the period. The height of the peak is the share of the frame's energy that is periodic
    (voicing). Pitch is interpolated over unvoiced frames. Frames are centred, as in librosa.

    Source: Boersma, "Accurate short-term analysis of the fundamental frequency", 1993.

    Example:
        >>> tone = np.sin(2 * np.pi * 220 * np.arange(16000) / 16000).astype(np.float32)
        >>> round(float(2 ** pitch_track(tone, 16000, 160)[50, 0]))
        220
    """
    frames = 1 + len(samples) // hop
    low, low_rate, low_hop = samples.astype(np.float32), rate, hop
    if hop % 2 == 0:
        low, low_rate, low_hop = _halved(low), rate // 2, hop // 2
    pitch, voicing = _peaks(_autocorrelation(low, low_rate, low_hop, frames), low_rate)
    log_pitch = np.log2(median_filter(pitch, size=5, mode="nearest"))
    voiced = np.flatnonzero(voicing > _VOICED)
    if len(voiced):
        log_pitch = np.interp(np.arange(frames), voiced, log_pitch[voiced])
    else:
        log_pitch = np.full(frames, np.log2(_DEFAULT_PITCH))
    return np.stack([log_pitch, voicing], axis=1).astype(np.float32)


def _autocorrelation(samples: Samples, rate: int, hop: int, frames: int) -> NDArray[np.float32]:
    """Return the autocorrelation of each frame (frames, lags), divided by that of the window."""
    width = int(_WINDOW * rate)
    padded = np.pad(samples, (width // 2, width // 2 + hop))
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop][:frames]
    taper = np.hanning(width).astype(np.float32)
    lags = int(rate / FLOOR) + 2
    size = fft.next_fast_len(width + lags, real=True)
    energy = np.empty((frames, lags), dtype=np.float32)
    for start in range(0, frames, _BATCH):
        batch = windows[start : start + _BATCH]
        tapered = (batch - batch.mean(axis=1, keepdims=True)) * taper
        energy[start : start + _BATCH] = _correlate(tapered, size)[:, :lags]
    window = _correlate(taper[None], size)[:, :lags]
    floor = 1e-9 + 1e-4 * energy[:, :1].max()  # silence between words is not periodic
    normalised: NDArray[np.float32] = energy / (energy[:, :1] + floor) * (window[:, :1] / window)
    return normalised


def _correlate(rows: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    spectrum = fft.rfft(rows, size)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(fft.irfft(power, size), dtype=np.float32)


def _halved(samples: Samples) -> Samples:
    """Return the samples at half the rate; frequencies above 4 kHz don't help to find pitch."""
    padded = np.pad(samples, 1)
    even, odd, after = padded[1:-1:2], padded[:-2:2], padded[2::2]
    return np.asarray(0.5 * even + 0.25 * (odd + after), dtype=np.float32)


def _peaks(
    correlation: NDArray[np.float32], rate: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lowest, highest = int(rate / CEILING), int(rate / FLOOR)
    lags = np.arange(lowest, highest + 1)
    scores = correlation[:, lags] - _OCTAVE_COST * np.log2(lags / lowest)
    best = scores.argmax(axis=1) + lowest
    row = np.arange(len(correlation))
    left, top, right = (correlation[row, best + step].astype(np.float64) for step in (-1, 0, 1))
    bend = np.minimum(left - 2 * top + right, -1e-9)
    shift = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)  # of a parabola through the three
    return rate / (best + shift), np.clip(top, 0, 1)
