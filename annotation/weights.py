"""Votes weighted by each annotator's accuracy on gold clips.

If an annotator is right with probability *p*, with errors spread evenly over the other classes of
*K*, the optimal weight of a vote is log(p (K - 1) / (1 - p)) (for K = 2: S. Nitzan and J. Paroush,
"Optimal decision rules in uncertain dichotomous choice situations", International Economic Review
23 (1982), 289–297).
"""

import numpy as np
from numpy.typing import NDArray

from annotation.votes import MISSING

__all__ = ["SMOOTHING", "gold_accuracy", "vote_weights", "weighted_shares"]

SMOOTHING = 4.0


def gold_accuracy(
    codes: NDArray[np.int8], gold: NDArray[np.int8]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each annotator's number of votes on gold clips and of correct ones, (A,) each.

    Args:
        codes: (A, C) index of the class that each annotator gave each clip, or ``MISSING``.
        gold: (C,) index of each clip's gold class, or ``MISSING``.
    """
    on_gold = (codes != MISSING) & (gold != MISSING)
    return on_gold.sum(axis=1), (on_gold & (codes == gold)).sum(axis=1)


def vote_weights(
    answers: NDArray[np.int64], right: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Return the vote weight of each annotator, (A,), at least 0.

    The accuracy of each is smoothed with ``SMOOTHING`` answers of an average annotator, which is
    the estimate without gold answers. Accuracy below chance has weight 0, not a negative one.

    Args:
        answers: (A,) votes on gold clips.
        right: (A,) correct ones among them.
        classes: number of classes, K.

    Example:
        >>> vote_weights(np.array([50, 50, 0]), np.array([45, 30, 0]), 6).round(2).tolist()
        [3.69, 2.06, 2.68]
    """
    average = (right.sum() + 1) / (answers.sum() + 2)
    accuracy = (right + SMOOTHING * average) / (answers + SMOOTHING)
    weights: NDArray[np.float64] = np.log(accuracy * (classes - 1) / (1 - accuracy))
    return np.maximum(weights, 0)


def weighted_shares(
    codes: NDArray[np.int8], weights: NDArray[np.float64], classes: int
) -> NDArray[np.float64]:
    """Return the weighted share of each class, (C, K); NaN where the weights sum to 0.

    Args:
        codes: (A, C) votes, or ``MISSING``.
        weights: (A,) vote weights of the annotators.
        classes: number of classes, K.
    """
    sums = np.stack([weights @ (codes == code) for code in range(classes)], axis=1)
    totals = sums.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.full_like(sums, np.nan)
    np.divide(sums, totals, out=shares, where=totals > 0)
    return shares
