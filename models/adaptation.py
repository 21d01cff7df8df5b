"""Unsupervised adaptation of a model to each speaker's clips."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["adapt_logits", "adapt_speakers"]

Numbers = NDArray[np.float64]


def adapt_speakers(
    logits: Numbers, statistics: NDArray[np.float32], speakers: NDArray[np.int64]
) -> Numbers:
    """Return logits (n, classes), adapted by :func:`adapt_logits` for speakers with enough clips.

    ``statistics`` (n, F) are normalised and limited; ``speakers`` (n,) are -1 where unknown.
    """
    adapted = logits.copy()
    for speaker in np.unique(speakers[speakers >= 0]):
        own = speakers == speaker
        if own.sum() >= _MIN_CLIPS:
            adapted[own] = adapt_logits(logits[own], statistics[own])
    return adapted


def adapt_logits(logits: Numbers, statistics: NDArray[np.float32]) -> Numbers:
    """Return the logits (n, classes) of one speaker's clips after self-training on them.

    In each iteration the model's own predictions q are sharpened to targets p ∝ q ** 2, and an
    update D, d of its layer on statistics x (n, F) minimises Σ CE(p, z + D x + d) + F / 4 ·
    (|D|² + |d|²), so few clips change it little; z are the logits.

    Source: after Scudder, "Probability of error of some adaptive pattern-recognition machines",
    1965 (self-training), and Grandvalet and Bengio, "Semi-supervised learning by entropy
    minimization", NIPS 2004.

    Example:
        >>> sure, unsure = [0.7, -0.7], [-0.1, 0.1]
        >>> logits = np.array([sure] * 30 + [unsure] + [[-0.7, 0.7]] * 30)
        >>> statistics = np.array([[1.0]] * 31 + [[-1.0]] * 30)
        >>> adapt_logits(logits, statistics)[30].argmax()
        np.int64(0)
    """
    from scipy.optimize import minimize
    from scipy.special import softmax

    n, classes = logits.shape
    inputs = np.concatenate([statistics.astype(np.float64), np.ones((n, 1))], axis=1)  # (n, F + 1)
    decay = _DECAY * statistics.shape[1]
    if inputs.shape[1] > n:  # the update is a combination of the rows: the same in fewer columns
        left, sizes, _ = np.linalg.svd(inputs, full_matrices=False)
        inputs = left * sizes
    update = np.zeros(classes * inputs.shape[1])
    for _ in range(_ITERATIONS):
        scores = logits + inputs @ update.reshape(-1, classes)
        targets = softmax(_SHARPENING * scores, axis=1)

        def cost(update: Numbers, targets: Numbers = targets) -> tuple[float, Numbers]:
            predicted = softmax(logits + inputs @ update.reshape(-1, classes), axis=1)
            entropy = -(targets * np.log(np.maximum(predicted, _EPSILON))).sum()
            gradient = (inputs.T @ (predicted - targets)).ravel() + decay * update
            return float(entropy + 0.5 * decay * update @ update), gradient

        update = minimize(cost, update, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    adapted: Numbers = logits + inputs @ update.reshape(-1, classes)
    return adapted


_MIN_CLIPS = 10  # clips of a speaker; fewer would hardly change the layer
_ITERATIONS = 10
_SHARPENING = 2.0  # exponent of the predicted probabilities
_DECAY = 0.5  # L2 penalty of the update, in clips per statistic
_STEPS = 10  # per iteration; the next continues from there
_EPSILON = 1e-12
