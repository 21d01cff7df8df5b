"""Functionals of a clip's features over time, one vector per clip for a classical model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.features import Features

__all__ = ["functionals"]


def functionals(clips: Sequence[Features]) -> NDArray[np.float32]:
    """Return the functionals (n, 7 D + 1) of clips.

    Per feature: mean, standard deviation, percentiles 10, 50 and 90, slope of the regression line
    (per frame), and mean absolute step between frames; per clip: logarithm of the number of frames.

    Args:
        clips: features (T, D), T at least 1.

    Source: after Schuller, Steidl, Batliner, "The INTERSPEECH 2009 Emotion Challenge", 2009.

    Example:
        >>> rising = np.arange(5, dtype=np.float32)[:, None]
        >>> functionals([rising])[0, [0, 3, 5]].tolist()
        [2.0, 2.0, 1.0]
    """
    return np.stack([_clip_functionals(clip) for clip in clips])


def _clip_functionals(clip: Features) -> NDArray[np.float32]:
    frames = clip.astype(np.float64)
    time = np.arange(len(frames)) - (len(frames) - 1) / 2  # centred
    slope = time @ frames / (float(time @ time) or 1.0)
    step = np.abs(np.diff(frames, axis=0)).sum(axis=0) / max(len(frames) - 1, 1)
    low, middle, high = np.percentile(frames, _PERCENTILES, axis=0)
    parts = [frames.mean(axis=0), frames.std(axis=0), low, middle, high, slope, step]
    vector: NDArray[np.float32] = np.concatenate([*parts, [np.log(len(frames))]]).astype(np.float32)
    return vector


_PERCENTILES = (10, 50, 90)
