"""The script of a recording session: which file holds which line, read by whom."""

import csv
import difflib
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.transcription.encodings import decode_text
from manifests.errors import ConfigurationError, DataError
from manifests.records import Speaker

__all__ = ["REQUIRED", "ScriptRow", "read_script", "sentence_id"]

REQUIRED = ("file", "speaker", "gender", "text")
OPTIONAL = ("sentence", "age", "region", "native", "intended_emotion")

_SPEAKER = re.compile(r"\w[\w-]{0,31}")

_GENDERS = {
    "female": "female", "f": "female", "女": "female",
    "male": "male", "m": "male", "男": "male",
    "other": "other", "": None,
}  # fmt: skip


@dataclass(frozen=True)
class ScriptRow:
    """One line of the script.

    The emotion that was intended is read past: it must not become a label, or be seen by those
    who give one.

    Attributes:
        line: of the file, for messages.
        file: as written, relative to the folder of the recordings.
        speaker: who reads it.
        text: what is read.
        sentence: id of the text, the same for all who read it.
    """

    line: int
    file: str
    speaker: Speaker
    text: str
    sentence: str


def read_script(path: Path) -> Iterator[ScriptRow | DataError]:
    """Yield the rows of a script; for a row that can't be used, the error that says why.

    Args:
        path: CSV with a header, comma, semicolon or tab between the fields; UTF-8, or what else
            spreadsheets write: UTF-16, GB18030, Big5.

    Raises:
        DataError: if the file can't be read at all.
        ConfigurationError: if a column is missing or unknown.
    """
    try:
        text = decode_text(path.read_bytes(), str(path)).removeprefix("\ufeff")
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror}); check the path") from error
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return _parsed(path, rows)


def _parsed(path: Path, rows: Iterator[list[str]]) -> Iterator[ScriptRow | DataError]:
    columns = [column.strip() for column in next(rows, [])]
    _check(path, columns)
    number = 1
    while True:
        try:
            values = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{path}: not valid CSV ({error}); save it again") from error
        number += 1
        if not any(value.strip() for value in values):
            continue
        if len(values) > len(columns):
            yield DataError(f"line {number} has more fields than columns; quote texts with commas")
            continue
        values += [""] * (len(columns) - len(values))
        yield _row(number, dict(zip(columns, (value.strip() for value in values), strict=True)))


def _check(path: Path, columns: list[str]) -> None:
    known = (*REQUIRED, *OPTIONAL)
    for column in columns:
        if column not in known:
            near = difflib.get_close_matches(column, known, n=1, cutoff=0.0)[0]
            raise ConfigurationError(
                f"{path}: unknown column '{column}'; did you mean '{near}'? "
                f"Known ones: {', '.join(known)}"
            )
    if len(set(columns)) < len(columns):
        raise ConfigurationError(f"{path}: a column is there twice; remove one")
    if missing := [column for column in REQUIRED if column not in columns]:
        raise ConfigurationError(f"{path}: column '{missing[0]}' is missing; add it")


def _row(number: int, row: dict[str, str]) -> ScriptRow | DataError:
    where = f"line {number}"
    for column in ("file", "speaker", "text"):
        if not row[column]:
            return DataError(f"{where} has no {column}; fill it in")
    if not _SPEAKER.fullmatch(row["speaker"]):
        return DataError(
            f"{where}: speaker {row['speaker'][:40]!r} is no id; use letters, digits, '-' and '_', "
            f"32 at most, and no name"
        )
    if any(unicodedata.category(one) == "Cc" for one in row["text"]):
        return DataError(f"{where}: the text has control characters; remove them")
    gender = row["gender"].casefold()
    if gender not in _GENDERS:
        return DataError(f"{where}: gender {row['gender']!r} is not one of female, male, other")
    try:
        speaker: Speaker = Speaker.parse(
            {
                "speaker_id": row["speaker"],
                "gender": _GENDERS[gender],
                **{field: row.get(field, "") for field in ("age", "region", "native")},
            },
            where,
        )
    except DataError as error:
        return error
    sentence = row.get("sentence") or sentence_id(row["text"])
    return ScriptRow(number, row["file"], speaker, row["text"], sentence)


def sentence_id(text: str) -> str:
    """Return an id for a text that doesn't hang on width, case, spaces and punctuation.

    Example:
        >>> sentence_id("今天 巴适！") == sentence_id("今天巴适")
        True
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(one for one in plain if unicodedata.category(one)[0] in "LMN")
    return "s-" + hashlib.sha256((letters or plain).encode()).hexdigest()[:8]
