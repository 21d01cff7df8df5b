"""Whether probabilities mean what they say, and the temperature that makes them do so better."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from models.examples import Example
    from models.fitted import FittedModel

__all__ = [
    "FEWEST",
    "Bin",
    "Calibration",
    "apply_temperature",
    "calibrated",
    "calibration",
    "fit_temperature",
    "log_loss",
]

FEWEST = 20
"""Clips of validation that a temperature is fitted on at least."""

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Bin:
    """The clips whose most probable class has a probability within a tenth.

    Attributes:
        low: its lower edge; the bin is without it, but for the first.
        high: its upper edge, within.
        n: clips.
        confidence: their mean probability, None without clips.
        accuracy: share of them told right, None without clips.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Calibration:
    """How far probabilities can be taken at their word.

    Attributes:
        ece: expected calibration error: mean distance of confidence and accuracy over the bins.
        brier: mean squared distance of the probabilities from the truth, summed over classes, 0..2.
        log_loss: mean of -ln of the true class's probability.
        bins: by confidence, ten of equal width.
    """

    ece: float
    brier: float
    log_loss: float
    bins: list[Bin]


def calibration(probabilities: Probabilities, labels: Labels) -> Calibration:
    """Return how well calibrated at least one prediction is.

    Args:
        probabilities: of each class for each clip (n, classes).
        labels: numbers of the true classes (n,).

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, eq. 2-3;
        Brier, Monthly Weather Review 78, 1950.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * _BINS).astype(np.int64) - 1, 0, _BINS - 1)
    bins = [
        _bin(number, confidence[place == number], right[place == number]) for number in range(_BINS)
    ]
    gaps = [one.n * abs((one.confidence or 0.0) - (one.accuracy or 0.0)) for one in bins]
    distance = probabilities - np.eye(probabilities.shape[1])[labels]
    return Calibration(
        ece=float(sum(gaps) / len(labels)),
        brier=float(np.square(distance).sum(axis=1).mean()),
        log_loss=log_loss(probabilities, labels),
        bins=bins,
    )


def log_loss(probabilities: Probabilities, labels: Labels) -> float:
    """Return the mean of -ln of the true class's probability (n, classes), (n,)."""
    own = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(own, _LEAST)).mean())


def fit_temperature(probabilities: Probabilities, labels: Labels) -> float:
    """Return the temperature that makes held-out labels most probable; 1.0 with too few of them.

    Args:
        probabilities: of each class for each clip, at temperature 1 (n, classes).
        labels: numbers of the true classes (n,).

    Returns:
        Above 1 if the model is too sure of itself, below if it isn't sure enough; 0.05 to 20.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, sec. 4.2.
    """
    if len(labels) < FEWEST:
        return 1.0
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        return log_loss(apply_temperature(probabilities, float(np.exp(logarithm))), labels)

    found = minimize_scalar(loss, bounds=_RANGE, method="bounded", options={"xatol": 1e-4})
    return round(float(np.exp(found.x)), 6) if found.fun < loss(0.0) else 1.0


def apply_temperature(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Return the probabilities (n, classes) with their logits divided by a temperature.

    Example:
        >>> apply_temperature(np.array([[0.2, 0.8]]), 2.0).round(3)
        array([[0.333, 0.667]])
    """
    if temperature == 1.0 or not len(probabilities):
        return probabilities
    logits = np.log(np.maximum(probabilities, _LEAST)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: Probabilities = raised / raised.sum(axis=1, keepdims=True)
    return scaled


def calibrated(
    model: "FittedModel", validation: Sequence["Example"]
) -> tuple["FittedModel", str | None]:
    """Return a model with its temperature fitted on validation clips, and what to warn of.

    Args:
        model: trained, at temperature 1.
        validation: clips with labels, maybe none.
    """
    if len(validation) < FEWEST:
        return model, (
            f"the validation split has {len(validation)} clips, where {FEWEST} are needed to "
            f"calibrate on: take the model's probabilities with care"
        )
    labels = np.array([one.label for one in validation], dtype=np.int64)
    return replace(
        model, temperature=fit_temperature(model.probabilities(validation), labels)
    ), None


def _bin(number: int, confidence: Probabilities, right: NDArray[np.bool_]) -> Bin:
    edges = number / _BINS, (number + 1) / _BINS
    if not len(confidence):
        return Bin(*edges, 0, None, None)
    return Bin(*edges, len(confidence), float(confidence.mean()), float(right.mean()))


_BINS = 10
_LEAST = 1e-12  # probability
_RANGE = (np.log(0.05), np.log(20.0))
