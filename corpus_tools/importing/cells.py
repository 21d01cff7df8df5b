"""Cells of a foreign table: texts, times, names, labels and votes."""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from corpus_tools.importing.columns import ALIASES, LABELS, PATTERN_PARTS
from manifests.base.errors import DataError
from manifests.base.letters import composed, plain_letters
from manifests.base.timecode import parse_time

__all__ = [
    "LONG_NAME",
    "cell_label",
    "cell_name",
    "cell_seconds",
    "cell_text",
    "check_text",
    "fill_pattern",
    "parse_votes",
]

LONG_NAME = 120
"""Maximum length of a name or a sentence id in characters."""


def cell_text(value: Any) -> str | None:
    """Return the text of a cell without surrounding space, None for an empty or non-text one.

    Example:
        >>> cell_text(" F01 "), cell_text(3.0), cell_text("NaN"), cell_text(float("nan"))
        ('F01', '3', None, None)
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() else value
    if value is None or isinstance(value, dict | list | bytes):
        return None
    text = composed(str(value)).strip()
    return None if text.casefold() in _EMPTY else text


def check_text(column: str, value: str) -> None:
    """Raise DataError, naming the cell, for surrogates, control characters or excess length."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{column} has an invalid character; save the table as UTF-8") from error
    if any(unicodedata.category(char) == "Cc" and char not in "\t\r\n" for char in value):
        raise DataError(f"{column} has control characters; remove them")
    if len(value) > _MAX_CHARACTERS:
        raise DataError(
            f"{column} has more than {_MAX_CHARACTERS} characters; check for an unclosed quote"
        )


def cell_seconds(field: str, cells: Mapping[str, Any]) -> float | None:
    """Return the time of a field in seconds, None if empty; raise DataError if it isn't a time.

    Times are seconds, with a point or a comma, ``[h:]m:s``, or pandas' ``0 days 00:00:01``; those
    of a field ``start_ms`` are milliseconds.

    Example:
        >>> cell_seconds("start", {"start": "1,25"}), cell_seconds("end", {"end_ms": 2500})
        (1.25, 2.5)
        >>> cell_seconds("start", {"start": "0 days 00:01:02.5"})
        62.5
    """
    unit = 1.0 if field in cells else 0.001
    text = cell_text(cells.get(field, cells.get(f"{field}_ms")))
    if text is None:
        return None
    days = _DAYS.fullmatch(text)
    try:
        value = float(text)
    except ValueError:
        try:
            value = parse_time(days[2]) + 86_400 * int(days[1]) if days else parse_time(text)
        except DataError as error:
            raise DataError(f"{field} {text[:40]!r} is not a number of seconds") from error
    if not 0 <= value * unit < _MAX_SECONDS:
        raise DataError(f"{field} {text[:40]!r} is not a time in a file")
    return value * unit


def cell_name(column: str, cells: Mapping[str, Any]) -> str | None:
    """Return the name in a cell, None if empty; raise DataError if it is too long for a name."""
    text = cell_text(cells.get(column))
    if text is not None and len(text) > LONG_NAME:
        raise DataError(f"{column} has more than {LONG_NAME} characters")
    return text


def cell_label(value: Any) -> str | None:
    """Return the label in a cell, also as the only one in a list; DataError for several.

    Example:
        >>> cell_label(["sad"]), cell_label([])
        ('sad', None)
    """
    if isinstance(value, list):
        if len(value) > 1:
            raise DataError(
                f"has {len(value)} labels; if they are votes, {_PAIRS} in a column votes"
            )
        value = value[0] if value else None
    return cell_text(value)


def parse_votes(cell: Any) -> Iterator[tuple[str, str | None]]:
    """Yield annotator and label of each vote in JSON, pairs or objects; DataError otherwise.

    In an object of annotators, as a struct of Parquet is, those without a label gave no vote.

    Example:
        >>> list(parse_votes('[["x", "sad"], ["y", null]]'))
        [('x', 'sad'), ('y', None)]
        >>> list(parse_votes({"x": "sad", "y": None}))
        [('x', 'sad')]
        >>> list(parse_votes([{"rater": 7, "label": "joy"}]))
        [('7', 'joy')]
    """
    if isinstance(cell, str) and cell.strip():
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise DataError(f"votes are not JSON; {_PAIRS}") from error
    if isinstance(cell, dict):
        cell = list(_votes_of_object(cell))
    elif not isinstance(cell, list):
        cell = [] if cell_text(cell) is None else [cell]
    for vote in cell:
        pair: Any = _named_pair(vote) if isinstance(vote, dict) else vote
        good = isinstance(pair, list | tuple) and len(pair) == 2
        if not good or not isinstance(pair[0], str | int) or isinstance(pair[1], list | dict):
            raise DataError(f"votes are not pairs; {_PAIRS}")
        yield str(pair[0]), None if pair[1] is None else str(pair[1])


def _named_pair(vote: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Return annotator and label in an object that names both."""
    names = {plain_letters(name): name for name in reversed(list(vote))}
    keys = [
        next((names[alias] for alias in ALIASES[field] if alias in names), None)
        for field in ("annotator", "emotion")
    ]
    annotator, label = keys
    return None if annotator is None or label is None else (vote[annotator], vote[label])


def _votes_of_object(cell: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    pair = _named_pair(cell)
    if pair is None:
        given = {name: label for name, label in cell.items() if label is not None}
        if given and all(plain_letters(name) in LABELS for name in given):
            raise DataError(f"votes don't name their annotators, but classes; {_PAIRS}")
        yield from given.items()
    elif all(isinstance(part, list) for part in pair) and len(pair[0]) == len(pair[1]):
        yield from zip(*pair, strict=True)
    else:
        yield pair


def fill_pattern(pattern: str, cells: Mapping[str, Any]) -> str:
    """Return a pattern with the texts of columns in place of their names.

    >>> fill_pattern("dia{Dialogue}_utt{Utterance}.mp4", {"Dialogue": 0, "Utterance": 3})
    'dia0_utt3.mp4'
    """
    return PATTERN_PARTS.sub(lambda match: cell_text(cells.get(match[1])) or "", pattern)


_PAIRS = "give [[annotator, emotion], ...]"
_EMPTY = {"", "nan", "nat", "none", "null", "na", "n/a", "<na>"}
_DAYS = re.compile(r"(\d{1,4}) days? (\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)", re.ASCII)
_MAX_CHARACTERS = 100_000
_MAX_SECONDS = 100_000.0
