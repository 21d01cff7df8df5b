"""How far a clip's class can be told from who speaks, or where it is from, without hearing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from manifests.records import ManifestEntry

__all__ = ["CONFOUNDERS", "Confounding", "find_confounding", "table_uar"]

CONFOUNDERS = ("speaker", "series", "source", "sentence")
"""Each alone is asked to tell the class."""

CHANCE = 1 / len(EMOTIONS)


@dataclass(frozen=True)
class Confounding:
    """What a table "value → class" scores.

    Attributes:
        key: one of `CONFOUNDERS`.
        values: how many different ones there are.
        uar: mean recall of the classes that there are, 0..1.
        chance: what no knowledge scores.
        null: 99th percentile of what the same table scores when the classes are dealt at random.
    """

    key: str
    values: int
    uar: float
    chance: float
    null: float

    @property
    def confounded(self) -> bool:
        """Whether the score is beyond chance by more than luck and by more than 0.10."""
        return self.uar > self.null and self.uar > self.chance + _WORTH_A_WARNING

    def describe(self) -> str:
        """Return it in words."""
        return (
            f"the class of a clip can be told from its {self.key} alone: UAR {self.uar:.2f} "
            f"(chance {self.chance:.2f}); a model that recognises the {self.key} looks as if it "
            f"heard the emotion, so judge it on clips of others only"
        )

    def row(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "values": self.values,
            "uar": self.uar,
            "chance": self.chance,
            "null_99": self.null,
            "confounded": self.confounded,
        }


def find_confounding(entries: Sequence[ManifestEntry], seed: int = 0) -> dict[str, Confounding]:
    """Return what speaker, series, source and sentence alone tell of the class, by key.

    Clips without the value are left out, and so is a key that fewer than two values or classes
    remain of. All clips count, held ones too, regardless of groups and sides: the question is what
    the material gives away, not what the split does.

    Args:
        entries: the clips of a manifest.
        seed: settles folds and permutations.
    """
    found = {}
    for key in CONFOUNDERS:
        name = "source_id" if key == "source" else key
        known = [entry for entry in entries if getattr(entry, name) is not None]
        values = np.unique([getattr(entry, name) for entry in known], return_inverse=True)[1]
        classes = np.unique([entry.emotion for entry in known], return_inverse=True)[1]
        if len(known) and values.max() > 0 and classes.max() > 0:
            found[key] = _confounding(key, values, classes, seed)
    return found


def table_uar(
    values: NDArray[np.int64], classes: NDArray[np.int64], folds: NDArray[np.int64]
) -> float:
    """Return the mean recall, over folds together, of a table "value → class" of the other folds.

    The table names the class that is most frequent with the value relative to how frequent that
    class is at all, which is the best that a table can do for this figure. Where classes are
    equal, or the value is new, each of them counts in part.

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
    """Return a fold for each clip, each class spread evenly over them."""
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
_MANY = 100_000  # clips; among more, chance varies little
_WORTH_A_WARNING = 0.10
