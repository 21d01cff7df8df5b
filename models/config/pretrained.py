"""Names of pretrained encoders in settings: ``hf:PATH``, or ``hf:NAME`` of a model of the hub."""

from pathlib import Path

__all__ = ["PREFIX", "absolute", "is_pretrained"]

PREFIX = "hf:"
"""Prefix of the names of pretrained encoders in settings."""


def is_pretrained(name: str | None) -> bool:
    """Return whether a setting names a pretrained encoder."""
    return name is not None and name.startswith(PREFIX)


def absolute(name: str) -> str:
    """Return a name with the absolute path of its folder, if it is one; other names as they are."""
    if not is_pretrained(name):
        return name
    folder = Path(name.removeprefix(PREFIX)).expanduser()
    return f"{PREFIX}{folder.resolve()}" if folder.is_dir() else name
