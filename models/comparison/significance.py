"""Whether systems differ: p of each question, raised for the number of questions."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["holm", "two_sided"]


def two_sided(differences: NDArray[np.float64]) -> float:
    """Return the bootstrap's p that there is no difference: twice the share beyond 0, 1 at most.

    Example:
        >>> two_sided(np.array([0.1] * 999))
        0.002
    """
    beyond = min((differences <= 0).sum(), (differences >= 0).sum())
    return float(min(2 * (beyond + 1) / (len(differences) + 1), 1.0))


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """Return p of several questions, each raised for the others that were asked.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    raised: dict[str, float] = {}
    highest = 0.0
    for place, (key, p) in enumerate(sorted(chances.items(), key=lambda item: item[1])):
        highest = max(highest, min(p * (len(chances) - place), 1.0))
        raised[key] = round(highest, 10)
    return raised
