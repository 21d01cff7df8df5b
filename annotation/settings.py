"""Section [labels] of corpus.toml."""

from pydantic import Field

from manifests.settings import Settings

__all__ = ["LabelSettings"]


class LabelSettings(Settings):
    """How votes become labels.

    Attributes:
        min_votes: fewest answers a clip needs.
    """

    min_votes: int = Field(1, ge=1)
