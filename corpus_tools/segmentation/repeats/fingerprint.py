"""Audio fingerprint of 24 bits per frame, robust to encoding, level and shifts.

After Haitsma & Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002: each bit is the
sign of how the difference in energy between two neighbouring bands changes with time.
"""

import base64
import binascii

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from corpus_tools.media.mel import mel_triangles
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import FULL_SCALE, Samples
from manifests.base.errors import DataError

__all__ = ["BITS", "HOP", "SUPPORT", "Hashes", "fingerprint", "from_text", "to_text"]

Hashes = NDArray[np.uint32]
"""One value per frame, in the lowest `BITS` bits; 0 for steady sound: silence, room tone, hum."""

BITS = 24
HOP = 240
"""Samples between frames: 15 ms, at which mains hum doesn't beat slowly."""


def fingerprint(samples: Samples) -> Hashes:
    """Return the hashes of a clip (int16 mono at 16 kHz); none if it lasts less than half a second.

    Band energies (25 triangles on the mel scale, 0.2 to 4 kHz, so that telephone bandwidth is
    enough) are smoothed over 0.24 s; a hash compares two moments 0.24 s apart. Each thus depends on
    0.5 s, and a shift by half a frame flips few bits.

    Example:
        >>> fingerprint(np.zeros(16_000, dtype=np.int16)).any()
        np.False_
    """
    if len(samples) < SUPPORT:
        return np.zeros(0, dtype=np.uint32)
    energy = _band_energies(samples)
    for _ in range(2):
        energy = _running_mean(energy, _SMOOTHED)
    change = energy[_LAG:] - energy[:-_LAG]
    bits = change[:, :-1] > change[:, 1:]
    hashes = bits @ (1 << np.arange(BITS))
    result: Hashes = np.where(_moves(energy, change), np.maximum(hashes, 1), 0).astype(np.uint32)
    return result


def to_text(hashes: Hashes) -> str:
    """Return hashes as text: base64 of three bytes for each, the lowest first.

    Example:
        >>> to_text(np.array([1, 0, 0xABCDEF], dtype=np.uint32))
        'AQAAAAAA782r'
    """
    data = hashes.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :_BYTES]
    return base64.b64encode(data.tobytes()).decode("ascii")


def from_text(text: str) -> Hashes:
    """Return the hashes that `to_text` wrote; `DataError` if the text isn't valid."""
    try:
        data = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
        packed = data.reshape(-1, _BYTES)
    except (binascii.Error, ValueError) as error:
        raise DataError(
            f"'{text[:20]}' isn't a fingerprint ({error}); delete the shard and segment again"
        ) from error
    wide = np.zeros((len(packed), 4), dtype=np.uint8)
    wide[:, :_BYTES] = packed
    return wide.view("<u4")[:, 0].astype(np.uint32)


def _band_energies(samples: Samples) -> NDArray[np.float64]:
    """Return the energy in each frame and band, shape (frames, BITS + 1); 1.0 is full scale."""
    frames = sliding_window_view(samples, _WINDOW)[::HOP] * _HANN
    spectrum = scipy.fft.rfft(frames, axis=1)[:, : len(_BANDS) // 2]
    power = np.square(spectrum.view(np.float32))  # real and imaginary parts alternate
    energies: NDArray[np.float64] = (power @ _BANDS).astype(np.float64)
    return energies


def _running_mean(energy: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    total = np.cumsum(energy, axis=0)
    total[length:] -= total[:-length].copy()
    mean: NDArray[np.float64] = total[length - 1 :] / length
    return mean


def _moves(energy: NDArray[np.float64], change: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which frames are loud enough and change more than steady sound."""
    both = energy[_LAG:].sum(axis=1) + energy[:-_LAG].sum(axis=1)
    loud = int(_LOUD * (len(both) - 1))
    quiet = max(_QUIETEST, _BELOW_LOUD * float(np.partition(both, loud)[loud]))
    moves: NDArray[np.bool_] = (np.abs(change).sum(axis=1) > _STEADY * both) & (both > quiet)
    return moves


def _band_weights() -> NDArray[np.float32]:
    """Return the weights of the bins (real and imaginary parts alternating) in each band."""
    bins = int(_EDGES[1] * _WINDOW / SAMPLE_RATE) + 1
    weights = mel_triangles(BITS + 1, *_EDGES, _WINDOW)[:bins].astype(np.float32)
    return np.repeat(weights, 2, axis=0)


_BYTES = BITS // 8
_WINDOW = 512  # samples
_EDGES = (200.0, 4000.0)  # Hz
_SMOOTHED = 8  # frames, twice
_LAG = 16  # frames
SUPPORT = _WINDOW + (2 * (_SMOOTHED - 1) + _LAG) * HOP
"""Samples that one hash depends on, 0.5 s."""
_HANN = (np.hanning(_WINDOW) / (FULL_SCALE * _WINDOW)).astype(np.float32)
_BANDS = _band_weights()
_LOUD = 0.95  # quantile of the frames' energy that counts as loud
_BELOW_LOUD = 10 ** (-40 / 10)  # lowest energy of a frame, relative to loud frames
_QUIETEST = 1e-8  # full scale is 1
_STEADY = 0.25  # change of all bands relative to their energy; white noise has 0.1
