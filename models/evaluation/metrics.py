"""Accuracy, UAR, macro-F1, and what each class gets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassMetrics", "Metrics", "confusion_matrix", "measure", "uar"]

Labels = NDArray[np.int64]


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
    right, have, named = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    occurs = have > 0
    f1 = 2 * right / np.maximum(have + named, 1)
    seen = occurs | (named > 0)
    return Metrics(
        n=len(truth),
        accuracy=float(right.sum() / len(truth)),
        uar=float((right[occurs] / have[occurs]).mean()),
        macro_f1=float(f1[seen].mean()),
        chance_accuracy=float(have.max() / len(truth)),
        chance_uar=float(1 / occurs.sum()),
        classes=[
            ClassMetrics(
                name,
                int(have[one]),
                float(right[one] / named[one]) if named[one] else None,
                float(right[one] / have[one]) if have[one] else None,
                float(f1[one]) if seen[one] else None,
            )
            for one, name in enumerate(names)
        ],
        confusion=confusion.tolist(),
    )
