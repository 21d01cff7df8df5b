"""Significance of differences: bootstrap p values with Holm's correction."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["holm", "two_sided"]


def two_sided(differences: NDArray[np.float64]) -> float:
    """Return the two-sided bootstrap p value of no difference: twice the share beyond 0, at most 1.

    Example:
        >>> two_sided(np.array([0.1] * 999))
        0.002
    """
    beyond = min((differences <= 0).sum(), (differences >= 0).sum())
    return float(min(2 * (beyond + 1) / (len(differences) + 1), 1.0))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p values corrected for multiple tests.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    corrected: dict[str, float] = {}
    highest = 0.0
    for rank, (key, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(p * (len(p_values) - rank), 1.0))
        corrected[key] = round(highest, 10)
    return corrected
