"""Default weights of the model's feature extractor: those that the corpus is transcribed with."""

from corpus_tools.configuration.corpus import Configuration
from models.config.train import TrainSettings

__all__ = ["with_checkpoint"]


def with_checkpoint(settings: TrainSettings, configuration: Configuration) -> TrainSettings:
    """Return settings in which Whisper's features have weights: those of ``[transcribe] model``."""
    audio, transcribe = settings.audio, configuration.transcribe
    if audio.features != "whisper" or audio.checkpoint or transcribe.recogniser != "whisper":
        return settings
    return settings.changed(audio={"checkpoint": transcribe.model or "large-v3"})
