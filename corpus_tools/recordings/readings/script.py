"""Script of a recording session: file, speaker and text of each line; transcripts of its clips."""

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.transcription.store import put_transcripts
from corpus_tools.transcription.text.normalise import NORMALISATION, normalise
from manifests.base.csv_tables import Ragged, parse_table
from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.letters import composed, plain_letters
from manifests.base.voices import is_nobody
from manifests.storage.records import Speaker, Transcript

__all__ = ["RowError", "ScriptRow", "put_script_texts", "read_script", "sentence_id"]

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
    """Row of the script, with its line number for messages and its file name as written.

    The sentence id is the same for all speakers of a text. The intended emotion is ignored: it must
    neither become a label nor be shown to annotators.
    """

    line: int
    file: str
    speaker: Speaker
    text: str
    sentence: str


class RowError(DataError):
    """Row that can't be used; its file (possibly empty) still counts as listed in the script."""

    def __init__(self, message: str, file: str) -> None:
        super().__init__(message)
        self.file = file


def read_script(path: Path, language: str | None = None) -> Iterator[ScriptRow | RowError]:
    """Yield the rows of a script, and an error for each row that can't be used.

    Any separator and encoding of `manifests.base.csv_tables` do; ``language`` helps to tell old
    ones apart.

    Raises:
        DataError: if the file isn't valid CSV.
        ConfigurationError: if there is no such file, or a column is missing or unknown.
    """
    try:
        text = read_text(path, language)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: can't be read ({error.strerror}); check the path"
        ) from error
    return _parse_script(path, text)


def _parse_script(path: Path, text: str) -> Iterator[ScriptRow | RowError]:
    try:
        columns, rows = parse_table(text, str(path))
    except DataError as error:
        raise ConfigurationError(str(error)) from error
    _check_columns(path, columns)
    for number, row in rows:
        if isinstance(row, Ragged):
            yield RowError(f"line {number} {row.problem}", row.fields["file"])
        else:
            yield _row_or_error(number, row)


def _check_columns(path: Path, columns: list[str]) -> None:
    known = (*REQUIRED, *OPTIONAL)
    for column in columns:
        if column not in known:
            near = difflib.get_close_matches(column, known, n=1, cutoff=0.0)[0]
            raise ConfigurationError(
                f"{path}: unknown column '{column}'; did you mean '{near}'? "
                f"Known ones: {', '.join(known)}"
            )
    if missing := [column for column in REQUIRED if column not in columns]:
        raise ConfigurationError(f"{path}: column '{missing[0]}' is missing; add it")


def _row_or_error(number: int, row: dict[str, str]) -> ScriptRow | RowError:
    cells = {column: composed(value) for column, value in row.items()}
    row = {**cells, "file": row["file"]}
    try:
        return _script_row(number, row)
    except DataError as error:
        return RowError(f"line {number}{error}", row["file"])


def _script_row(number: int, row: dict[str, str]) -> ScriptRow:
    """Return a row, or raise DataError with the part of the message after "line N"."""
    for column, value in row.items():
        if "\n" in value or "\r" in value:
            raise DataError(f": {column} spans several lines; is a quote left open?")
        if any(unicodedata.category(character) == "Cc" for character in value):
            raise DataError(f": {column} has control characters; remove them")
    for column in ("file", "speaker", "text"):
        if not row[column]:
            raise DataError(f" has no {column}; fill it in")
    if not _SPEAKER.fullmatch(row["speaker"]):
        raise DataError(
            f": speaker {row['speaker'][:40]!r} isn't a valid id; use a pseudonym of at most 32 "
            f"letters, digits, '-' and '_'"
        )
    if is_nobody(row["speaker"]):
        raise DataError(
            f": speaker {row['speaker'][:40]!r} is nobody; give each person a pseudonym"
        )
    gender = row["gender"].casefold()
    if gender not in _GENDERS:
        raise DataError(f": gender {row['gender']!r} is not one of female, male, other")
    rest = {field: row.get(field, "") for field in ("age", "region", "native")}
    try:
        speaker: Speaker = Speaker.parse(
            {"speaker_id": row["speaker"], "gender": _GENDERS[gender], **rest}, ""
        )
    except DataError as error:
        raise DataError(f": age {row['age'][:40]!r} isn't a whole number of years") from error
    sentence = row.get("sentence") or sentence_id(row["text"])
    return ScriptRow(number, row["file"], speaker, row["text"], sentence)


def sentence_id(text: str) -> str:
    """Return the id of a text, independent of width, case, spaces and punctuation.

    Example:
        >>> sentence_id("今天 巴适！") == sentence_id("今天巴适")
        True
    """
    key = plain_letters(text) or unicodedata.normalize("NFKC", text).casefold()
    return "s-" + hashlib.sha256(key.encode()).hexdigest()[:8]


def put_script_texts(
    corpus: Path,
    source_id: str,
    lines: Iterable[tuple[str, str, list[str]]],
    language: str | None = None,
) -> None:
    """Store the script's lines (clip id, text and flags) as transcripts of a source's clips."""
    texts = [
        Transcript(
            clip_id=clip_id,
            text=normalise(text, language),
            text_raw=text,
            source="script",
            language=language,
            flags=flags,
        )
        for clip_id, text, flags in lines
    ]
    inputs = {
        "lines": [[text.clip_id, text.text_raw, text.flags] for text in texts],
        "language": language,
        "normalisation": NORMALISATION,
    }
    put_transcripts(corpus, source_id, "script", texts, inputs)
