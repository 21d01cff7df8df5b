"""Where there is voice: one decision per frame, whatever detector makes it."""

from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import Samples
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.silero import SileroVoice, require_silero

__all__ = ["FRAME_MS", "Decisions", "VoiceDetector", "WebRtcVoice", "detector_name", "detector_of"]

FRAME_MS = 10
"""What one decision is about."""

Decisions = NDArray[np.bool_]


class VoiceDetector(Protocol):
    """Hears a track from its start to its end, in pieces of any length.

    Its decisions are the same whatever the pieces; there is one for each `FRAME_MS` heard, also
    where the detector's own window is longer.
    """

    def feed(self, samples: Samples) -> Decisions:
        """Return the decisions that can be made with these samples; some may wait for the next."""

    def finish(self) -> Decisions:
        """Return the decisions that still wait, as if silence followed."""


def detector_of(settings: SegmentSettings) -> VoiceDetector:
    """Return a fresh detector, as section [segment] wants it.

    Raises:
        ConfigurationError: if its package isn't installed.
    """
    if settings.detector == "silero":
        return SileroVoice(settings.silero_threshold)
    return WebRtcVoice(settings.aggressiveness)


def detector_name(settings: SegmentSettings) -> str:
    """Return which detector that is, with the version that its decisions depend on.

    Raises:
        ConfigurationError: if its package isn't installed.
    """
    if settings.detector == "silero":
        return f"silero-vad {require_silero()}"
    return f"webrtcvad {_webrtcvad_version()}"


class WebRtcVoice:
    """The detector of WebRTC, by Gaussian mixtures over six bands of energy.

    It takes music for speech and is late on soft word onsets. It looks at 30 ms at a time.

    Args:
        aggressiveness: 0 (takes most for speech) to 3 (takes least).
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
        """Return the decisions for what is left, filled up with silence to a whole window."""
        missing = -len(self._rest) % _WINDOW_BYTES
        return self.feed(np.zeros(missing // 2, dtype=np.int16))


def _webrtcvad_version() -> str:
    try:
        return version("webrtcvad-wheels")
    except PackageNotFoundError:
        return "unknown"


_WINDOW_MS = 30
_WINDOW_BYTES = SAMPLE_RATE * _WINDOW_MS // 1000 * 2
