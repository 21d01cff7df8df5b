"""Levels of 16-bit audio, in dB relative to full scale."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOOR_DB", "Samples", "clipping_share", "decibels", "frame_powers", "peak_db", "rms_db"]

Samples = NDArray[np.int16]

FULL_SCALE = 32768.0
FLOOR_DB = -96.33
"""What digital silence is said to have: the level of one least significant bit, rounded down."""


def decibels(power: float) -> float:
    """Return a mean square (1.0 is full scale) in dB, no lower than `FLOOR_DB`, to 2 decimals.

    Example:
        >>> decibels(0.01), decibels(0.0)
        (-20.0, -96.33)
    """
    if power <= 0:
        return FLOOR_DB
    return round(max(10 * float(np.log10(power)), FLOOR_DB), 2)


def rms_db(samples: Samples) -> float:
    """Return the root-mean-square level in dBFS (a full-scale square wave is 0)."""
    if not len(samples):
        return FLOOR_DB
    scaled = samples.astype(np.float64) / FULL_SCALE
    return decibels(float(np.mean(scaled * scaled)))


def peak_db(samples: Samples) -> float:
    """Return the level of the largest sample in dBFS."""
    if not len(samples):
        return FLOOR_DB
    peak = max(abs(int(samples.min())), abs(int(samples.max()))) / FULL_SCALE
    return decibels(peak * peak)


def clipping_share(samples: Samples, run: int = 3) -> float:
    """Return the share of samples that lie in runs of at least ``run`` at the same extreme.

    A converter or encoder that clips leaves flat tops: neighbouring samples that all equal the
    clip's largest or smallest value, close to full scale or not. A single peak is none.

    Args:
        samples: the clip.
        run: how many equal extreme samples in a row make a flat top.
    """
    if len(samples) < run:
        return 0.0
    extremes = (samples >= samples.max() - 1) | (samples <= samples.min() + 1)
    loud = extremes & (np.abs(samples.astype(np.int32)) >= _LOUD)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.view(np.int8), [0]))))
    lengths = edges[1::2] - edges[::2]
    return round(float(lengths[lengths >= run].sum()) / len(samples), 6)


def frame_powers(samples: Samples, frame: int) -> NDArray[np.float32]:
    """Return the mean square (1.0 is full scale) of each whole frame of ``frame`` samples."""
    whole = len(samples) // frame * frame
    frames = samples[:whole].reshape(-1, frame).astype(np.float32) / np.float32(FULL_SCALE)
    powers: NDArray[np.float32] = np.einsum("ij,ij->i", frames, frames) / np.float32(frame)
    return powers


_LOUD = 8192  # -12 dBFS: below it, equal neighbours are quiet audio, not flat tops
