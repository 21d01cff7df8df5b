"""Voice activity detection: one decision per frame, by any detector."""

from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples
from corpus_tools.segmentation.voice.silero import SileroVoice, require_silero

__all__ = ["FRAME_MS", "Decisions", "VoiceDetector", "WebRtcVoice", "detector_name", "detector_of"]

FRAME_MS = 10
"""Duration of a frame, for which one decision is made."""

Decisions = NDArray[np.bool_]


class VoiceDetector(Protocol):
    """Voice activity detector, which receives a track in blocks of any length.

    It makes one decision per `FRAME_MS`, even if its own window is longer, and its decisions don't
    depend on the blocks.
    """

    def feed(self, samples: Samples) -> Decisions:
        """Return the decisions that can be made so far; the rest may come with the next samples."""

    def finish(self) -> Decisions:
        """Return the remaining decisions, as if silence followed."""


def detector_of(settings: SegmentSettings) -> VoiceDetector:
    """Return a new detector for the settings of section [segment].

    Raises:
        ConfigurationError: if its package isn't installed.
    """
    if settings.detector == "silero":
        return SileroVoice(settings.silero_threshold)
    return WebRtcVoice(settings.aggressiveness)


def detector_name(settings: SegmentSettings) -> str:
    """Return the name of the detector, with the version that its decisions depend on.

    Raises:
        ConfigurationError: if its package isn't installed.
    """
    if settings.detector == "silero":
        return f"silero-vad {require_silero()}"
    return f"webrtcvad {_webrtcvad_version()}"


class WebRtcVoice:
    """WebRTC's detector: Gaussian mixtures over the energies of six bands, per 30 ms.

    It detects music as speech and is late at soft word onsets.

    Args:
        aggressiveness: from 0 (most speech) to 3 (least speech).
    """

    def __init__(self, aggressiveness: int) -> None:
        self._vad = webrtcvad.Vad(aggressiveness)
        self._rest = b""

    def feed(self, samples: Samples) -> Decisions:
        """Return the decisions for the windows that are complete with these samples."""
        data = self._rest + samples.astype("<i2", copy=False).tobytes()
        whole = len(data) // _WINDOW_BYTES * _WINDOW_BYTES
        self._rest = data[whole:]
        is_speech = self._vad.is_speech
        decisions = np.fromiter(
            (
                is_speech(data[start : start + _WINDOW_BYTES], SAMPLE_RATE)
                for start in range(0, whole, _WINDOW_BYTES)
            ),
            dtype=np.bool_,
        )
        return np.repeat(decisions, _WINDOW_MS // FRAME_MS)

    def finish(self) -> Decisions:
        """Return the decisions for the rest, padded with silence to a whole window."""
        missing = -len(self._rest) % _WINDOW_BYTES
        return self.feed(np.zeros(missing // 2, dtype=np.int16))


def _webrtcvad_version() -> str:
    try:
        return version("webrtcvad-wheels")
    except PackageNotFoundError:
        return "unknown"


_WINDOW_MS = 30
_WINDOW_BYTES = SAMPLE_RATE * _WINDOW_MS // 1000 * 2
