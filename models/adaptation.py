"""Unsupervised adaptation of a model to each speaker's clips."""

import numpy as np
from numpy.typing import NDArray

from models.encoders.audio import FUNCTIONAL_LIMIT

__all__ = ["adapt_logits", "adapt_speakers"]

Numbers = NDArray[np.float64]


def adapt_speakers(
    logits: Numbers, functionals: NDArray[np.float32], speakers: NDArray[np.int64]
) -> Numbers:
    """Return logits (n, classes), adapted by :func:`adapt_logits` for speakers with enough clips.

    ``functionals`` (n, F) are normalised; ``speakers`` (n,) are -1 where unknown.
    """
    adapted = logits.copy()
    for speaker in np.unique(speakers[speakers >= 0]):
        own = speakers == speaker
        if own.sum() >= _MIN_CLIPS:
            adapted[own] = adapt_logits(logits[own], functionals[own])
    return adapted


def adapt_logits(logits: Numbers, functionals: NDArray[np.float32]) -> Numbers:
    """Return the logits (n, classes) of one speaker's clips after self-training on them.

    In each iteration the model's own predictions q are sharpened to targets p ∝ q ** 3, and an
    update D, d of its layer of functionals x (n, F), normalised, minimises Σ CE(p, z + D x + d) +
    50 / 2 · (|D|² + |d|²), so few clips change it little; z are the logits.

    Source: after Scudder, "Probability of error of some adaptive pattern-recognition machines",
    1965 (self-training), and Grandvalet and Bengio, "Semi-supervised learning by entropy
    minimization", NIPS 2004.

    Example:
        >>> sure, unsure = [0.7, -0.7], [-0.1, 0.1]
        >>> logits = np.array([sure] * 30 + [unsure] + [[-0.7, 0.7]] * 30)
        >>> functionals = np.array([[1.0]] * 31 + [[-1.0]] * 30)
        >>> adapt_logits(logits, functionals)[30].argmax()
        np.int64(0)
    """
    from scipy.optimize import minimize
    from scipy.special import softmax

    n, classes = logits.shape
    clamped = np.clip(functionals.astype(np.float64), -FUNCTIONAL_LIMIT, FUNCTIONAL_LIMIT)
    inputs = np.concatenate([clamped, np.ones((n, 1))], axis=1)  # (n, F + 1)
    update = np.zeros(classes * inputs.shape[1])
    for _ in range(_ITERATIONS):
        scores = logits + inputs @ update.reshape(-1, classes)
        targets = softmax(_SHARPENING * scores, axis=1)

        def cost(update: Numbers, targets: Numbers = targets) -> tuple[float, Numbers]:
            predicted = softmax(logits + inputs @ update.reshape(-1, classes), axis=1)
            entropy = -(targets * np.log(np.maximum(predicted, _EPSILON))).sum()
            gradient = (inputs.T @ (predicted - targets)).ravel() + _DECAY * update
            return float(entropy + 0.5 * _DECAY * update @ update), gradient

        update = minimize(cost, update, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    adapted: Numbers = logits + inputs @ update.reshape(-1, classes)
    return adapted


_MIN_CLIPS = 10  # clips of a speaker; fewer would hardly change the layer
_ITERATIONS = 10
_SHARPENING = 3.0  # exponent of the predicted probabilities
_DECAY = 50.0  # L2 penalty of the update, in clips
_STEPS = 10  # per iteration; the next continues from there
_EPSILON = 1e-12
