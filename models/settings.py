"""Section [train] of corpus.toml."""

from pydantic import Field

from manifests.settings import Settings

__all__ = ["TrainSettings"]


class TrainSettings(Settings):
    """How a model is trained."""

    epochs: int = Field(50, ge=1)
    seed: int = 0
