"""Dawid and Skene's model: estimate each annotator's confusion matrix from the votes alone.

A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28 (1979), 20–28. Each clip has one true class, drawn with
probability *p*; annotator *a* labels a clip of class *t* as *k* with probability *e[a, t, k]*,
independently of the others.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from annotation.labels.votes import MISSING

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["SMOOTHING", "DawidSkene", "dawid_skene"]

SMOOTHING = 2.0


@dataclass(frozen=True)
class DawidSkene:
    """Fitted parameters and posteriors of the model.

    Attributes:
        posterior: (C, K) probability of each class for each clip; NaN for a clip without a vote.
        priors: (K,) probability of each class.
        confusion: (A, K, K) probability of each label (last axis) by annotator and true class.
    """

    posterior: NDArray[np.float64]
    priors: NDArray[np.float64]
    confusion: NDArray[np.float64]


def dawid_skene(
    codes: NDArray[np.int8],
    classes: int,
    *,
    smoothing: float = SMOOTHING,
    iterations: int = 500,
    tolerance: float = 1e-6,
) -> DawidSkene:
    """Fit the model by expectation maximisation in the log domain, starting from vote shares.

    The fit is deterministic. With ``smoothing`` 0 it is the maximum likelihood of the paper.
    Otherwise ``smoothing`` pseudo-counts, distributed like the labels of all annotators, are added
    for each annotator and class, which draws annotators with few votes towards the average.
    ``codes``, (A, C), are the indices of the votes' classes, or ``MISSING``. The fit ends when no
    probability changes by more than ``tolerance``, or after ``iterations``.

    Example:
        >>> codes = np.array([[0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [1, 0, 1, 1, 1]], dtype=np.int8)
        >>> dawid_skene(codes, 2).posterior.argmax(axis=1).tolist()
        [0, 0, 1, 1, 0]
    """
    annotators, clips = codes.shape
    raters, rated_clips = np.nonzero(codes != MISSING)
    cells = raters * classes + codes[raters, rated_clips]
    from scipy.sparse import csr_matrix

    vote_matrix = csr_matrix(
        (np.ones(len(raters)), (cells, rated_clips)), shape=(annotators * classes, clips)
    )  # row a*K + k: clips that annotator a labelled k
    votes = np.bincount(rated_clips, minlength=clips)
    has_votes = votes > 0
    shares = np.zeros((clips, classes))
    np.add.at(shares, (rated_clips, codes[raters, rated_clips]), 1)
    posterior = shares[has_votes] / votes[has_votes, None]
    vote_matrix = vote_matrix[:, np.flatnonzero(has_votes)]
    priors, confusion = _maximise(vote_matrix, posterior, annotators, smoothing)
    for _ in range(iterations):
        previous, posterior = posterior, _expect(vote_matrix, priors, confusion)
        priors, confusion = _maximise(vote_matrix, posterior, annotators, smoothing)
        if np.abs(posterior - previous).max(initial=0) <= tolerance:
            break
    full = np.full((clips, classes), np.nan)
    full[has_votes] = posterior
    return DawidSkene(full, priors, confusion)


def _maximise(
    vote_matrix: "csr_matrix", posterior: NDArray[np.float64], annotators: int, smoothing: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """M step: return priors (K,) and confusion matrices (A, K, K)."""
    classes = posterior.shape[1]
    answers = (vote_matrix @ posterior).reshape(annotators, classes, classes).transpose(0, 2, 1)
    pooled = np.maximum(answers.sum(axis=0), _MIN_PROBABILITY)
    counts = answers + smoothing * pooled / pooled.sum(axis=1, keepdims=True)
    given = answers.sum(axis=1) > 0  # (A, K) labels that an annotator used
    priors = posterior.sum(axis=0) / max(len(posterior), 1)
    priors = np.maximum(priors, _MIN_PROBABILITY * given.any(axis=0))
    given[~given.any(axis=1)] = True
    counts = np.maximum(counts, _MIN_PROBABILITY * given[:, None, :])
    return priors, counts / counts.sum(axis=2, keepdims=True)


def _expect(
    vote_matrix: "csr_matrix", priors: NDArray[np.float64], confusion: NDArray[np.float64]
) -> NDArray[np.float64]:
    """E step: return (C, K) posterior class probabilities."""
    classes = len(priors)
    with np.errstate(divide="ignore"):  # unused labels and classes
        log_likelihoods = np.log(confusion).transpose(0, 2, 1).reshape(-1, classes)  # (A*K, K)
        logs = np.log(priors) + vote_matrix.T @ log_likelihoods
    odds = np.exp(logs - logs.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return probabilities


_MIN_PROBABILITY = 1e-10  # keeps logarithms of counts and probabilities finite
