"""Section [recordings] of corpus.toml."""

from typing import Literal

from manifests.settings import Settings

__all__ = ["RecordingSettings"]


class RecordingSettings(Settings):
    """What becomes of scripted recordings outside the clip length of [segment].

    Attributes:
        length: ``keep`` them as they are, or ``drop`` those too short or too long.
    """

    length: Literal["keep", "drop"] = "keep"
