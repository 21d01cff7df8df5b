"""Measurement of a clip: its sound with its surroundings, and the functions of the measures."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from pkgutil import resolve_name
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.cut import Cut
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples, clipping_share, peak_db, rms_db
from corpus_tools.registries.measures import SHIPPED, Measure, added_measures
from corpus_tools.segmentation.screening.dropouts import dropout_count
from corpus_tools.segmentation.screening.music import music_score
from corpus_tools.segmentation.screening.snr import (
    snr_db,
    unvoiced_is_speech,
    voiced,
    voiced_frames,
    voiced_speech,
)
from corpus_tools.segmentation.screening.spectra import Spectra, power_spectra, windows_within
from corpus_tools.segmentation.voice.activity import Activity
from corpus_tools.segmentation.voice.base import FRAME_MS
from manifests.base.errors import DataError

__all__ = ["AROUND_MS", "ClipSound", "measure"]

AROUND_MS = 1000
"""Length of the source on either side of a clip in which its background is measured."""


@dataclass(frozen=True)
class ClipSound:
    """Sound of a clip, for the functions that measure it.

    Attributes:
        samples: samples of the clip, int16 mono at 16 kHz.
        activity: activity of the whole source, in frames of `FRAME_MS`.
        cut: start and end of the clip in the source.
        before: samples right before the clip, `AROUND_MS` of them if available.
        after: samples right after the clip, likewise.
    """

    samples: Samples
    activity: Activity
    cut: Cut
    before: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    after: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.int16))

    @cached_property
    def spectra(self) -> Spectra:
        """Power spectra of the clip with its surroundings."""
        return power_spectra(np.concatenate((self.before, self.samples, self.after)))

    @property
    def frames(self) -> tuple[int, int]:
        """First frame of the clip in the activity, and the one after its last."""
        return self.cut.start_ms // FRAME_MS, -(-self.cut.end_ms // FRAME_MS)

    @property
    def excerpt(self) -> tuple[slice, slice]:
        """Frames of the activity in and around the clip, and those of the clip among them."""
        per_frame = SAMPLE_RATE * FRAME_MS // 1000
        first, last = self.frames
        low = max(first - len(self.before) // per_frame, 0)
        excerpt = slice(low, last + len(self.after) // per_frame)
        return excerpt, slice(first - low, last - low)

    @cached_property
    def voice(self) -> NDArray[np.bool_]:
        """Which frames in and around the clip have a voice."""
        count = len(self.activity.speech[self.excerpt[0]])
        return voiced_frames(voiced(self.spectra), count)


def measure(sound: ClipSound) -> dict[str, Any]:
    """Return the measures of a clip as fields of its record `Clip`.

    Raises:
        DataError: if an added measure fails, with its name.
    """
    values = {row.name: resolve_name(row.compute)(sound) for row in SHIPPED}
    added = {row.name: _added(row, sound) for row in added_measures()}
    return {**values, "measures": added or None}


def _added(row: Measure, sound: ClipSound) -> float | None:
    try:
        value = resolve_name(row.compute)(sound)
        if value is None or math.isfinite(value):
            return None if value is None else float(value)
        problem = f"returned {value}"
    except Exception as error:
        problem = f"failed ({type(error).__name__}: {error})"
    raise DataError(f"measure {row.name} {problem}; report it to its author")


def level(sound: ClipSound) -> float:
    """Return the level of the clip in dBFS."""
    return rms_db(sound.samples)


def peak(sound: ClipSound) -> float:
    """Return the level of the largest sample in dBFS."""
    return peak_db(sound.samples)


def left_edge(sound: ClipSound) -> float:
    """Return the level of the first 20 ms in dBFS."""
    return rms_db(sound.samples[:_EDGE])


def right_edge(sound: ClipSound) -> float:
    """Return the level of the last 20 ms in dBFS."""
    return rms_db(sound.samples[-_EDGE:])


def clipping(sound: ClipSound) -> float:
    """Return the share of samples within 1 dB of the peak."""
    return clipping_share(sound.samples)


def dropouts(sound: ClipSound) -> int:
    """Return the number of dropouts."""
    return dropout_count(sound.samples)


def music(sound: ClipSound) -> float | None:
    """Return the music score; ``None`` below half a second."""
    start = len(sound.before)
    return music_score(sound.spectra[windows_within(start, start + len(sound.samples))])


def speech_ratio(sound: ClipSound) -> float:
    """Return the share of frames with speech; 0 for a short sound without voice, as of a cough."""
    speech = sound.activity.speech[slice(*sound.frames)]
    share = round(float(speech.mean()), 4) if len(speech) else 0.0
    if 0 < share < _SHORT and not (sound.voice[sound.excerpt[1]] & speech).any():
        return 0.0
    return share


def snr(sound: ClipSound) -> float | None:
    """Return the signal-to-noise ratio in dB; ``None`` without speech."""
    excerpt, inside = sound.excerpt
    power, gap = sound.activity.power[excerpt], sound.activity.gap[excerpt]
    speech: NDArray[np.bool_] = sound.activity.speech[excerpt]
    if not speech[inside].any():
        return None
    voice = sound.voice
    level = float(power[inside][speech[inside]].mean(dtype=np.float64))
    if not unvoiced_is_speech(power[~gap], speech[~gap], voice[~gap], level):
        voices = voiced_speech(speech, voice)
        speech = voices if voices[inside].any() else speech  # the voice is masked, or whispers
    return snr_db(sound.samples, power, speech, gap, inside)


_SHORT = 0.2  # share of a clip
_EDGE = SAMPLE_RATE * 20 // 1000
