"""How far the class can be told from a clip's length and loudness alone."""

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
    """What duration and loudness score on test, learnt from train.

    Attributes:
        uar: mean recall of the classes that test has, 0..1.
        chance: what no knowledge scores.
        clips: of test.
    """

    uar: float
    chance: float
    clips: int

    def row(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {"uar": self.uar, "chance": self.chance, "clips": self.clips}


def find_shallow_cues(
    entries: Sequence[ManifestEntry], loudness: Mapping[str, float]
) -> ShallowCues | None:
    """Return how well a Gaussian for each class, of duration and loudness, tells the class.

    It is quadratic discriminant analysis with equal priors, its covariances shrunk towards the one
    of all classes, so that a class with few clips has one. None where train or test has no
    clip of two classes.

    Args:
        entries: the clips of a manifest, divided.
        loudness: RMS level of each clip in dBFS, by id; clips without one are left out.
    """
    sides = {
        side: [one for one in entries if one.split == side and one.clip_id in loudness]
        for side in ("train", "test")
    }
    classes = {
        side: np.array([EMOTIONS.index(one.emotion) for one in some], dtype=np.int64)
        for side, some in sides.items()
    }
    learnt = [name for name in range(len(EMOTIONS)) if np.sum(classes["train"] == name) > 1]
    asked = np.unique(classes["test"])
    if len(learnt) < 2 or len(asked) < 2:
        return None
    cues = {
        side: np.array([[one.duration, loudness[one.clip_id]] for one in some])
        for side, some in sides.items()
    }
    likely = _log_likelihoods(cues["train"], classes["train"], learnt, cues["test"])
    said = np.array(learnt)[likely.argmax(axis=1)]
    recalls = [np.mean(said[classes["test"] == name] == name) for name in asked]
    return ShallowCues(
        round(float(np.mean(recalls)), 4), round(1 / len(asked), 4), len(classes["test"])
    )


def _log_likelihoods(
    cues: NDArray[np.float64],
    classes: NDArray[np.int64],
    learnt: Sequence[int],
    asked: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the log-likelihood of each asked clip under each class, (n, C)."""
    floor = _LEAST_VARIANCE * np.eye(cues.shape[1])
    means = np.array([cues[classes == name].mean(axis=0) for name in learnt])
    scatter = [np.cov(cues[classes == name].T) for name in learnt]
    pooled = np.mean(scatter, axis=0)
    found = np.empty((len(asked), len(learnt)))
    for number, own in enumerate(scatter):
        covariance = (1 - _SHRINKAGE) * own + _SHRINKAGE * pooled + floor
        away = asked - means[number]
        distance = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
        found[:, number] = -0.5 * (distance + np.linalg.slogdet(covariance)[1])
    return found


_SHRINKAGE = 0.1
_LEAST_VARIANCE = 1e-4
