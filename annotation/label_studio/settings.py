"""Section [label_studio] of corpus.toml."""

from manifests.settings import Settings

__all__ = ["LabelStudioSettings"]


class LabelStudioSettings(Settings):
    """Access to Label Studio.

    Attributes:
        token_file: a file with only a token, readable by its owner only (mode 0600); absolute, or
            below the corpus folder. Default: `annotations/.label-studio-token`. The variable
            `LABEL_STUDIO_API_KEY` takes precedence.
    """

    token_file: str | None = None
