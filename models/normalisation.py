"""Bring features to mean 0 and deviation 1, within each speaker or over the corpus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from manifests.errors import DataError
from models.features import Features

__all__ = ["UNSEEN_SPEAKER", "Normaliser", "Scale"]

UNSEEN_SPEAKER = ""
"""The group of clips that are known to have nothing in common."""


@dataclass(frozen=True)
class Scale:
    """What brings features to mean 0 and deviation 1.

    Attributes:
        mean: taken off (D,).
        deviation: divided by (D,).
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def __call__(self, features: Features) -> Features:
        """Return the features (T, D) normalised."""
        normalised: Features = ((features - self.mean) / self.deviation).astype(np.float32)
        return normalised


@dataclass(frozen=True)
class Normaliser:
    """Mean and variance of the training clips, and how much they weigh beside a speaker's own.

    A speaker's mean and variance are those of the frames at hand, without labels, together with
    ``prior`` clips' worth of the corpus's: a few clips of a stranger are not taken at their word.

    Attributes:
        mean: of the training frames (D,).
        variance: of the training frames (D,).
        frames: of an average training clip.
        prior: how many clips the corpus counts for; infinite to use nothing else.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    frames: float
    prior: float

    @classmethod
    def fit(cls, clips: Sequence[Features], prior: float) -> Self:
        """Return what the training clips (T, D) come to."""
        count = sum(len(clip) for clip in clips)
        mean = sum(clip.sum(axis=0, dtype=np.float64) for clip in clips) / count
        square = sum(np.square(clip - mean).sum(axis=0) for clip in clips) / count
        return cls(np.asarray(mean), np.asarray(square), count / len(clips), prior)

    def scales(self, clips: Sequence[Features], groups: Sequence[str]) -> list[Scale]:
        """Return the scale of each clip; those of a group have one together.

        Args:
            clips: features (T, D).
            groups: the speaker or source of each clip; :data:`UNSEEN_SPEAKER` where a clip stands alone.
        """
        members: dict[str, list[int]] = {}
        for index, group in enumerate(groups):
            members.setdefault(group or f"\0{index}", []).append(index)
        found: dict[int, Scale] = {}
        for indices in members.values():
            found |= dict.fromkeys(indices, self._scale([clips[index] for index in indices]))
        return [found[index] for index in range(len(clips))]

    def apply(self, clips: Sequence[Features], groups: Sequence[str]) -> list[Features]:
        """Return the clips normalised, each with the others of its group; see :meth:`scales`."""
        scales = self.scales(clips, groups)
        return [scale(clip) for scale, clip in zip(scales, clips, strict=True)]

    def _scale(self, clips: Sequence[Features]) -> Scale:
        if np.isinf(self.prior):
            return Scale(self.mean, np.sqrt(self.variance + _FLOOR))
        weight = self.prior * self.frames
        count = sum(len(clip) for clip in clips) + weight
        total = sum(clip.sum(axis=0, dtype=np.float64) for clip in clips)
        mean = (total + weight * self.mean) / count
        spread = sum(np.square(clip - mean).sum(axis=0) for clip in clips)
        variance = (spread + weight * (self.variance + np.square(self.mean - mean))) / count
        return Scale(mean, np.sqrt(variance + _FLOOR))

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "mean": self.mean.tolist(),
            "variance": self.variance.tolist(),
            "frames": self.frames,
            "prior": None if np.isinf(self.prior) else self.prior,
        }

    @classmethod
    def parse(cls, document: Any, width: int) -> Self:
        """Return the normaliser of a JSON form.

        Raises:
            DataError: if it is none for features of this width.
        """
        try:
            mean = np.array(document["mean"], dtype=np.float64)
            variance = np.array(document["variance"], dtype=np.float64)
            frames = float(document["frames"])
            prior = np.inf if document["prior"] is None else float(document["prior"])
        except (TypeError, KeyError, ValueError) as error:
            raise DataError(f"the normalisation is incomplete ({error})") from error
        right = mean.shape == variance.shape == (width,) and (variance >= 0).all()
        if not right or not np.isfinite([*mean, *variance, frames]).all() or not prior >= 0:
            raise DataError(f"the normalisation is not one of {width} features")
        return cls(mean, variance, frames, prior)


_FLOOR = 1e-8
