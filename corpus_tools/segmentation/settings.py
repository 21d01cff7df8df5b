"""Sections [segment] and [screen] of corpus.toml."""

from typing import Literal

from pydantic import Field, model_validator

from manifests.settings import Settings

__all__ = ["FLAGS", "ScreenSettings", "SegmentSettings"]

FLAGS = ("min_seconds", "max_seconds", "detector", "aggressiveness", "margin_seconds")
"""Settings of [segment] that `corpus segment` has a flag for."""

ROOM = 0.5


class SegmentSettings(Settings):
    """How sources are cut.

    Attributes:
        min_seconds: shortest clip, in whole milliseconds.
        max_seconds: longest clip, at least half a second more, so that edges can be chosen.
        detector: of voice; ``silero`` needs ``pip install 'corpus-tools[silero]'``, and more time.
        aggressiveness: of ``webrtc``, 0 (takes most for speech) to 3 (takes least).
        silero_threshold: of ``silero``, probability from which it is speech.
        margin_seconds: silence wanted between a clip's edge and the speech in it.
        onset_seconds: how far before what the detector calls speech its quiet beginning is looked
            for.
        hangover_seconds: how far after it its quiet end is looked for.
        min_pause_seconds: a dip in level that lasts less is part of the speech around it.
        speaker_share: share of a clip's subtitle time that one speaker's lines must have for the
            clip to be theirs.
        other_speaker_seconds: most subtitle time that another named speaker may have in it.
        align_subtitles: whether subtitles that run early, late, fast or slow beside the sound are
            put right.
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
    """Thresholds a clip must meet to be labelled; with other ones: ``corpus screen``.

    Attributes:
        min_rms_db: level in dBFS below which a clip is ``too_quiet``.
        max_clipping: share of samples within 1 dB of the peak above which it is ``clipped``.
        max_dropouts: number of holes in its sound above which it has ``dropouts``.
        max_music: score for music, from 0 to 1, above which it has ``music``.
        min_snr_db: speech level over background, in dB, below which it has ``low_snr``.
        min_speech_ratio: share of speech below which it has ``little_speech``.
    """

    min_rms_db: float = Field(-50.0, le=0)
    max_clipping: float = Field(0.005, ge=0, le=1)
    max_dropouts: int = Field(0, ge=0)
    max_music: float = Field(0.5, ge=0, le=1)
    min_snr_db: float = 12.0
    min_speech_ratio: float = Field(0.2, ge=0, le=1)
