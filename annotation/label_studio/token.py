"""Access token for Label Studio: never a command-line option, never logged."""

import os
from pathlib import Path

from manifests.errors import ConfigurationError

__all__ = ["TOKEN_VARIABLE", "find_token", "token_path"]

TOKEN_VARIABLE = "LABEL_STUDIO_API_KEY"  # noqa: S105 - the name of a variable


def find_token(corpus: Path, token_file: str | None = None) -> str:
    """Return the token from the environment, else from a file readable by its owner only.

    Args:
        corpus: the corpus folder.
        token_file: ``[label_studio] token_file`` of corpus.toml.

    Raises:
        ConfigurationError: if there is no token, it is invalid, or others can read the file.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token:
        return _checked(token, f"the variable {TOKEN_VARIABLE}")
    path = token_path(corpus, token_file)
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise ConfigurationError(
            f"no token for Label Studio: set the variable {TOKEN_VARIABLE}, or write the token "
            f"into {path} (mode 0600); corpus label-studio start does so for its own server"
        ) from None
    except UnicodeDecodeError:
        text, mode = "", 0
    if os.name == "posix" and mode & 0o077:
        raise ConfigurationError(f"{path}: others can read the token; run: chmod 600 '{path}'")
    return _checked(text, str(path))


def token_path(corpus: Path, token_file: str | None = None) -> Path:
    """Return the token's file: ``annotations/.label-studio-token``, or ``token_file``."""
    if token_file is None:
        return corpus / "annotations" / ".label-studio-token"
    return corpus / Path(token_file).expanduser()


def _checked(text: str, where: str) -> str:
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationError(
            f"{where} has no valid Label Studio token; copy it again from Account & Settings there"
        )
    return text
