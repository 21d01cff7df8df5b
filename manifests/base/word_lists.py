"""Bundled lists of words in sections."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["word_sections"]


@cache
def word_sections(package: str, name: str) -> Mapping[str, frozenset[str]]:
    """Return the words of each section of a list in the folder ``data`` of a package.

    A section begins with its name in square brackets; lines that begin with ``#`` are notes.

    Example:
        >>> "unknown" in word_sections("manifests.base", "voices.txt")["nobody"]
        True
    """
    text = files(package).joinpath("data", name).read_text(encoding="utf-8")
    sections: dict[str, set[str]] = {}
    words: set[str] = set()
    for line in text.splitlines():
        if line.startswith("["):
            words = sections.setdefault(line.strip("[]"), set())
        elif not line.startswith("#"):
            words.update(line.split())
    return {section: frozenset(own) for section, own in sections.items()}
