"""Section [recordings] of corpus.toml."""

from typing import Literal

from pydantic import Field

from manifests.base.settings import Settings

__all__ = ["RecordingSettings"]


class RecordingSettings(Settings):
    """Settings of scripted recordings.

    Attributes:
        takes: treat a file that several rows of the script name as one long take of these lines,
            in order; otherwise the second row is an error.
        length: ``keep`` clips of any length, or ``drop`` those outside the clip length of
            [segment] (reasons ``too_short`` and ``too_long``).
        trim_silence: cut off silence before and after the line.
        silence_db: level in dBFS below which sound counts as silence.
        silence_seconds: seconds of silence kept on either side.
    """

    takes: bool = False
    length: Literal["keep", "drop"] = "keep"
    trim_silence: bool = False
    silence_db: float = Field(-45.0, lt=0)
    silence_seconds: float = Field(0.15, ge=0, le=2)
