"""Confounding: how well speaker, series, source or sentence alone predict a clip's class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from manifests.records import ManifestEntry

__all__ = ["CONFOUNDERS", "Confounding", "find_confounding", "table_uar"]

CONFOUNDERS = ("speaker", "series", "source", "sentence")
"""Keys that are tested one by one."""

CHANCE = 1 / len(EMOTIONS)


@dataclass(frozen=True)
class Confounding:
    """Score of a table "value → class".

    Attributes:
        key: one of `CONFOUNDERS`.
        values: number of distinct values.
        uar: unweighted average recall of the classes present, 0..1.
        chance: UAR of guessing.
        null: 99th percentile of the same table's UAR with permuted values.
    """

    key: str
    values: int
    uar: float
    chance: float
    null: float

    @property
    def confounded(self) -> bool:
        """True if UAR exceeds both the 99th percentile and chance by more than 0.10."""
        return self.uar > self.null and self.uar > self.chance + _WORTH_A_WARNING

    def describe(self) -> str:
        """Return a warning in words."""
        return (
            f"the class of a clip can be predicted from its {self.key} alone: UAR {self.uar:.2f} "
            f"(chance {self.chance:.2f}); a model that recognises the {self.key} seems to "
            f"recognise the emotion, so evaluate it on clips of others only"
        )

    def row(self) -> dict[str, Any]:
        """Return a JSON-ready row."""
        return {
            "values": self.values,
            "uar": self.uar,
            "chance": self.chance,
            "null_99": self.null,
            "confounded": self.confounded,
        }


def find_confounding(entries: Sequence[ManifestEntry], seed: int = 0) -> dict[str, Confounding]:
    """Return the scores of speaker, series, source and sentence as predictors of the class, by key.

    Clips without the value are left out, and so is a key with fewer than two values or classes. All
    clips count, including held ones, regardless of groups and sides: this measures the data, not
    the split.

    Args:
        entries: clips of a manifest.
        seed: seed of folds and permutations.
    """
    scores = {}
    for key in CONFOUNDERS:
        name = "source_id" if key == "source" else key
        known = [entry for entry in entries if getattr(entry, name) is not None]
        values = np.unique([getattr(entry, name) for entry in known], return_inverse=True)[1]
        classes = np.unique([entry.emotion for entry in known], return_inverse=True)[1]
        if len(known) and values.max() > 0 and classes.max() > 0:
            scores[key] = _confounding(key, values, classes, seed)
    return scores


def table_uar(
    values: NDArray[np.int64], classes: NDArray[np.int64], folds: NDArray[np.int64]
) -> float:
    """Return the mean recall, over folds together, of a table "value → class" of the other folds.

    The table predicts the class that is most frequent with the value relative to its overall
    frequency, which maximises this figure. Tied classes, or all for a new value, count in part.

    Args:
        values: (n,) from 0.
        classes: (n,) from 0, none of them empty.
        folds: (n,) from 0.

    Returns:
        0..1.

    Example:
        >>> every = np.arange(40)
        >>> float(table_uar(every % 2, every % 2, every // 2 % 5))
        1.0
        >>> float(table_uar(every % 2, every // 2 % 2, every // 4 % 5))
        0.5
    """
    return _uar(_counts(values, classes, folds, folds.max() + 1))


def _confounding(
    key: str, values: NDArray[np.int64], classes: NDArray[np.int64], seed: int
) -> Confounding:
    rng = np.random.default_rng(seed)
    folds = _stratified(classes, rng)
    few = len(values) <= _MANY
    dealt = []
    for _ in range(_PERMUTATIONS if few else _FEWER_PERMUTATIONS):
        order = rng.permutation(len(values))  # classes keep their folds: these stay stratified
        dealt.append(_uar(_counts(values[order], classes, folds, _FOLDS)))
    return Confounding(
        key,
        int(values.max()) + 1,
        round(_uar(_counts(values, classes, folds, _FOLDS)), 4),
        round(1 / (int(classes.max()) + 1), 4),
        round(float(np.quantile(dealt, 0.99, method="higher")), 4),
    )


def _stratified(classes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a fold for each clip, with each class spread evenly over the folds."""
    order = rng.permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    folds = np.empty(len(classes), dtype=np.int64)
    folds[order] = np.arange(len(classes)) % _FOLDS
    return folds


def _counts(
    values: NDArray[np.int64], classes: NDArray[np.int64], folds: NDArray[np.int64], n_folds: int
) -> NDArray[np.int64]:
    """Return clips of each value, class and fold, (V, C, F)."""
    shape = (int(values.max()) + 1, int(classes.max()) + 1, int(n_folds))
    cell = (values * shape[1] + classes) * shape[2] + folds
    return np.bincount(cell, minlength=shape[0] * shape[1] * shape[2]).reshape(shape)


def _uar(counts: NDArray[np.int64]) -> float:
    learnt = counts.sum(axis=2, keepdims=True) - counts  # (V, C, F), of the other folds
    share = learnt / np.maximum(learnt.sum(axis=0), 1)
    best = share == share.max(axis=1, keepdims=True)
    hits = (counts * (best / best.sum(axis=1, keepdims=True))).sum(axis=(0, 2))
    return float(np.mean(hits / counts.sum(axis=(0, 2))))


_FOLDS = 5
_PERMUTATIONS = 200
_FEWER_PERMUTATIONS = 20
_MANY = 100_000  # clips; with more, the permuted scores vary little
_WORTH_A_WARNING = 0.10
