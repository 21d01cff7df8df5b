"""Where there is voice: one decision per frame, whatever detector makes it."""

from typing import Protocol

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import Samples

__all__ = ["Decisions", "VoiceDetector", "WebRtcVoice"]

Decisions = NDArray[np.bool_]


class VoiceDetector(Protocol):
    """Hears a track from its start to its end, in pieces of any length.

    Attributes:
        frame_ms: milliseconds that one decision is about; a multiple of 10.
    """

    frame_ms: int

    def feed(self, samples: Samples) -> Decisions:
        """Return the decisions for the frames that are complete with these samples."""

    def finish(self) -> Decisions:
        """Return the decision for what is left, filled up with silence to a whole frame."""


class WebRtcVoice:
    """The detector of WebRTC, by Gaussian mixtures over six bands of energy.

    It takes music for speech and is late on soft word onsets.

    Args:
        aggressiveness: 0 (takes most for speech) to 3 (takes least).
    """

    frame_ms = 30

    def __init__(self, aggressiveness: int) -> None:
        self._vad = webrtcvad.Vad(aggressiveness)
        self._rest = b""

    def feed(self, samples: Samples) -> Decisions:
        """Return the decisions for the frames that are complete with these samples."""
        data = self._rest + samples.astype("<i2", copy=False).tobytes()
        whole = len(data) // _FRAME_BYTES * _FRAME_BYTES
        self._rest = data[whole:]
        is_speech = self._vad.is_speech
        return np.fromiter(
            (
                is_speech(data[start : start + _FRAME_BYTES], SAMPLE_RATE)
                for start in range(0, whole, _FRAME_BYTES)
            ),
            dtype=np.bool_,
        )

    def finish(self) -> Decisions:
        """Return the decision for what is left, filled up with silence to a whole frame."""
        missing = -len(self._rest) % _FRAME_BYTES
        return self.feed(np.zeros(missing // 2, dtype=np.int16))


_FRAME_BYTES = SAMPLE_RATE * WebRtcVoice.frame_ms // 1000 * 2
