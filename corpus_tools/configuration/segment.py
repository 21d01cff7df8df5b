"""Sections [segment] and [screen] of corpus.toml."""

from typing import Literal

from pydantic import Field, model_validator

from manifests.base.settings import Settings

__all__ = ["FLAGS", "ScreenSettings", "SegmentSettings"]

FLAGS = ("min_seconds", "max_seconds", "detector", "aggressiveness", "margin_seconds")
"""Settings of [segment] that `corpus segment` has a flag for."""

ROOM = 0.5


class SegmentSettings(Settings):
    """Settings of section [segment], for cutting.

    Attributes:
        min_seconds: length of the shortest clip, in whole milliseconds.
        max_seconds: length of the longest clip, at least half a second more than the shortest.
        detector: voice activity detector; ``silero`` needs ``pip install 'corpus-tools[silero]'``
            and is slower.
        aggressiveness: aggressiveness of ``webrtc``, from 0 (most speech) to 3 (least speech).
        silero_threshold: probability from which ``silero`` detects speech.
        margin_seconds: preferred silence between a clip's edge and its speech.
        onset_seconds: length before detected voice that is searched for quiet onsets of speech.
        hangover_seconds: length after detected voice that is searched for quiet ends of speech.
        min_pause_seconds: shortest pause; a shorter dip in level is part of the speech.
        speaker_share: share of a clip's subtitle time that one speaker must have to be assigned.
        other_speaker_seconds: maximum subtitle time of another named speaker in such a clip.
        align_subtitles: whether subtitles that are early, late, fast or slow are corrected.
    """

    min_seconds: float = Field(3.0, ge=0.5, le=60)
    max_seconds: float = Field(5.0, ge=1.0, le=120)
    detector: Literal["webrtc", "silero"] = "webrtc"
    aggressiveness: int = Field(2, ge=0, le=3)
    silero_threshold: float = Field(0.5, gt=0, lt=1)
    margin_seconds: float = Field(0.16, ge=0, le=1)
    onset_seconds: float = Field(0.2, ge=0, le=1)
    hangover_seconds: float = Field(0.2, ge=0, le=1)
    min_pause_seconds: float = Field(0.12, ge=0.02, le=1)
    speaker_share: float = Field(0.8, gt=0.5, le=1)
    other_speaker_seconds: float = Field(0.3, ge=0)
    align_subtitles: bool = True

    @model_validator(mode="after")
    def _leaves_room(self) -> "SegmentSettings":
        if self.max_seconds - self.min_seconds < ROOM - 1e-9:
            raise ValueError(f"max_seconds must be at least {ROOM} s more than min_seconds")
        return self


class ScreenSettings(Settings):
    """Settings of section [screen]: thresholds that clips must meet to be labelled.

    Attributes:
        min_rms_db: level in dBFS below which a clip is ``too_quiet``.
        max_clipping: share of samples within 1 dB of the peak above which it is ``clipped``.
        max_dropouts: number of dropouts above which it has ``dropouts``.
        max_music: music score, from 0 to 1, above which it has ``music``.
        min_snr_db: signal-to-noise ratio in dB below which it has ``low_snr``.
        min_speech_ratio: share of speech below which it has ``little_speech``.
    """

    min_rms_db: float = Field(-50.0, le=0)
    max_clipping: float = Field(0.005, ge=0, le=1)
    max_dropouts: int = Field(0, ge=0)
    max_music: float = Field(0.5, ge=0, le=1)
    min_snr_db: float = 12.0
    min_speech_ratio: float = Field(0.2, ge=0, le=1)
