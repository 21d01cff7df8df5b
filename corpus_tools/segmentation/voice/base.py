"""Interface of voice activity detectors, and the one that the settings choose."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.samples import Samples
from corpus_tools.registries.voice_detectors import load_detector
from manifests.base.errors import ConfigurationError

__all__ = [
    "FRAME_MS",
    "Decisions",
    "Detector",
    "VoiceDetector",
    "detector_name",
    "detector_of",
]

FRAME_MS = 10
"""Duration of a frame, for which one decision is made."""

Decisions = NDArray[np.bool_]


class VoiceDetector(Protocol):
    """Voice activity detector, which receives a track in blocks of any length.

    It decides once per `FRAME_MS`, even if its window is longer, however the track is divided.
    """

    def feed(self, samples: Samples) -> Decisions:
        """Return the decisions that can be made so far; the rest may come with the next samples."""

    def finish(self) -> Decisions:
        """Return the remaining decisions, as if silence followed."""


@dataclass(frozen=True)
class Detector:
    """A detector to choose in section [segment].

    Attributes:
        identity: returns the name for the records, with the version that decisions depend on.
        create: returns a new detector for the settings of section [segment].
    """

    identity: Callable[[SegmentSettings], str]
    create: Callable[[SegmentSettings], VoiceDetector]


def detector_of(settings: SegmentSettings) -> VoiceDetector:
    """Return a new detector for the settings; `ConfigurationError` if it isn't installed."""
    return _detector(settings).create(settings)


def detector_name(settings: SegmentSettings) -> str:
    """Return the name of the detector, with the version that its decisions depend on.

    Raises `ConfigurationError` if it isn't installed.
    """
    return _detector(settings).identity(settings)


def _detector(settings: SegmentSettings) -> Detector:
    detector = load_detector(settings.detector)
    if not isinstance(detector, Detector):
        raise ConfigurationError(
            f"voice detector '{settings.detector}' is no Detector; report it to its author"
        )
    return detector
