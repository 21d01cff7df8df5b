"""How sure a figure is: the bootstrap's 95 % interval."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["bootstrap_interval"]

Labels = NDArray[np.int64]


def bootstrap_interval(
    truth: Labels,
    told: Labels,
    metric: Callable[[Labels, Labels], float],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile interval that holds 95 % of a metric over resampled clips.

    Args:
        truth: numbers of the classes (n,).
        told: numbers of the predicted classes (n,).
        metric: of truth and told.
        resamples: how often n clips are drawn with replacement.
        seed: settles the draws.

    Source: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13.
    """
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(truth), size=(resamples, len(truth)))
    values = [metric(truth[rows], told[rows]) for rows in draws]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
