"""Section [transcribe] of corpus.toml."""

from manifests.settings import Settings

__all__ = ["TranscribeSettings"]


class TranscribeSettings(Settings):
    """How clips are transcribed.

    Attributes:
        model: Whisper model: a name or the path of a checkpoint.
    """

    model: str = "large-v3"
