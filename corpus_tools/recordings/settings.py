"""Section [recordings] of corpus.toml."""

from typing import Literal

from pydantic import Field

from manifests.settings import Settings

__all__ = ["RecordingSettings"]


class RecordingSettings(Settings):
    """What becomes of scripted recordings.

    Attributes:
        takes: whether a file that several rows of the script name is one long take of these lines,
            in order; otherwise the second row is a mistake.
        length: ``keep`` them as long as they are, or ``drop`` those outside the clip length of
            [segment] (reasons ``too_short`` and ``too_long``).
        trim_silence: whether silence before and after the line is cut off.
        silence_db: level in dBFS below which it is silence.
        silence_seconds: how much of the silence stays on either side.
    """

    takes: bool = False
    length: Literal["keep", "drop"] = "keep"
    trim_silence: bool = False
    silence_db: float = Field(-45.0, lt=0)
    silence_seconds: float = Field(0.15, ge=0, le=2)
