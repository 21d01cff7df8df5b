"""Prediction of the class from a clip's duration and loudness alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from manifests.records import ManifestEntry

__all__ = ["ShallowCues", "find_shallow_cues"]


@dataclass(frozen=True)
class ShallowCues:
    """Score of duration and loudness on test, trained on train.

    Attributes:
        uar: unweighted average recall of the classes in test, 0..1.
        chance: UAR of guessing.
        clips: number of clips of test.
    """

    uar: float
    chance: float
    clips: int

    def row(self) -> dict[str, Any]:
        """Return a JSON-ready row."""
        return {"uar": self.uar, "chance": self.chance, "clips": self.clips}


def find_shallow_cues(
    entries: Sequence[ManifestEntry], loudness: Mapping[str, float]
) -> ShallowCues | None:
    """Return the score of a Gaussian classifier of duration and loudness.

    It is quadratic discriminant analysis with equal priors and covariances shrunk towards the
    pooled one, so that a class with few clips has one. None if train or test has fewer than two
    classes.

    Args:
        entries: divided clips of a manifest.
        loudness: RMS level in dBFS by clip id; clips without one are left out.
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
