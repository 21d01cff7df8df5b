"""Feature extractors of the audio branch: their interface, and the registry of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.base.errors import ConfigurationError
from manifests.base.plugins import load_plugin
from manifests.storage.store import fingerprint
from models.config.pretrained import PREFIX, is_pretrained
from models.config.train import TrainSettings

__all__ = [
    "SAMPLE_RATE",
    "ClipStatistics",
    "FeatureExtractor",
    "Features",
    "Samples",
    "make_extractor",
    "resampled",
    "truncate",
]

SAMPLE_RATE = 16000
"""Sample rate of all clips, in Hz."""

Samples = NDArray[np.float32]
"""Mono audio (N,) at 16 kHz in -1..1."""

Features = NDArray[np.float32]
"""Frames of a clip (T, D)."""


class FeatureExtractor(ABC):
    """Feature extractor: samples of a clip → frames (T, D), D = ``width``, ``hop_ms`` ms apart.

    Extractors are sent to worker processes, so they must be picklable, and load weights when the
    first clip needs them. One with ``batched`` gets many clips at once instead, in the main
    process. Features are cached as numbers of type ``stored``.
    """

    width: int
    hop_ms: float
    batched: bool = False
    stored: type[np.float16 | np.float32] = np.float32

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a fingerprint of algorithm, weights and settings, to name cached features."""

    @abstractmethod
    def __call__(self, samples: Samples) -> Features:
        """Return the features (T, D) of a clip, T at least 1."""

    def batch(self, clips: Sequence[Samples]) -> list[Features]:
        """Return the features of several clips, each as if it were alone."""
        return [self(samples) for samples in clips]

    def at_speeds(self, samples: Samples, speeds: Sequence[float]) -> list[Features]:
        """Return the features of a clip at each speed; here by resampling the samples."""
        return [self(resampled(samples, speed)) for speed in speeds]

    def functionals(self, features: Features) -> NDArray[np.float32]:
        """Return the functionals (F,) of a clip; here mean and deviation of every feature."""
        return np.concatenate([features.mean(axis=0), features.std(axis=0)])


class ClipStatistics(FeatureExtractor):
    """Extractor of the functionals of another's frames, as one frame (1, F)."""

    def __init__(self, frames: FeatureExtractor, max_seconds: float) -> None:
        self.frames, self.hop_ms = frames, max_seconds * 1000
        self.batched = frames.batched
        self.width = len(frames.functionals(np.zeros((2, frames.width), dtype=np.float32)))
        self._longest = round(max_seconds * SAMPLE_RATE)

    def fingerprint(self) -> str:
        """Return the fingerprint of the other extractor and of the longest clip."""
        of = {"of": self.frames.fingerprint(), "samples": self._longest}
        return fingerprint({**of, "algorithm": _FUNCTIONALS})

    def __call__(self, samples: Samples) -> Features:
        """Return the statistics (1, F) of a clip."""
        return self.at_speeds(samples, (1.0,))[0]

    def batch(self, clips: Sequence[Samples]) -> list[Features]:
        """Return the statistics (1, F) of several clips."""
        computed = self.frames.batch([samples[: self._longest] for samples in clips])
        return [self.frames.functionals(features)[None] for features in computed]

    def at_speeds(self, samples: Samples, speeds: Sequence[float]) -> list[Features]:
        """Return the statistics (1, F) of a clip at each speed."""
        computed = self.frames.at_speeds(samples[: self._longest], speeds)
        return [self.frames.functionals(features)[None] for features in computed]


def make_extractor(settings: TrainSettings) -> FeatureExtractor:
    """Return the extractor of the model's input: of frames, or of statistics of a clip.

    Raises:
        ConfigurationError: if it isn't installed, or is no feature extractor.
    """
    frames = _make_frames(settings)
    if settings.audio.encoder == "statistics":
        return ClipStatistics(frames, settings.max_seconds)
    return frames


def _make_frames(settings: TrainSettings) -> FeatureExtractor:
    name = settings.audio.features
    if name == "mfcc":
        from models.features.mfcc import MfccExtractor  # a subclass

        return MfccExtractor(settings.features)
    if is_pretrained(name):
        from models.features.pretrained import PretrainedExtractor  # a subclass

        return PretrainedExtractor(name, pretrained_layers(settings.options))
    make = load_plugin(_GROUP, name, "feature extractor", shipped=["mfcc", f"{PREFIX}PATH"])
    extractor = make(settings)
    if not isinstance(extractor, FeatureExtractor):
        raise ConfigurationError(
            f"feature extractor '{name}' makes a {type(extractor).__name__}, not a "
            f"models.features.extractor.FeatureExtractor; report it to its author"
        )
    return extractor


def pretrained_layers(options: Mapping[str, Mapping[str, Any]]) -> list[int] | None:
    """Return the layers of a pretrained encoder in ``[train.options.hf]``, None without any."""
    given = options.get("hf", {})
    layers = given.get("layers")
    numbers = isinstance(layers, list | tuple) and all(type(layer) is int for layer in layers)
    if given.keys() - {"layers"} or not (layers is None or numbers):
        raise ConfigurationError(
            "[train.options.hf]: has the key layers only, a list of numbers such as [4, 5, 6]"
        )
    return None if layers is None else list(layers)


def truncate(clips: Sequence[Features], settings: TrainSettings) -> list[Features]:
    """Return the first ``max_seconds`` of each clip's features."""
    frames = round(settings.max_seconds * 1000 / make_extractor(settings).hop_ms)
    return [features[:frames] for features in clips]


def resampled(samples: Samples, speed: float) -> Samples:
    """Return a clip at another speed, by linear interpolation."""
    if speed == 1:
        return samples
    places = np.linspace(0, len(samples) - 1, max(round(len(samples) / speed), 1))
    resampled: Samples = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
    return resampled


_GROUP = "corpus_tools.features"
_FUNCTIONALS = 1  # increment when the functionals of the same frames change
