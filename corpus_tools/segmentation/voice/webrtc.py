"""WebRTC's voice activity detector."""

from importlib.metadata import PackageNotFoundError, version

import numpy as np
import webrtcvad

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples
from corpus_tools.segmentation.voice.base import FRAME_MS, Decisions, Detector

__all__ = ["DETECTOR", "WebRtcVoice"]


class WebRtcVoice:
    """WebRTC's detector: Gaussian mixtures over the energies of six bands, per 30 ms.

    It detects music as speech and is late at soft word onsets. ``aggressiveness`` goes from 0 (most
    speech) to 3 (least speech).
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


def _identity(_: SegmentSettings) -> str:
    try:
        return f"webrtcvad {version('webrtcvad-wheels')}"
    except PackageNotFoundError:
        return "webrtcvad unknown"


_WINDOW_MS = 30
_WINDOW_BYTES = SAMPLE_RATE * _WINDOW_MS // 1000 * 2

DETECTOR = Detector(_identity, lambda settings: WebRtcVoice(settings.aggressiveness))
