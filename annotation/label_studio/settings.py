"""Section [label_studio] of corpus.toml."""

from manifests.settings import Settings

__all__ = ["LabelStudioSettings"]


class LabelStudioSettings(Settings):
    """How this tool speaks to Label Studio.

    Attributes:
        token_file: a file with a token and nothing else, readable by its owner only (mode 0600);
            absolute, or below the corpus folder. Default: `annotations/.label-studio-token`. The
            variable `LABEL_STUDIO_API_KEY` goes before it.
    """

    token_file: str | None = None
