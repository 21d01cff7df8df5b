"""Section [transcribe] of corpus.toml."""

from pydantic import Field

from manifests.settings import Settings

__all__ = ["TranscribeSettings"]


class TranscribeSettings(Settings):
    """How clips are transcribed.

    Attributes:
        recogniser: which recogniser, by its name among the installed ones.
        model: its model: for Whisper a name or the path of a checkpoint (by default large-v3).
        language: what is spoken, e.g. ``zh``; by default that of [corpus].
        device: ``cpu``, ``cuda``, ``cuda:1`` …; ``auto`` takes a GPU if there is one.
        prompt: text that sets the recogniser's style and words, e.g. names.
        temperatures: tried in turn until a text is neither repetitive nor improbable.
        max_tokens: longest text of a clip in the model's tokens; by default the model's own limit.
        batch_size: clips decoded at once.
        max_rate: flags ``too_fast`` above this many Chinese characters (or letters / 3) a second.
        max_compression: flags ``compression`` above this ratio of the text's zlib compression.
        max_no_speech: flags ``no_speech`` above this probability, unless ``min_logprob`` is met.
        min_logprob: flags ``low_logprob`` below this mean log-probability of the tokens.
    """

    recogniser: str = "whisper"
    model: str | None = None
    language: str | None = None
    device: str = "auto"
    prompt: str | None = None
    temperatures: tuple[float, ...] = Field((0.0, 0.2, 0.4, 0.6, 0.8, 1.0), min_length=1)
    max_tokens: int | None = Field(None, ge=1, le=224)
    batch_size: int = Field(8, ge=1)
    max_rate: float = Field(12.0, gt=0)
    max_compression: float = Field(2.4, gt=0)
    max_no_speech: float = Field(0.6, ge=0, le=1)
    min_logprob: float = Field(-1.0, le=0)
