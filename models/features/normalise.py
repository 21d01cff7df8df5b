"""Normalisation of features to mean 0 and deviation 1, per speaker or over the corpus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from manifests.base.errors import DataError
from models.features.extractor import Features

__all__ = ["UNSEEN_SPEAKER", "Normaliser", "Scale"]

UNSEEN_SPEAKER = ""
"""Group of clips of unknown speakers; each such clip is normalised alone."""


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each feature (D,), to normalise features with."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def __call__(self, features: Features) -> Features:
        """Return the features (T, D) normalised."""
        normalised: Features = ((features - self.mean) / self.deviation).astype(np.float32)
        return normalised


@dataclass(frozen=True)
class Normaliser:
    """Speaker normalisation with the training clips as prior.

    A speaker's mean and variance are estimated from the given frames, without labels, and from the
    corpus with the weight of ``prior`` clips (infinite: by the corpus alone), since a few clips are
    not a reliable estimate. ``mean`` and ``variance`` (D,) are those of the training frames,
    ``frames`` their mean number per clip.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    frames: float
    prior: float

    @classmethod
    def fit(cls, clips: Sequence[Features], prior: float) -> Self:
        """Return the normaliser of training clips (T, D)."""
        count = sum(len(clip) for clip in clips)
        mean = sum(clip.sum(axis=0, dtype=np.float64) for clip in clips) / count
        variance = sum(np.square(clip - mean).sum(axis=0) for clip in clips) / count
        return cls(np.asarray(mean), np.asarray(variance), count / len(clips), prior)

    def scales(self, clips: Sequence[Features], groups: Sequence[str]) -> list[Scale]:
        """Return the scale of each clip (T, D); clips of a group (speaker, source) share one."""
        members: dict[str, list[int]] = {}
        for index, group in enumerate(groups):
            members.setdefault(group or f"\0{index}", []).append(index)
        scales: dict[int, Scale] = {}
        for indices in members.values():
            scales |= dict.fromkeys(indices, self._scale([clips[index] for index in indices]))
        return [scales[index] for index in range(len(clips))]

    def apply(self, clips: Sequence[Features], groups: Sequence[str]) -> list[Features]:
        """Return the clips normalised by group; see :meth:`scales`."""
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
            DataError: if it is invalid or has another width.
        """
        try:
            mean = np.array(document["mean"], dtype=np.float64)
            variance = np.array(document["variance"], dtype=np.float64)
            frames = float(document["frames"])
            prior = np.inf if document["prior"] is None else float(document["prior"])
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise DataError(f"the normalisation is incomplete ({error})") from error
        valid = mean.shape == variance.shape == (width,) and (variance >= 0).all()
        if not valid or not _plausible([*mean, *variance, frames]) or not (frames > 0 <= prior):
            raise DataError(f"the normalisation is invalid, or not for {width} features")
        return cls(mean, variance, frames, prior)


def _plausible(values: Sequence[float]) -> bool:
    """Return whether values are finite, and far from overflowing when squared."""
    return bool((np.abs(values) < _LIMIT).all())


_FLOOR = 1e-8
_LIMIT = 1e30
