"""Rows of a table, checked: what each says of a clip, or why it can't be used."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.importing.cells import LONG_NAME, check_text, plain, seconds, short, votes_in
from corpus_tools.importing.folders import split_named
from corpus_tools.importing.labels import Scheme
from corpus_tools.importing.tables import RawRow
from corpus_tools.media.identity import slug
from corpus_tools.recordings.script import sentence_id
from manifests.emotions import UNCLEAR, Emotion
from manifests.errors import DataError
from manifests.records import Gender, Speaker, Split
from manifests.store import inside

__all__ = ["Row", "labels_in", "read_row"]

Vote = tuple[str, Emotion | None]


@dataclass(frozen=True)
class Row:
    """What a row says of a clip; null is what it doesn't say.

    Attributes:
        where: for messages.
        file: as written.
        path: of the sound.
        start: of the clip in the file, in seconds.
        end: likewise.
        emotion: its class.
        votes: annotator and class, null for unclear.
        adjudicated: whether the last vote decided.
        speaker: who speaks.
        text: what is said.
        sentence: id of the line that is read; where no column tells, every text is one.
        split: where it belongs.
        source: the film or session it is from, as the table calls it.
        series: of that.
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
    """Yield the labels that a row names, those of its votes included."""
    label = plain(raw.cells.get(columns.get("emotion", "")))
    if label is not None:
        yield label
    try:
        yield from (name for _, name in votes_in(raw.cells.get(columns.get("votes", ""))) if name)
    except DataError:
        return


def read_row(raw: RawRow, columns: Mapping[str, str], root: Path, scheme: Scheme) -> Row:
    """Return what a row says.

    Args:
        raw: as found.
        columns: which column holds what.
        root: the folder that its path may not leave.
        scheme: how labels are read.

    Raises:
        DataError: with why it can't be used.
    """
    cells = {what: raw.cells.get(column) for what, column in columns.items()}
    for what, value in cells.items():
        if isinstance(value, str):
            check_text(what, value)
    named = _file(cells.get("file"))
    start, end = seconds("start", cells), seconds("end", cells)
    if (start is None) != (end is None) or (start is not None and end is not None and end <= start):
        raise DataError("needs both start and end, in seconds, and the end after the start")
    label = plain(cells.get("emotion"))
    text = cells.get("text")
    text = " ".join(text.split()) if isinstance(text, str) else plain(text)
    sentence = plain(cells.get("sentence"))
    if sentence is not None and len(sentence) > LONG_NAME:
        sentence = sentence_id(sentence)
    if "sentence" not in columns and text:
        sentence = sentence_id(text)
    return Row(
        where=raw.where,
        file=named,
        path=_within(root, raw.folder, named),
        start=start,
        end=end,
        emotion=None if label is None or label == UNCLEAR else scheme.take(label),
        votes=tuple(_cast(cells.get("votes"), scheme)),
        adjudicated=str(cells.get("adjudicated")).casefold() == "true",
        speaker=_speaker(cells),
        text=text or None,
        sentence=sentence,
        split=_split(cells, raw.split),
        source=short("source", cells),
        series=short("series", cells),
    )


def _file(cell: Any) -> str:
    named = cell.get("path") if isinstance(cell, dict) else cell
    if not isinstance(named, str) or not named.strip():
        raise DataError("names no sound file")
    return named.strip().replace("\\", "/")


def _within(root: Path, folder: Path, named: str) -> Path:
    """Return the path of a sound; it may not leave the root, not even through a link."""
    relative = named
    if named.startswith("/"):
        try:
            relative = Path(named).relative_to(folder.resolve()).as_posix()
        except ValueError as error:
            raise DataError(
                f"{named!r} lies outside {folder}; give the folder of the sound with --audio-folder"
            ) from error
    try:
        path = inside(folder, relative.removeprefix("./"))
    except (DataError, OSError, ValueError) as error:
        raise DataError(f"path {named[:200]!r} leaves {root}; it is refused") from error
    if not path.resolve().is_relative_to(root.resolve()):
        raise DataError(f"path {named[:200]!r} leaves {root}; it is refused")
    try:
        if not path.is_file():
            raise DataError(f"{named[:200]!r}: no such file in {folder}; see --audio-folder")
    except OSError as error:
        raise DataError(f"{named[:80]!r}: is no path ({error.strerror})") from error
    return path


def _speaker(cells: Mapping[str, Any]) -> Speaker | None:
    named = plain(cells.get("speaker"))
    if named is None:
        return None
    age = plain(cells.get("age"))
    try:
        years = None if age is None else int(float(age))
    except (ValueError, OverflowError):
        years = None
    return Speaker(
        speaker_id=_id(named),
        gender=_GENDERS.get((plain(cells.get("gender")) or "").casefold()),
        age=years if years is not None and 0 < years < _OLDEST else None,
        region=plain(cells.get("region")),
        native=plain(cells.get("native")),
    )


def _id(named: str) -> str:
    """Return an id that may stand in file names and tables, another one for another name."""
    if re.fullmatch(r"\w[\w-]{0,31}", named):
        return named
    return f"{slug(named, 20).replace('.', '-')}-{hashlib.sha256(named.encode()).hexdigest()[:6]}"


def _split(cells: Mapping[str, Any], around: str | None) -> Split | None:
    named = plain(cells.get("split")) or around
    if named is None:
        return None
    found = split_named(named)
    if found is None:
        raise DataError(f"split {named[:40]!r} is none of train, val, test")
    return found


def _cast(cell: Any, scheme: Scheme) -> Iterator[Vote]:
    for who, label in votes_in(cell):
        check_text("votes", who)
        yield who, None if label in (None, UNCLEAR) else scheme.read(str(label))


_GENDERS: dict[str, Gender] = {
    "female": "female", "f": "female", "woman": "female", "女": "female",
    "male": "male", "m": "male", "man": "male", "男": "male",
    "other": "other", "o": "other",
}  # fmt: skip
_OLDEST = 120  # years
