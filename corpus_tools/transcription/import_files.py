"""Files of transcripts to import: JSON Lines and CSV, by clip."""

import csv
import difflib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.transcription.encodings import decode_text
from manifests.errors import DataError
from manifests.outcome import Outcome

__all__ = ["COLUMNS", "ImportedText", "read_imported_texts"]

COLUMNS = ("clip_id", "text", "language", "avg_logprob", "no_speech_prob", "words")
"""Columns of a row; the first two are required, and CSV files have no ``words``."""

LARGEST_FILE = 512 * 2**20  # bytes
LONGEST_TEXT = 10_000  # characters in one clip's text


@dataclass(frozen=True)
class ImportedText:
    """Row of a file of transcripts.

    Attributes:
        where: file and line, for messages.
        fields: values of the known columns that aren't empty.
    """

    where: str
    fields: dict[str, Any]

    @property
    def clip_id(self) -> str:
        """Id of the clip."""
        return str(self.fields["clip_id"])


def read_imported_texts(path: Path, outcome: Outcome) -> list[ImportedText]:
    """Return the usable rows of a .jsonl or .csv file.

    Unusable rows and unknown columns are failures, with file and line.

    Raises:
        DataError: if the file can't be read, or lacks a required column.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(f"{path}: larger than {LARGEST_FILE >> 20} MiB; split it")
        text = decode_text(path.read_bytes(), str(path)).removeprefix("\ufeff")
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror})") from error
    in_csv = path.suffix.lower() == ".csv"
    rows = _csv_rows(path, text) if in_csv else _json_rows(path, text)
    known = COLUMNS[:-1] if in_csv else COLUMNS
    usable: list[ImportedText] = []
    unknown: set[str] = set()
    for where, row in rows:
        columns = set() if isinstance(row, str) else {str(name) for name in row} - set(known)
        for column in sorted(columns - unknown):
            outcome.fail(where, _unknown_column(column, known))
        unknown |= columns
        problem = row if isinstance(row, str) else _row_problem(row)
        if problem:
            outcome.items_in += 1
            outcome.fail(where, problem)
        elif isinstance(row, dict):
            fields = {name: row[name] for name in known if row.get(name) not in (None, "")}
            usable.append(ImportedText(where, fields))
    return usable


def _json_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        where = f"{path.name}, line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield where, f"not valid JSON ({error}); write one object per line"
            continue
        if isinstance(row, dict):
            yield where, row
        else:
            yield where, "expected a JSON object with clip_id and text"


def _csv_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey=_SURPLUS, strict=True)
    try:
        names = list(reader.fieldnames or [])
        missing = [name for name in COLUMNS[:2] if name not in names]
        if missing:
            raise DataError(
                f"{path}: no column '{missing[0]}'; its first line must name {_HEAD}, with commas "
                f"between them, and it is: {', '.join(map(repr, names))[:_SHOWN]}"
            )
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DataError(f"{path}: two columns '{twice}'; remove one")
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            if _SURPLUS in row:
                yield where, "more fields than columns; quote texts with commas"
            else:
                yield where, dict(row)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: not valid CSV ({error})") from error


def _row_problem(row: dict[str, Any]) -> str | None:
    for name in COLUMNS[:2]:
        if name not in row:
            return f"has no {name}; a row must have {_HEAD}"
        if not isinstance(row[name], str):
            return f"its {name} isn't a text"
        if any("\ud800" <= letter <= "\udfff" for letter in row[name]):
            return f"its {name} isn't valid Unicode (half a character)"
    if not row["text"].strip():
        return f"its text is empty; leave {row['clip_id'] or 'the clip'} out instead"
    if len(row["text"]) > LONGEST_TEXT:
        return f"its text has more than {LONGEST_TEXT} characters, too many for a clip"
    return None


def _unknown_column(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known columns: {', '.join(known)}"
    return f"unknown column '{name}', ignored; {hint}"


_SURPLUS = "\0surplus"
_SHOWN = 200  # characters of a header
_HEAD = " and ".join(COLUMNS[:2])
