"""Fit a model to a speaker's clips without anybody's labels."""

import numpy as np
from numpy.typing import NDArray

from models.encoders.audio import FUNCTIONAL_LIMIT

__all__ = ["adapt_logits", "adapt_speakers", "softmax"]

Numbers = NDArray[np.float64]


def adapt_speakers(
    logits: Numbers, functionals: NDArray[np.float32], speakers: NDArray[np.int64]
) -> Numbers:
    """Return logits (n, classes) with those of each speaker of enough clips :func:`adapt_logits`.

    Args:
        logits: what the model says (n, classes).
        functionals: of the clips, normalised (n, F).
        speakers: numbers of the clips' speakers (n,), -1 where unknown.
    """
    found = logits.copy()
    for speaker in np.unique(speakers[speakers >= 0]):
        own = speakers == speaker
        if own.sum() >= _ENOUGH:
            found[own] = adapt_logits(logits[own], functionals[own])
    return found


def adapt_logits(logits: Numbers, functionals: NDArray[np.float32]) -> Numbers:
    """Return the logits (n, classes) of a speaker's clips after fitting to them.

    By turns, clips are taken to be what the model says of them, p ∝ q ** 3, and its layer of
    functionals x is moved by the D, d that make Σ CE(p, z + D x + d) + 50 / 2 · (|D|² + |d|²)
    least. So few clips move it little.

    Args:
        logits: z, what the model says (n, classes).
        functionals: x, of the clips, normalised (n, F).

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

    n, classes = logits.shape
    near = np.clip(functionals.astype(np.float64), -FUNCTIONAL_LIMIT, FUNCTIONAL_LIMIT)
    seen = np.concatenate([near, np.ones((n, 1))], axis=1)  # (n, F + 1)
    moved = np.zeros(classes * seen.shape[1])
    for _ in range(_TURNS):
        taken = softmax(_SURER * (logits + seen @ moved.reshape(-1, classes)))

        def cost(move: Numbers, taken: Numbers = taken) -> tuple[float, Numbers]:
            told = softmax(logits + seen @ move.reshape(-1, classes))
            entropy = -(taken * np.log(np.maximum(told, _LEAST))).sum()
            slope = (seen.T @ (told - taken)).ravel() + _STAY * move
            return float(entropy + 0.5 * _STAY * move @ move), slope

        moved = minimize(cost, moved, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    found: Numbers = logits + seen @ moved.reshape(-1, classes)
    return found


def softmax(logits: Numbers) -> Numbers:
    """Return the probabilities (n, classes) that logits stand for."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Numbers = raised / raised.sum(axis=1, keepdims=True)
    return shares


_ENOUGH = 10  # clips of a speaker; fewer would move the layer next to nothing
_TURNS = 10
_SURER = 3.0  # times as sure as the model is
_STAY = 50.0  # clips' worth of the layer as it was
_STEPS = 10  # of each turn; the next goes on from there
_LEAST = 1e-12
