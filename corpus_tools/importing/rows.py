"""Validated table rows."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.importing.columns import (
    LONG_NAME,
    cell_name,
    cell_seconds,
    cell_text,
    check_text,
    parse_votes,
)
from corpus_tools.importing.labels import LabelMapping
from corpus_tools.importing.tables import RawRow, split_named
from corpus_tools.media.identity import slug
from corpus_tools.recordings.readings.script import sentence_id
from manifests.base.emotions import UNCLEAR, Emotion
from manifests.base.errors import DataError
from manifests.storage.records import Gender, Speaker, Split
from manifests.storage.store import inside

__all__ = ["Row", "labels_in", "read_row"]

Vote = tuple[str, Emotion | None]


@dataclass(frozen=True)
class Row:
    """Validated row; None for missing values.

    Attributes:
        where: file and line, for messages.
        file: path as written in the table.
        path: path of the audio file.
        start: start of the clip in the file in seconds.
        end: end of the clip in the file in seconds.
        emotion: class of the clip.
        votes: annotator and class of each vote, None for unclear.
        adjudicated: True if the last vote was the adjudication.
        speaker: speaker of the clip.
        text: transcript.
        sentence: id of the scripted line; without such a column, derived from the text.
        split: split of the clip.
        source: name of the film or session in the table.
        series: name of the series.
    """

    where: str
    file: str
    path: Path
    start: float | None
    end: float | None
    emotion: Emotion | None
    votes: tuple[Vote, ...]
    adjudicated: bool
    speaker: Speaker | None
    text: str | None
    sentence: str | None
    split: Split | None
    source: str | None
    series: str | None


def labels_in(raw: RawRow, columns: Mapping[str, str]) -> Iterator[str]:
    """Yield the labels of a row, including those of its votes."""
    label = cell_text(raw.cells.get(columns.get("emotion", "")))
    if label is not None:
        yield label
    try:
        yield from (
            name for _, name in parse_votes(raw.cells.get(columns.get("votes", ""))) if name
        )
    except DataError:
        return


def read_row(raw: RawRow, columns: Mapping[str, str], root: Path, mapping: LabelMapping) -> Row:
    """Return a validated row (``columns``: column by field); DataError if it is unusable."""
    cells = {field: raw.cells.get(column) for field, column in columns.items()}
    for field, value in cells.items():
        if isinstance(value, str):
            check_text(field, value)
    name = _file_name(cells.get("file"))
    start, end = cell_seconds("start", cells), cell_seconds("end", cells)
    if (start is None) != (end is None) or (start is not None and end is not None and end <= start):
        raise DataError("needs start and end in seconds, with the end after the start")
    label = cell_text(cells.get("emotion"))
    text = cells.get("text")
    text = " ".join(text.split()) if isinstance(text, str) else cell_text(text)
    sentence = cell_text(cells.get("sentence"))
    if sentence is not None and len(sentence) > LONG_NAME:
        sentence = sentence_id(sentence)
    if "sentence" not in columns and text:
        sentence = sentence_id(text)
    return Row(
        where=raw.where,
        file=name,
        path=_path_within(root, raw.folder, name),
        start=start,
        end=end,
        emotion=None if label is None or label == UNCLEAR else mapping.take(label),
        votes=tuple(_votes(cells.get("votes"), mapping)),
        adjudicated=str(cells.get("adjudicated")).casefold() == "true",
        speaker=_speaker(cells),
        text=text or None,
        sentence=sentence,
        split=_split(cells, raw.split),
        source=cell_name("source", cells),
        series=cell_name("series", cells),
    )


def _file_name(cell: Any) -> str:
    name = cell.get("path") if isinstance(cell, dict) else cell
    if not isinstance(name, str) or not name.strip():
        raise DataError("names no audio file")
    return name.strip().replace("\\", "/")


def _path_within(root: Path, folder: Path, name: str) -> Path:
    """Return the path of an audio file, which must lie under the root even after links."""
    relative = name
    if name.startswith("/"):
        try:
            relative = Path(name).relative_to(folder.resolve()).as_posix()
        except ValueError as error:
            raise DataError(
                f"{name!r} lies outside {folder}; name the folder of the audio files with "
                f"--audio-folder"
            ) from error
    try:
        path = inside(folder, relative.removeprefix("./"))
    except (DataError, OSError, ValueError) as error:
        raise DataError(f"path {name[:200]!r} leaves {root}; it is refused") from error
    if not path.resolve().is_relative_to(root.resolve()):
        raise DataError(f"path {name[:200]!r} leaves {root}; it is refused")
    try:
        if not path.is_file():
            raise DataError(f"{name[:200]!r}: no such file in {folder}; see --audio-folder")
    except OSError as error:
        raise DataError(f"{name[:80]!r} is not a path ({error.strerror})") from error
    return path


def _speaker(cells: Mapping[str, Any]) -> Speaker | None:
    name = cell_text(cells.get("speaker"))
    if name is None:
        return None
    age = cell_text(cells.get("age"))
    try:
        years = None if age is None else int(float(age))
    except (ValueError, OverflowError):
        years = None
    return Speaker(
        speaker_id=_speaker_id(name),
        gender=_GENDERS.get((cell_text(cells.get("gender")) or "").casefold()),
        age=years if years is not None and 0 < years < _MAX_AGE else None,
        region=cell_text(cells.get("region")),
        native=cell_text(cells.get("native")),
    )


def _speaker_id(name: str) -> str:
    """Return an id that is safe in file names and tables, unique for each name."""
    if re.fullmatch(r"\w[\w-]{0,31}", name):
        return name
    return f"{slug(name, 20).replace('.', '-')}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _split(cells: Mapping[str, Any], default: str | None) -> Split | None:
    name = cell_text(cells.get("split")) or default
    if name is None:
        return None
    split = split_named(name)
    if split is None:
        raise DataError(f"split {name[:40]!r} isn't one of train, val, test")
    return split


def _votes(cell: Any, mapping: LabelMapping) -> Iterator[Vote]:
    for annotator, label in parse_votes(cell):
        check_text("votes", annotator)
        yield annotator, None if label in (None, UNCLEAR) else mapping.read(str(label))


_GENDERS: dict[str, Gender] = {
    "female": "female", "f": "female", "woman": "female", "女": "female",
    "male": "male", "m": "male", "man": "male", "男": "male",
    "other": "other", "o": "other",
}  # fmt: skip
_MAX_AGE = 120  # years
