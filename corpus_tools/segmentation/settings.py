"""Sections [segment] and [screen] of corpus.toml."""

from pydantic import Field

from manifests.settings import Settings

__all__ = ["ScreenSettings", "SegmentSettings"]


class SegmentSettings(Settings):
    """How sources are cut.

    Attributes:
        min_seconds: shortest clip.
        max_seconds: longest clip.
        aggressiveness: WebRTC VAD mode, 0 (lets most through) to 3.
    """

    min_seconds: float = Field(3.0, gt=0)
    max_seconds: float = Field(5.0, gt=0)
    aggressiveness: int = Field(2, ge=0, le=3)


class ScreenSettings(Settings):
    """Thresholds a clip must meet to be labelled."""

    min_speech_ratio: float = Field(0.3, ge=0, le=1)
