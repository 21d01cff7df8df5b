"""Cells of a table: what each of them says, or why nothing can be made of it."""

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from manifests.errors import DataError

__all__ = ["LONG_NAME", "check_text", "plain", "seconds", "short", "votes_in"]

LONG_NAME = 120
"""Characters that a name, or the id of a sentence, has at most."""


def plain(value: Any) -> str | None:
    """Return a cell as text without what surrounds it, ``None`` for one that says nothing.

    Example:
        >>> plain(" F01 "), plain(3.0), plain("NaN"), plain(float("nan"))
        ('F01', '3', None, None)
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() else value
    if value is None or isinstance(value, dict | list | bytes):
        return None
    text = unicodedata.normalize("NFC", str(value)).strip()
    return None if text.casefold() in _NOTHING else text


def check_text(what: str, value: str) -> None:
    """Refuse what no text of a row can be: half characters, control characters, a book.

    Raises:
        DataError: naming the cell.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{what} holds half a character; write it again in UTF-8") from error
    if any(unicodedata.category(one) == "Cc" and one not in "\t\r\n" for one in value):
        raise DataError(f"{what} has control characters; remove them")
    if len(value) > _LONGEST:
        raise DataError(f"{what} has more than {_LONGEST} characters; is a quote left open?")


def seconds(what: str, cells: Mapping[str, Any]) -> float | None:
    """Return a time in a file, if there is one in the cell.

    Raises:
        DataError: if something else is.
    """
    text = plain(cells.get(what))
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise DataError(f"{what} {text[:40]!r} is no number of seconds") from error
    if not 0 <= value < _LATEST:
        raise DataError(f"{what} {text[:40]!r} is no time in a file")
    return value


def short(what: str, cells: Mapping[str, Any]) -> str | None:
    """Return a name, if there is one in the cell.

    Raises:
        DataError: if it is far too long for one.
    """
    text = plain(cells.get(what))
    if text is not None and len(text) > LONG_NAME:
        raise DataError(f"{what} has more than {LONG_NAME} characters")
    return text


def votes_in(cell: Any) -> Iterator[tuple[str, str | None]]:
    """Yield annotator and label; from JSON, from pairs, or from a list of objects.

    Raises:
        DataError: if the cell holds something else.
    """
    if isinstance(cell, str) and cell.strip():
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise DataError("votes are no JSON; give [[annotator, emotion], ...]") from error
    for vote in cell if isinstance(cell, list) else ():
        pair = (vote.get("annotator"), vote.get("emotion")) if isinstance(vote, dict) else vote
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise DataError("votes are no pairs; give [[annotator, emotion], ...]")
        yield pair[0], None if pair[1] is None else str(pair[1])


_NOTHING = {"", "nan", "none", "null", "na", "n/a", "<na>"}
_LONGEST = 100_000  # characters
_LATEST = 100_000.0  # seconds
