"""What is scored without listening: by naming the most frequent class, or classes at random."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.metrics import scores

__all__ = ["Chance", "chance"]

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Chance:
    """Figures of a way to answer that hears nothing.

    Attributes:
        name: ``majority`` or ``stratified random``.
        accuracy: expected.
        uar: expected.
        macro_f1: expected.
    """

    name: str
    accuracy: float
    uar: float
    macro_f1: float


def chance(truth: Labels, learnt: Labels, classes: int, *, seed: int = 0) -> list[Chance]:
    """Return what the most frequent class scores, and classes named as often as they were learnt.

    Args:
        truth: numbers of the classes of the clips asked about (n,), not empty.
        learnt: numbers of the classes of the training clips; those asked about if there are none.
        classes: how many there are.
        seed: settles the random answers, of which the mean over 2,000 is given.
    """
    seen = np.bincount(learnt if len(learnt) else truth, minlength=classes)
    have = np.bincount(truth, minlength=classes)
    majority = np.zeros((1, classes, classes), dtype=np.int64)
    majority[0, :, seen.argmax()] = have
    generator = np.random.default_rng(seed)
    rows = [generator.multinomial(n, seen / seen.sum(), size=_DRAWS) for n in have]
    return [
        _mean("majority", majority),
        _mean("stratified random", np.stack(rows, axis=1)),
    ]


def _mean(name: str, confusions: Labels) -> Chance:
    found = scores(confusions)
    figures = (found.accuracy, found.uar, found.macro_f1)
    return Chance(name, *(float(one.mean()) for one in figures))


_DRAWS = 2000
