"""Chance levels: metrics of a majority classifier and of a stratified random one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.metrics import scores

__all__ = ["ChanceLevel", "chance_levels"]

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class ChanceLevel:
    """Expected metrics of a classifier that ignores its input.

    Attributes:
        name: ``majority`` or ``stratified random``.
        accuracy: expected accuracy.
        uar: expected UAR.
        macro_f1: expected macro-F1.
    """

    name: str
    accuracy: float
    uar: float
    macro_f1: float


def chance_levels(
    truth: Labels, training: Labels, classes: int, *, seed: int = 0
) -> list[ChanceLevel]:
    """Return the metrics of a majority classifier and of a stratified random one.

    Args:
        truth: true class numbers of the evaluated clips (n,), not empty.
        training: class numbers of the training clips; if empty, those of ``truth`` count.
        classes: number of classes.
        seed: seed of the random predictions; their metrics are means over 2,000 draws.
    """
    prior = np.bincount(training if len(training) else truth, minlength=classes)
    per_class = np.bincount(truth, minlength=classes)
    majority = np.zeros((1, classes, classes), dtype=np.int64)
    majority[0, :, prior.argmax()] = per_class
    generator = np.random.default_rng(seed)
    rows = [generator.multinomial(n, prior / prior.sum(), size=_RANDOM_DRAWS) for n in per_class]
    return [
        _mean_scores("majority", majority),
        _mean_scores("stratified random", np.stack(rows, axis=1)),
    ]


def _mean_scores(name: str, confusions: Labels) -> ChanceLevel:
    means = scores(confusions)
    figures = (means.accuracy, means.uar, means.macro_f1)
    return ChanceLevel(name, *(float(values.mean()) for values in figures))


_RANDOM_DRAWS = 2000
