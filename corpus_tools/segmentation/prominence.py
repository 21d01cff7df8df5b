"""Prominence of each frame above its local background, and how uncertain it is."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["prominence_of"]

Levels = NDArray[np.float32]


def prominence_of(power: Levels) -> tuple[Levels, Levels]:
    """Return each frame's level relative to its surroundings, and the uncertainty of that.

    Prominence is 0 at the background (10th percentile of the level within 5 s) and 1 at the speech
    level (95th percentile). The two are taken at least 15 dB apart, so that steady noise doesn't
    look like words. The closer they are, the less a single frame says: uncertainty is 0 from 40 dB
    up and 1 from 20 dB down, and is the weight of a mean over some tenths of a second.

    Args:
        power: mean square of each frame of 10 ms.

    Returns:
        Prominence and uncertainty, one value per frame.
    """
    if not len(power):
        return power, power
    level = 10 * np.log10(np.maximum(_smoothed(power, _THREE_FRAMES), _QUIETEST)).astype(np.float32)
    low, high = _local_percentiles(level)
    prominence = (level - low) / np.maximum(high - low, _LEAST_RANGE)
    uncertainty = np.clip((_CERTAIN - (high - low)) / (_CERTAIN - _UNCERTAIN), 0, 1)
    steady = _smoothed(np.clip(prominence, *_BOUNDS), _STEADY_KERNEL)
    mixed: Levels = ((1 - uncertainty) * prominence + uncertainty * steady).astype(np.float32)
    return mixed, uncertainty


def _smoothed(values: Levels, kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values.astype(np.float64), len(kernel) // 2, mode="edge")
    return np.convolve(padded, kernel, mode="valid").astype(np.float64, copy=False)


def _local_percentiles(level: Levels) -> tuple[Levels, ...]:
    count = -(-len(level) // _HOP)
    padded = np.pad(level, (_REACH, count * _HOP - len(level) + _REACH), mode="symmetric")
    windows = sliding_window_view(padded, 2 * _REACH + _HOP)[::_HOP]
    percentiles = [
        np.percentile(windows[start : start + _BATCH, ::4], [10, 95], axis=1)
        for start in range(0, count, _BATCH)
    ]
    low, high = np.concatenate(percentiles, axis=1).astype(np.float32)
    return np.repeat(low, _HOP)[: len(level)], np.repeat(high, _HOP)[: len(level)]


def _gaussian(deviation: int) -> NDArray[np.float64]:
    weights = np.exp(-0.5 * np.square(np.arange(-4 * deviation, 4 * deviation + 1) / deviation))
    kernel: NDArray[np.float64] = weights / weights.sum()
    return kernel


_QUIETEST = 10 ** (-70 / 10)  # anything quieter is silence
_LEAST_RANGE = 15.0  # dB
_CERTAIN, _UNCERTAIN = 40.0, 20.0  # dB between background and speech
_BOUNDS = (-0.5, 1.2)  # of the prominence that is averaged, so that a bang doesn't spread
_THREE_FRAMES = np.full(3, 1 / 3)
_STEADY_KERNEL = _gaussian(10)  # frames
_HOP = 50  # frames between two estimates of the background
_REACH = 500  # frames on either side that an estimate covers
_BATCH = 512
