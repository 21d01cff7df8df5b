"""Accuracy, UAR, macro-F1, confusion matrix, and precision, recall and F1 per class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassMetrics", "Metrics", "Scores", "confusion_matrix", "measure", "scores", "uar"]

Labels = NDArray[np.int64]
Figures = NDArray[np.float64]


@dataclass(frozen=True)
class ClassMetrics:
    """Metrics of a class; precision is None if never predicted, recall if it has no clips."""

    name: str
    n: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Metrics:
    """Metrics of a set of predictions.

    Attributes:
        n: number of clips.
        accuracy: share of correct predictions.
        uar: unweighted average recall: mean recall of the classes that occur.
        macro_f1: mean F1 of the classes that occur or were predicted.
        chance_accuracy: accuracy of always predicting the most frequent class.
        chance_uar: UAR of always predicting one class: 1 / classes that occur.
        classes: metrics per class.
        confusion: number of clips by true class (row) and predicted class (column).
    """

    n: int
    accuracy: float
    uar: float
    macro_f1: float
    chance_accuracy: float
    chance_uar: float
    classes: list[ClassMetrics]
    confusion: list[list[int]]


@dataclass(frozen=True)
class Scores:
    """Metrics (n,) of n confusion matrices, and of each class (n, classes).

    NaN stands for the precision of a class never predicted, the recall of one that doesn't occur,
    and the F1 of one to which both apply; means leave them out.
    """

    accuracy: Figures
    uar: Figures
    macro_f1: Figures
    precision: Figures
    recall: Figures
    f1: Figures


def scores(confusions: NDArray[np.int64]) -> Scores:
    """Return the metrics of confusion matrices (n, classes, classes), none of them empty.

    Example:
        >>> scores(np.array([[[1, 1], [0, 1]]])).uar
        array([0.75])
    """
    correct = np.diagonal(confusions, axis1=1, axis2=2)
    actual, chosen = confusions.sum(axis=2), confusions.sum(axis=1)
    with np.errstate(invalid="ignore"):
        precision, recall, f1 = correct / chosen, correct / actual, 2 * correct / (actual + chosen)
    accuracy = correct.sum(axis=1) / actual.sum(axis=1)
    return Scores(accuracy, _row_means(recall), _row_means(f1), precision, recall, f1)


def confusion_matrix(truth: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Return the number of clips by true class (row) and predicted class (column).

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
        array([[1, 1],
               [0, 1]])
    """
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)


def uar(truth: Labels, predicted: Labels) -> float:
    """Return the mean recall of the classes that occur.

    Example:
        >>> uar(np.array([0, 0, 1]), np.array([0, 1, 1]))
        0.75
    """
    return float(
        np.mean([np.mean(predicted[truth == label] == label) for label in np.unique(truth)])
    )


def measure(truth: Labels, predicted: Labels, names: Sequence[str]) -> Metrics:
    """Return all metrics of predicted class numbers (n,); ValueError if there are none."""
    if not len(truth):
        raise ValueError("no predictions to measure")
    confusion = confusion_matrix(truth, predicted, len(names))
    figures = scores(confusion[None])
    counts = confusion.sum(axis=1)
    shares = zip(figures.precision[0], figures.recall[0], figures.f1[0], strict=True)
    return Metrics(
        n=len(truth),
        accuracy=float(figures.accuracy[0]),
        uar=float(figures.uar[0]),
        macro_f1=float(figures.macro_f1[0]),
        chance_accuracy=float(counts.max() / len(truth)),
        chance_uar=float(1 / (counts > 0).sum()),
        classes=[
            ClassMetrics(name, int(n), *map(_none_if_nan, three))
            for name, n, three in zip(names, counts, shares, strict=True)
        ],
        confusion=confusion.tolist(),
    )


def _row_means(values: Figures) -> Figures:
    """Return the mean of each row, ignoring NaN; every row has a number."""
    defined = ~np.isnan(values)
    mean: Figures = np.where(defined, values, 0.0).sum(axis=1) / defined.sum(axis=1)
    return mean


def _none_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
