"""Words that a general Mandarin dictionary lacks: the bundled Sichuanese ones, and users' own.

The format is that of jieba's user dictionaries, one ``word [frequency] [part of speech]`` a line,
the most useful for a recogniser's prompt first; what follows a ``#`` is a note, and ``@sichuan`` on
a line of its own stands for the bundled words. The bundled frequencies are chosen so that jieba
keeps each word whole, and no higher.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from manifests.errors import DataError

__all__ = ["Entry", "bundled_lexicon", "prompt_words", "read_lexicon", "user_dictionary"]


@dataclass(frozen=True)
class Entry:
    """A word of a lexicon.

    Attributes:
        word: without spaces.
        frequency: how often it comes among jieba's 60 million words, None for as often as needed
            to keep it whole.
        pos: part of speech in jieba's (ICTCLAS) tags, None if not given.
    """

    word: str
    frequency: int | None = None
    pos: str | None = None


def bundled_lexicon() -> list[Entry]:
    """Return the Sichuanese words that come with the package, the most useful first.

    Example:
        >>> {"巴适", "莫得", "啥子", "龟儿子"} <= {entry.word for entry in bundled_lexicon()}
        True
    """
    text = files("models.text").joinpath("data", "sichuan.txt").read_text(encoding="utf-8")
    return _entries(text.splitlines(), "sichuan.txt")


def read_lexicon(path: Path) -> list[Entry]:
    """Return the words of a user's lexicon, each once, in the order of the file.

    Raises:
        DataError: naming file and line, if a line is no entry or the file no UTF-8 text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a UTF-8 text file; save it as UTF-8") from error
    except OSError as error:
        raise DataError(
            f"{path}: lexicon can't be read ({error.strerror}); give a file of words, or sichuan "
            f"for the one that comes with this tool"
        ) from error
    return _entries(text.splitlines(), str(path))


def prompt_words(path: Path | None = None) -> list[str]:
    """Return words for a recogniser's prompt, the most useful first.

    Args:
        path: a user's lexicon; None for the bundled one.

    Raises:
        DataError: if the lexicon can't be read.

    Example:
        >>> prompt_words()[:3]
        ['啥子', '咋个', '要得']
    """
    return [entry.word for entry in (bundled_lexicon() if path is None else read_lexicon(path))]


def user_dictionary(words: Iterable[str] = ()) -> list[Entry]:
    """Return what jieba has to know: the bundled words, and others after them.

    Args:
        words: beyond the bundled ones, to be kept whole.
    """
    entries = bundled_lexicon()
    known = {entry.word for entry in entries}
    return [*entries, *(Entry(word) for word in dict.fromkeys(words) if word not in known)]


_BUNDLED = "@sichuan"
_ENTRY = re.compile(r"(\S+)(?:\s+([1-9][0-9]{0,8}))?(?:\s+([A-Za-z]{1,4}))?")


def _entries(lines: Iterable[str], where: str) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if text == _BUNDLED:
            found = bundled_lexicon()
        else:
            found = [_entry(text, f"{where}, line {number}")] if text else []
        for entry in found:
            entries.setdefault(entry.word, entry)
    return list(entries.values())


def _entry(text: str, where: str) -> Entry:
    match = _ENTRY.fullmatch(text)
    if match is None or text.startswith("@"):
        raise DataError(
            f"{where}: {text[:40]!r} is no lexicon entry; "
            f"expected: word [frequency] [part of speech], or @sichuan"
        )
    word, frequency, pos = match.groups()
    return Entry(word, int(frequency) if frequency else None, pos)
