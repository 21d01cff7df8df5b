"""What can be measured on a clip."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import Samples, clipping_share, decibels, peak_db, rms_db
from corpus_tools.segmentation.activity import FRAME_MS, Activity
from corpus_tools.segmentation.planning import Cut

__all__ = ["Measures", "measure"]


@dataclass(frozen=True)
class Measures:
    """Numbers of a clip; levels in dBFS, fields named as in the clip's record."""

    rms_db: float
    peak_db: float
    left_edge_db: float
    right_edge_db: float
    clipping: float
    speech_ratio: float
    snr_db: float | None


def measure(samples: Samples, activity: Activity, cut: Cut) -> Measures:
    """Return a clip's measures.

    Args:
        samples: the clip.
        activity: of the whole source.
        cut: where the clip lies in the source.
    """
    first, last = cut.start_ms // FRAME_MS, -(-cut.end_ms // FRAME_MS)
    speech = activity.speech[first:last]
    edge = SAMPLE_RATE * _EDGE_MS // 1000
    return Measures(
        rms_db=rms_db(samples),
        peak_db=peak_db(samples),
        left_edge_db=rms_db(samples[:edge]),
        right_edge_db=rms_db(samples[-edge:]),
        clipping=clipping_share(samples),
        speech_ratio=round(float(speech.mean()), 4) if len(speech) else 0.0,
        snr_db=_speech_to_background(activity, first, last),
    )


def _speech_to_background(activity: Activity, first: int, last: int) -> float | None:
    """Return the level of the speech in a clip over that of the pauses in and around it, in dB.

    Pauses count up to a second outside the clip, and from 50 ms off the speech, where its echo has
    gone; ``None`` where less than 0.2 s of them, or no speech, is there.
    """
    speech = activity.power[first:last][activity.speech[first:last]]
    low, high = max(first - _AROUND, 0), last + _AROUND
    apart = ~_widened(activity.speech[low:high]) & ~activity.gap[low:high]
    background = activity.power[low:high][apart]
    if len(background) < _LEAST_BACKGROUND or not len(speech):
        return None
    noise = max(float(background.mean(dtype=np.float64)), _SILENCE)
    voice = max(float(speech.mean(dtype=np.float64)) - noise, noise * _LEAST_RATIO)
    return round(decibels(voice) - decibels(noise), 2)


def _widened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    wide = mask.copy()
    for shift in range(1, _ECHO + 1):
        wide[shift:] |= mask[:-shift]
        wide[:-shift] |= mask[shift:]
    return wide


_EDGE_MS = 20
_AROUND = 100  # frames
_ECHO = 5  # frames
_LEAST_BACKGROUND = 20  # frames
_SILENCE = 10 ** (-80 / 10)
_LEAST_RATIO = 0.1
