"""Lexicons of words missing from general Mandarin dictionaries: bundled Sichuanese and users' own.

The format is that of jieba's user dictionaries, one ``word [frequency] [part of speech]`` per line,
in descending usefulness for a recogniser's prompt; ``#`` starts a comment, and a line ``@sichuan``
includes the bundled words. The bundled frequencies are the lowest at which jieba keeps each word
whole.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from manifests.base.encodings import read_text
from manifests.base.errors import DataError

__all__ = ["Entry", "bundled_lexicon", "prompt_words", "read_lexicon", "user_dictionary"]


@dataclass(frozen=True)
class Entry:
    """Entry of a lexicon: a word without spaces, and its part of speech in jieba's (ICTCLAS) tags.

    ``frequency`` is a count among jieba's 60 million words, None for the lowest that keeps it
    whole.
    """

    word: str
    frequency: int | None = None
    pos: str | None = None


def bundled_lexicon() -> list[Entry]:
    """Return the bundled Sichuanese words, the most useful first.

    Example:
        >>> {"巴适", "莫得", "啥子", "龟儿子"} <= {entry.word for entry in bundled_lexicon()}
        True
    """
    text = files("models.text").joinpath("data", "sichuan.txt").read_text(encoding="utf-8")
    return _parse_entries(text.splitlines(), "sichuan.txt")


def read_lexicon(path: Path) -> list[Entry]:
    """Return the entries of a user's lexicon in file order, without duplicates.

    Raises:
        DataError: naming file and line, if a line is no entry or the file no UTF-8 text.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise DataError(
            f"{path}: lexicon can't be read ({error.strerror}); give a file of words, or sichuan "
            f"for the bundled lexicon"
        ) from error
    return _parse_entries(text.splitlines(), str(path))


def prompt_words(path: Path | None = None) -> list[str]:
    """Return a lexicon's words (None: bundled), as for a prompt; DataError if it is unreadable.

    Example:
        >>> prompt_words()[:3]
        ['啥子', '咋个', '要得']
    """
    return [entry.word for entry in (bundled_lexicon() if path is None else read_lexicon(path))]


def user_dictionary(words: Iterable[str] = ()) -> list[Entry]:
    """Return the entries to add to jieba's dictionary: bundled ones, then other words."""
    entries = bundled_lexicon()
    bundled = {entry.word for entry in entries}
    return [*entries, *(Entry(word) for word in dict.fromkeys(words) if word not in bundled)]


_BUNDLED = "@sichuan"
_ENTRY = re.compile(r"(\S+)(?:\s+([1-9][0-9]{0,8}))?(?:\s+([A-Za-z]{1,4}))?")


def _parse_entries(lines: Iterable[str], where: str) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if text == _BUNDLED:
            parsed = bundled_lexicon()
        else:
            parsed = [_parse_entry(text, f"{where}, line {number}")] if text else []
        for entry in parsed:
            entries.setdefault(entry.word, entry)
    return list(entries.values())


def _parse_entry(text: str, where: str) -> Entry:
    match = _ENTRY.fullmatch(text)
    if match is None or text.startswith("@"):
        raise DataError(
            f"{where}: {text[:40]!r} is not a lexicon entry; "
            f"expected: word [frequency] [part of speech], or @sichuan"
        )
    word, frequency, pos = match.groups()
    return Entry(word, int(frequency) if frequency else None, pos)
