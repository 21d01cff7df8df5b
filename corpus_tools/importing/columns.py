"""Columns of a foreign table: their mapping to fields, and parsing of their cells."""

import difflib
import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from manifests.base.errors import ConfigurationError, DataError

__all__ = [
    "LONG_NAME",
    "cell_name",
    "cell_seconds",
    "cell_text",
    "check_text",
    "map_columns",
    "name_value_pairs",
    "parse_votes",
]

ALIASES: dict[str, tuple[str, ...]] = {
    "file": ("file", "file_name", "filename", "path", "filepath", "file_path", "audio", "wav",
             "audio_path", "wav_path"),
    "emotion": ("emotion", "emo", "label", "emotion_label", "class", "category"),
    "votes": ("votes",),
    "adjudicated": ("adjudicated",),
    "speaker": ("speaker", "speaker_id", "spk", "spk_id", "actor", "actor_id"),
    "gender": ("gender", "sex"),
    "age": ("age",),
    "region": ("region", "accent"),
    "native": ("native",),
    "text": ("text", "transcript", "transcription", "utterance", "sentence_text"),
    "sentence": ("sentence", "sentence_id"),
    "split": ("split", "partition", "subset", "set"),
    "source": ("source", "source_id", "episode", "dialogue", "dialogue_id", "session"),
    "series": ("series", "show"),
    "start": ("start", "start_time", "begin"),
    "end": ("end", "end_time", "stop"),
}  # fmt: skip
"""Accepted column names of each field, in order of precedence; case-insensitive."""


def map_columns(header: Iterable[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the column name of each field in a table; ``given`` has user-defined ones.

    Raises:
        ConfigurationError: if a given column or field doesn't exist, or no column names the audio
            files.

    Example:
        >>> map_columns(["Path", "Emo", "note"])
        {'file': 'Path', 'emotion': 'Emo'}
    """
    names = list(header)
    by_name = {name.strip().casefold(): name for name in reversed(names)}
    columns: dict[str, str] = {}
    for field, aliases in ALIASES.items():
        matches = [by_name[alias] for alias in aliases if alias in by_name]
        if matches:
            columns[field] = matches[0]
    for field, column in (given or {}).items():
        if field not in ALIASES:
            near = difflib.get_close_matches(field, ALIASES, n=1, cutoff=0.0)[0]
            raise ConfigurationError(
                f"--column {field}={column}: no field {field!r}; did you mean "
                f"{near!r}? Fields: {', '.join(ALIASES)}"
            )
        if column not in names:
            raise ConfigurationError(
                f"--column {field}={column}: the table has no such column; it has "
                f"{', '.join(names[:_SHOWN])}"
            )
        columns[field] = column
    if "file" not in columns:
        raise ConfigurationError(
            f"no column names the audio files; name it, e.g. --column file=NAME; the table "
            f"has {', '.join(names[:_SHOWN]) or 'none'}"
        )
    return columns


_SHOWN = 30


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
    text = unicodedata.normalize("NFC", str(value)).strip()
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


def cell_seconds(column: str, cells: Mapping[str, Any]) -> float | None:
    """Return the time in a cell in seconds, None if empty; raise DataError if it isn't a time."""
    text = cell_text(cells.get(column))
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise DataError(f"{column} {text[:40]!r} is not a number of seconds") from error
    if not 0 <= value < _MAX_SECONDS:
        raise DataError(f"{column} {text[:40]!r} is not a time in a file")
    return value


def cell_name(column: str, cells: Mapping[str, Any]) -> str | None:
    """Return the name in a cell, None if empty; raise DataError if it is too long for a name."""
    text = cell_text(cells.get(column))
    if text is not None and len(text) > LONG_NAME:
        raise DataError(f"{column} has more than {LONG_NAME} characters")
    return text


def parse_votes(cell: Any) -> Iterator[tuple[str, str | None]]:
    """Yield annotator and label of each vote in JSON, pairs or objects; DataError otherwise."""
    if isinstance(cell, str) and cell.strip():
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise DataError("votes are not JSON; give [[annotator, emotion], ...]") from error
    for vote in cell if isinstance(cell, list) else ():
        pair = (vote.get("annotator"), vote.get("emotion")) if isinstance(vote, dict) else vote
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise DataError("votes are not pairs; give [[annotator, emotion], ...]")
        yield pair[0], None if pair[1] is None else str(pair[1])


_EMPTY = {"", "nan", "none", "null", "na", "n/a", "<na>"}
_MAX_CHARACTERS = 100_000
_MAX_SECONDS = 100_000.0


def name_value_pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """Return names and values of a repeatable option; ConfigurationError for one without ``=``.

    Example:
        >>> name_value_pairs("--map", ["exc=happy", "joy = happy"])
        {'exc': 'happy', 'joy': 'happy'}
    """
    values = {}
    for text in given:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (sign and name and value):
            raise ConfigurationError(f"{option} {text}: give it as {option} NAME=VALUE")
        values[name] = value
    return values
