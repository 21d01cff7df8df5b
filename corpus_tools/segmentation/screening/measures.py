"""Measures of a clip."""

from dataclasses import dataclass

import numpy as np

from corpus_tools.media.cut import Cut
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples, clipping_share, peak_db, rms_db
from corpus_tools.segmentation.screening.dropouts import dropout_count
from corpus_tools.segmentation.screening.music import music_score
from corpus_tools.segmentation.screening.snr import snr_db, voiced, voiced_frames, voiced_speech
from corpus_tools.segmentation.screening.spectra import Spectra, power_spectra, windows_within
from corpus_tools.segmentation.voice.activity import Activity
from corpus_tools.segmentation.voice.base import FRAME_MS

__all__ = ["AROUND_MS", "Measures", "measure"]

AROUND_MS = 1000
"""Length of the source on either side of a clip in which its background is measured."""


@dataclass(frozen=True)
class Measures:
    """Measures of a clip; levels in dBFS, fields named as in the clip's record."""

    rms_db: float
    peak_db: float
    left_edge_db: float
    right_edge_db: float
    clipping: float
    speech_ratio: float
    snr_db: float | None
    music: float | None
    dropouts: int


def measure(
    samples: Samples,
    activity: Activity,
    cut: Cut,
    before: Samples | None = None,
    after: Samples | None = None,
) -> Measures:
    """Measure a clip.

    Args:
        samples: samples of the clip.
        activity: activity of the whole source.
        cut: start and end of the clip.
        before: samples right before the clip, `AROUND_MS` of them if available; without them the
            background is measured in the clip alone.
        after: samples right after the clip, likewise.
    """
    before, after = (_NOTHING if side is None else side for side in (before, after))
    spectra = power_spectra(np.concatenate((before, samples, after)))
    speech = activity.speech[cut.start_ms // FRAME_MS : -(-cut.end_ms // FRAME_MS)]
    edge = SAMPLE_RATE * _EDGE_MS // 1000
    return Measures(
        rms_db=rms_db(samples),
        peak_db=peak_db(samples),
        left_edge_db=rms_db(samples[:edge]),
        right_edge_db=rms_db(samples[-edge:]),
        clipping=clipping_share(samples),
        speech_ratio=round(float(speech.mean()), 4) if len(speech) else 0.0,
        snr_db=_snr_db(samples, activity, cut, spectra, len(before), len(after)),
        music=music_score(spectra[windows_within(len(before), len(before) + len(samples))]),
        dropouts=dropout_count(samples),
    )


def _snr_db(
    samples: Samples, activity: Activity, cut: Cut, spectra: Spectra, before: int, after: int
) -> float | None:
    """Return the SNR of a clip; ``spectra`` are those of the clip with its surroundings."""
    per_frame = SAMPLE_RATE * FRAME_MS // 1000
    first, last = cut.start_ms // FRAME_MS, -(-cut.end_ms // FRAME_MS)
    low = max(first - before // per_frame, 0)
    excerpt, inside = slice(low, last + after // per_frame), slice(first - low, last - low)
    sounds = activity.speech[excerpt]
    speech = voiced_speech(sounds, voiced_frames(voiced(spectra), len(sounds)))
    if not speech[inside].any():  # the voice is masked, or whispers
        speech = sounds
    return snr_db(samples, activity.power[excerpt], speech, activity.gap[excerpt], inside)


_EDGE_MS = 20
_NOTHING: Samples = np.zeros(0, dtype=np.int16)
