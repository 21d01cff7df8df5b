"""Accuracy, UAR, macro-F1, and what each class gets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassMetrics", "Metrics", "Scores", "confusion_matrix", "measure", "scores", "uar"]

Labels = NDArray[np.int64]
Figures = NDArray[np.float64]


@dataclass(frozen=True)
class ClassMetrics:
    """One class: its clips, and how many were found and rightly named.

    ``precision`` is None where the class was never predicted, ``recall`` where it has no clips.
    """

    name: str
    n: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Metrics:
    """What a set of predictions comes to.

    Attributes:
        n: clips.
        accuracy: share told right.
        uar: unweighted average recall: mean recall of the classes that occur.
        macro_f1: mean F1 of the classes that occur or were predicted.
        chance_accuracy: accuracy of naming the most frequent class every time.
        chance_uar: UAR of naming one class every time: 1 / classes that occur.
        classes: one by one.
        confusion: clips of class (row) told as class (column).
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
    """Figures of many confusion matrices at once.

    Attributes:
        accuracy: (n,).
        uar: over the classes that occur (n,).
        macro_f1: over the classes that occur or were predicted (n,).
        precision: (n, classes), NaN where a class was never predicted.
        recall: (n, classes), NaN where a class doesn't occur.
        f1: (n, classes), NaN where a class neither occurs nor was predicted.
    """

    accuracy: Figures
    uar: Figures
    macro_f1: Figures
    precision: Figures
    recall: Figures
    f1: Figures


def scores(confusions: NDArray[np.int64]) -> Scores:
    """Return the figures of confusion matrices (n, classes, classes), none of them empty.

    Example:
        >>> scores(np.array([[[1, 1], [0, 1]]])).uar
        array([0.75])
    """
    right = np.diagonal(confusions, axis1=1, axis2=2)
    have, named = confusions.sum(axis=2), confusions.sum(axis=1)
    with np.errstate(invalid="ignore"):
        precision, recall, f1 = right / named, right / have, 2 * right / (have + named)
    accuracy = right.sum(axis=1) / have.sum(axis=1)
    return Scores(accuracy, _mean(recall), _mean(f1), precision, recall, f1)


def confusion_matrix(truth: Labels, told: Labels, classes: int) -> NDArray[np.int64]:
    """Return how many clips of each class (row) were told as each (column).

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
        array([[1, 1],
               [0, 1]])
    """
    return np.bincount(truth * classes + told, minlength=classes**2).reshape(classes, classes)


def uar(truth: Labels, told: Labels) -> float:
    """Return the mean recall of the classes that occur.

    Example:
        >>> uar(np.array([0, 0, 1]), np.array([0, 1, 1]))
        0.75
    """
    return float(np.mean([np.mean(told[truth == one] == one) for one in np.unique(truth)]))


def measure(truth: Labels, told: Labels, names: Sequence[str]) -> Metrics:
    """Return all metrics of at least one prediction.

    Args:
        truth: numbers of the classes (n,).
        told: numbers of the predicted classes (n,).
        names: of the classes.

    Raises:
        ValueError: if there are no predictions.
    """
    if not len(truth):
        raise ValueError("no predictions to measure")
    confusion = confusion_matrix(truth, told, len(names))
    found = scores(confusion[None])
    have = confusion.sum(axis=1)
    shares = zip(found.precision[0], found.recall[0], found.f1[0], strict=True)
    return Metrics(
        n=len(truth),
        accuracy=float(found.accuracy[0]),
        uar=float(found.uar[0]),
        macro_f1=float(found.macro_f1[0]),
        chance_accuracy=float(have.max() / len(truth)),
        chance_uar=float(1 / (have > 0).sum()),
        classes=[
            ClassMetrics(name, int(n), *map(_number, three))
            for name, n, three in zip(names, have, shares, strict=True)
        ],
        confusion=confusion.tolist(),
    )


def _mean(values: Figures) -> Figures:
    """Return the mean of each row's numbers, NaN left out; every row has one."""
    there = ~np.isnan(values)
    mean: Figures = np.where(there, values, 0.0).sum(axis=1) / there.sum(axis=1)
    return mean


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
