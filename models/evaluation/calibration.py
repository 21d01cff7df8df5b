"""Calibration of predicted probabilities: its measures, and temperature scaling."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from manifests.base.outcome import counted

if TYPE_CHECKING:
    from models.data import Example
    from models.model import FittedModel

__all__ = [
    "MIN_CLIPS",
    "Bin",
    "Calibration",
    "apply_temperature",
    "calibrated",
    "calibration",
    "fit_temperature",
    "log_loss",
]

MIN_CLIPS = 20
"""Minimum number of validation clips for fitting a temperature."""

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Bin:
    """The ``n`` clips with their highest class probability above ``low``, up to ``high``.

    ``confidence`` is its mean, ``accuracy`` the share of correct predictions; both None without
    clips.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Calibration:
    """Calibration measures of a set of predictions.

    Attributes:
        ece: expected calibration error: mean distance of confidence and accuracy over the bins.
        brier: mean squared distance of the probabilities from the truth, summed over classes, 0..2.
        log_loss: mean of -ln of the true class's probability.
        bins: ten bins of equal width, by confidence.
    """

    ece: float
    brier: float
    log_loss: float
    bins: list[Bin]


def calibration(probabilities: Probabilities, labels: Labels) -> Calibration:
    """Return the calibration measures of probabilities (n, classes) for labels (n,), n at least 1.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, eq. 2-3; Brier,
    Monthly Weather Review 78, 1950.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.clip(np.ceil(confidence * _BINS).astype(np.int64) - 1, 0, _BINS - 1)
    bins = [
        _bin(number, confidence[bin_of == number], correct[bin_of == number])
        for number in range(_BINS)
    ]
    gaps = [part.n * abs((part.confidence or 0.0) - (part.accuracy or 0.0)) for part in bins]
    distance = probabilities - np.eye(probabilities.shape[1])[labels]
    return Calibration(
        ece=float(sum(gaps) / len(labels)),
        brier=float(np.square(distance).sum(axis=1).mean()),
        log_loss=log_loss(probabilities, labels),
        bins=bins,
    )


def log_loss(probabilities: Probabilities, labels: Labels) -> float:
    """Return the mean of -ln of the true class's probability (n, classes), (n,)."""
    of_truth = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(of_truth, _MIN_PROBABILITY)).mean())


def fit_temperature(probabilities: Probabilities, labels: Labels) -> float:
    """Return the temperature that minimises the log loss: 0.05 to 20, 1.0 with too few labels.

    It is above 1 for an overconfident model. ``probabilities`` (n, classes) are those at
    temperature 1 of held-out clips.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, sec. 4.2.
    """
    if len(labels) < MIN_CLIPS:
        return 1.0
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        return log_loss(apply_temperature(probabilities, float(np.exp(logarithm))), labels)

    optimum = minimize_scalar(loss, bounds=_LOG_RANGE, method="bounded", options={"xatol": 1e-4})
    return round(float(np.exp(optimum.x)), 6) if optimum.fun < loss(0.0) else 1.0


def apply_temperature(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Return the probabilities (n, classes) with their logits divided by a temperature.

    Example:
        >>> apply_temperature(np.array([[0.2, 0.8]]), 2.0).round(3)
        array([[0.333, 0.667]])
    """
    if temperature == 1.0 or not len(probabilities):
        return probabilities
    from scipy.special import softmax

    logits = np.log(np.maximum(probabilities, _MIN_PROBABILITY)) / temperature
    scaled: Probabilities = softmax(logits, axis=1)
    return scaled


def calibrated(
    model: "FittedModel", validation: Sequence["Example"]
) -> tuple["FittedModel", str | None]:
    """Return a model with its temperature fitted on validation clips, and a warning or None."""
    if len(validation) < MIN_CLIPS:
        return model, (
            f"the validation split has {counted(len(validation), 'clip')}; calibration needs "
            f"{MIN_CLIPS}, so the model's probabilities are uncalibrated"
        )
    labels = np.array([example.label for example in validation], dtype=np.int64)
    return replace(
        model, temperature=fit_temperature(model.probabilities(validation), labels)
    ), None


def _bin(number: int, confidence: Probabilities, correct: NDArray[np.bool_]) -> Bin:
    edges = number / _BINS, (number + 1) / _BINS
    if not len(confidence):
        return Bin(*edges, 0, None, None)
    return Bin(*edges, len(confidence), float(confidence.mean()), float(correct.mean()))


_BINS = 10
_MIN_PROBABILITY = 1e-12
_LOG_RANGE = (np.log(0.05), np.log(20.0))
