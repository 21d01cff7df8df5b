"""Default weights of the model's feature extractor: those that the corpus is transcribed with."""

from corpus_tools.configuration.corpus import Configuration
from models.config.train import TrainSettings

__all__ = ["with_checkpoint"]


def with_checkpoint(
    settings: TrainSettings, configuration: Configuration, *, needed: bool = False
) -> TrainSettings:
    """Return settings in which Whisper's features have weights: those of ``[transcribe] model``.

    They are set if the features are Whisper's, or ``needed``.
    """
    audio, transcribe = settings.audio, configuration.transcribe
    if audio.checkpoint or not (needed or audio.features == "whisper"):
        return settings
    if transcribe.recogniser != "whisper":
        return settings
    return settings.changed(audio={"checkpoint": transcribe.model or "large-v3"})
