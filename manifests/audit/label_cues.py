"""Label cues: properties that predict a clip's class without its emotion.

Confounding: speaker, series, source or sentence alone; shallow cues: duration and loudness.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.base.emotions import EMOTIONS
from manifests.base.markdown import table
from manifests.base.outcome import counted
from manifests.storage.records import ManifestEntry

__all__ = ["LabelCues", "find_confounding", "find_label_cues", "find_shallow_cues", "table_uar"]

CONFOUNDERS = ("speaker", "series", "source", "sentence")
"""Keys that are tested one by one."""

CHANCE = 1 / len(EMOTIONS)


@dataclass(frozen=True)
class Confounding:
    """Score of a table "value → class" for one of `CONFOUNDERS`.

    ``uar`` is the unweighted average recall of the classes present, 0..1, ``chance`` the UAR of
    guessing, ``null`` the 99th percentile of the table's UAR with permuted values.
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
    frequency, which maximises this figure, 0..1. Tied classes, or all for a new value, count in
    part. All arrays are (n,), counted from 0; no class is empty.

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


@dataclass(frozen=True)
class ShallowCues:
    """UAR on test (0..1) of duration and loudness, trained on train; ``chance`` is of guessing."""

    uar: float
    chance: float
    clips: int


def find_shallow_cues(
    entries: Sequence[ManifestEntry], loudness: Mapping[str, float]
) -> ShallowCues | None:
    """Return the score of a Gaussian classifier of duration and loudness (RMS level in dBFS).

    It is quadratic discriminant analysis with equal priors and covariances shrunk towards the
    pooled one, so that a class with few clips has one. Clips without a loudness are left out. None
    if train or test has fewer than two classes.
    """
    sides = {
        side: [entry for entry in entries if entry.split == side and entry.clip_id in loudness]
        for side in ("train", "test")
    }
    classes = {
        side: np.array([EMOTIONS.index(entry.emotion) for entry in clips], dtype=np.int64)
        for side, clips in sides.items()
    }
    learnt = [name for name in range(len(EMOTIONS)) if np.sum(classes["train"] == name) > 1]
    tested = np.unique(classes["test"])
    if len(learnt) < 2 or len(tested) < 2:
        return None
    cues = {
        side: np.array([[entry.duration, loudness[entry.clip_id]] for entry in clips])
        for side, clips in sides.items()
    }
    likelihoods = _log_likelihoods(cues["train"], classes["train"], learnt, cues["test"])
    predicted = np.array(learnt)[likelihoods.argmax(axis=1)]
    recalls = [np.mean(predicted[classes["test"] == name] == name) for name in tested]
    return ShallowCues(
        round(float(np.mean(recalls)), 4), round(1 / len(tested), 4), len(classes["test"])
    )


def _log_likelihoods(
    cues: NDArray[np.float64],
    classes: NDArray[np.int64],
    learnt: Sequence[int],
    queries: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the log-likelihood of each query clip under each class, (n, C)."""
    floor = _LEAST_VARIANCE * np.eye(cues.shape[1])
    means = np.array([cues[classes == name].mean(axis=0) for name in learnt])
    scatter = [np.cov(cues[classes == name].T) for name in learnt]
    pooled = np.mean(scatter, axis=0)
    likelihoods = np.empty((len(queries), len(learnt)))
    for number, own in enumerate(scatter):
        covariance = (1 - _SHRINKAGE) * own + _SHRINKAGE * pooled + floor
        centred = queries - means[number]
        distance = np.einsum("ni,ij,nj->n", centred, np.linalg.inv(covariance), centred)
        likelihoods[:, number] = -0.5 * (distance + np.linalg.slogdet(covariance)[1])
    return likelihoods


_SHRINKAGE = 0.1
_LEAST_VARIANCE = 1e-4


@dataclass(frozen=True)
class LabelCues:
    """Scores of baselines that ignore the emotion; ``cues`` is None for a small train or test."""

    confounding: dict[str, Confounding]
    cues: ShallowCues | None

    def warnings(self) -> list[str]:
        """Return a sentence for each confounded key."""
        return [score.describe() for score in self.confounding.values() if score.confounded]

    def row(self) -> dict[str, Any]:
        """Return a JSON-ready row."""
        return {
            "confounding": {key: score.row() for key, score in self.confounding.items()},
            "shallow_cues": asdict(self.cues) if self.cues else None,
        }

    def markdown(self) -> str:
        """Return the section of the card."""
        rows = [
            [score.key, score.values, *(f"{x:.2f}" for x in (score.uar, score.chance, score.null))]
            for score in self.confounding.values()
        ]
        body = "No speaker, series, source or sentence of the clips is known that could predict it."
        if rows:
            head = ["from", "values", "UAR", "chance", "chance, 99 %"]
            body = f"{_TABLE}\n\n" + table(head, rows)
        if self.cues is None:
            return body
        return (
            f"{body}\n\nFrom duration and loudness alone, fitted on train: UAR {self.cues.uar:.2f} "
            f"on {counted(self.cues.clips, 'clip')} of test (chance {self.cues.chance:.2f})."
        )


def find_label_cues(entries: Sequence[ManifestEntry], loudness: Mapping[str, float]) -> LabelCues:
    """Return the label cues of divided clips; ``loudness`` is the RMS level in dBFS by clip id."""
    return LabelCues(find_confounding(entries), find_shallow_cues(entries, loudness))


_TABLE = "The class predicted from one key alone by a table, in five folds over all clips (UAR):"
