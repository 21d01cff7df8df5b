"""Words that a general Mandarin dictionary lacks: the bundled Sichuanese ones, and users' own.

The format is that of jieba's user dictionaries, one ``word [frequency] [part of speech]`` a line.
The bundled frequencies are chosen so that jieba keeps each word whole, and no higher.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from manifests.errors import DataError

__all__ = ["Entry", "bundled_lexicon", "read_lexicon"]


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
    """Return the Sichuanese words that come with the package.

    Example:
        >>> {"巴适", "莫得", "啥子", "龟儿子"} <= {entry.word for entry in bundled_lexicon()}
        True
    """
    text = files("models.text").joinpath("data", "sichuan.txt").read_text(encoding="utf-8")
    return _entries(text.splitlines(), "sichuan.txt")


def read_lexicon(path: Path) -> list[Entry]:
    """Return the words of a user's lexicon.

    Raises:
        DataError: naming file and line, if a line is no entry or the file no UTF-8 text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a UTF-8 text file; save it as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: lexicon can't be read ({error.strerror})") from error
    return _entries(text.splitlines(), str(path))


_ENTRY = re.compile(r"(\S+)(?:\s+([1-9][0-9]{0,8}))?(?:\s+([A-Za-z]{1,4}))?")


def _entries(lines: Iterable[str], where: str) -> list[Entry]:
    entries = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        match = _ENTRY.fullmatch(line.strip())
        if match is None:
            raise DataError(
                f"{where}, line {number}: {line.strip()[:40]!r} is no lexicon entry; "
                f"expected: word [frequency] [part of speech]"
            )
        word, frequency, pos = match.groups()
        entries.append(Entry(word, int(frequency) if frequency else None, pos))
    return entries
