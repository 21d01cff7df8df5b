"""Sections [segment] and [screen] of corpus.toml."""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, create_model, model_validator

from corpus_tools.registries.measures import screening_measures
from corpus_tools.registries.voice_detectors import detector_names
from manifests.base.settings import Settings

__all__ = ["FLAGS", "ScreenSettings", "SegmentSettings", "thresholds_model"]

FLAGS = ("min_seconds", "max_seconds", "detector", "aggressiveness", "margin_seconds")
"""Settings of [segment] that `corpus segment` has a flag for."""

ROOM = 0.5


if TYPE_CHECKING:
    _Detector = str

else:
    _Detector = Literal[tuple(detector_names())]


class SegmentSettings(Settings):
    """Settings of section [segment], for cutting.

    Attributes:
        min_seconds: length of the shortest clip, in whole milliseconds.
        max_seconds: length of the longest clip, at least half a second more than the shortest.
        detector: voice activity detector: ``webrtc``, ``silero``, which is slower and needs
            ``pip install 'corpus-tools[silero]'``, or one that another package installs.
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
    detector: _Detector = "webrtc"
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


def thresholds_model(*, optional: bool = False) -> Any:
    """Return a class of settings with the thresholds of all measures as fields.

    Args:
        optional: whether a threshold may be ``None``, which is then its default.
    """
    fields: dict[str, Any] = {}
    for _, threshold in screening_measures():
        kind = type(threshold.default)
        field = Field(
            threshold.default,
            ge=threshold.least,
            le=threshold.most,
            description=f"{threshold.help}; reason ``{threshold.reason}``.",
        )
        fields[threshold.key] = (kind | None, None) if optional else (kind, field)
    return create_model("Thresholds", __base__=Settings, **fields)


class ScreenSettings(thresholds_model()):  # type: ignore[misc] # fields come from the registry
    """Settings of section [screen]: thresholds that clips must meet to be labelled."""
