"""Validated table rows."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from corpus_tools.importing.cells import (
    LONG_NAME,
    cell_label,
    cell_name,
    cell_seconds,
    cell_text,
    check_text,
    parse_votes,
)
from corpus_tools.importing.labels import LabelMapping, SplitMapping
from corpus_tools.importing.paths import end_of_path, existing, is_absolute
from corpus_tools.importing.tables import RawRow
from corpus_tools.media.identity import slug
from corpus_tools.recordings.readings.script import sentence_id
from manifests.base.emotions import UNCLEAR, Emotion
from manifests.base.errors import DataError
from manifests.base.voices import is_diarised, is_first_label, is_nobody, within_source
from manifests.storage.file_names import as_on_disk, did_you_mean
from manifests.storage.records import TEXT_SOURCES, Speaker, Split, TextSource
from manifests.storage.speakers import gender_named
from manifests.storage.store import inside

__all__ = [
    "MissingSoundError",
    "Reading",
    "Row",
    "Vote",
    "labels_in",
    "numbered_anew",
    "read_row",
    "speaker_in",
    "split_in",
]

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
        duration: length of the whole file in seconds, if a table without starts gives one.
        emotion: class of the clip.
        votes: annotator and class of each vote, None for unclear.
        adjudicated: True if the last vote was the adjudication.
        speaker: speaker of the clip.
        text: transcript.
        text_source: origin of the text.
        text_confidence: share of the vote of a combined text.
        sentence: id of the scripted line; without such a column, derived from the text.
        split: split of the clip.
        source: name of the film or session in the table.
        series: name of the series.
        label: label of the clip as the table has it.
        annotator: who gave the label.
        rows: number of rows of the table that it was made of.
        spoken: what of the text is spoken.
    """

    where: str
    file: str
    path: Path
    start: float | None
    end: float | None
    duration: float | None
    emotion: Emotion | None
    votes: tuple[Vote, ...]
    adjudicated: bool
    speaker: Speaker | None
    text: str | None
    text_source: TextSource | None
    text_confidence: float | None
    sentence: str | None
    split: Split | None
    source: str | None
    series: str | None
    label: str | None
    annotator: str | None
    rows: int = 1
    spoken: str = ""


@dataclass
class Reading:
    """How the rows of a table are read, and what was noticed.

    Attributes:
        columns: column by field.
        root: folder that paths may not leave.
        scratch: folder of sounds that were inside the table.
        mapping: classes of labels.
        splits: splits by name.
        spelling: how to write a speaker's name, by name.
        other_base: whether absolute paths of another machine are looked up by their ends.
        unread: cells that mean nothing for their field, with their counts.
        found: files that were found in a folder, which may lie in linked ones.
        anew: whether labels such as ``SPEAKER_00`` mean others in each recording.
        labels: such labels, with the recordings that they belong to, None for the whole table.
        paths: audio files that were found, by folder and name.
    """

    columns: Mapping[str, str]
    root: Path
    scratch: Path
    mapping: LabelMapping
    splits: SplitMapping
    spelling: Mapping[str, str]
    other_base: bool = False
    found: Collection[Path] = ()
    anew: bool = False
    unread: Counter[tuple[str, str]] = field(default_factory=Counter)
    labels: set[tuple[str, str | None]] = field(default_factory=set)
    paths: dict[tuple[Path, str], Path] = field(default_factory=dict)


class MissingSoundError(DataError):
    """Row that names a file that isn't in the folder, or lies outside it."""


def labels_in(raw: RawRow, columns: Mapping[str, str], *, strict: bool = False) -> Iterator[str]:
    """Yield the labels of a row, including those of its votes.

    Nothing comes of cells that can't be read; DataError if ``strict``.
    """
    try:
        if label := cell_label(raw.cells.get(columns.get("emotion", ""))):
            yield label
        for _, name in parse_votes(raw.cells.get(columns.get("votes", ""))):
            if name:
                yield name
    except DataError:
        if strict:
            raise


def split_in(raw: RawRow, columns: Mapping[str, str]) -> str | None:
    """Return the name of a row's split, else that of its file."""
    return cell_text(raw.cells.get(columns.get("split", ""))) or raw.split


def read_row(raw: RawRow, reading: Reading) -> Row:
    """Return a validated row; DataError if it is unusable."""
    columns, mapping = reading.columns, reading.mapping
    cells = {name: raw.cells.get(column) for name, column in columns.items()}
    for column, value in cells.items():
        if isinstance(value, str):
            check_text(column, value)
    name = _file_name(cells.get("file"))
    start, end, duration = _times(cells)
    label = cell_label(cells.get("emotion"))
    text = cells.get("text")
    text = " ".join(text.split()) if isinstance(text, str) else cell_text(text)
    sentence = cell_text(cells.get("sentence"))
    if sentence is not None and len(sentence) > LONG_NAME:
        sentence = sentence_id(sentence)
    if "sentence" not in columns and text:
        sentence = sentence_id(text)
    text_source, text_confidence = _origin_of_text(cells, reading)
    adjudicated = str(cells.get("adjudicated")).casefold() == "true"
    return Row(
        where=raw.where,
        file=name,
        path=_path(reading, raw.folder, name),
        start=start,
        end=end,
        duration=duration,
        emotion=mapping.take(label) if _is_class(label, mapping) else None,
        votes=_votes(cells.get("votes"), adjudicated, mapping),
        adjudicated=adjudicated,
        speaker=_speaker(raw, cells, reading),
        text=text or None,
        text_source=text_source,
        text_confidence=text_confidence,
        sentence=sentence,
        split=_split(split_in(raw, columns), reading.splits),
        source=cell_name("source", cells),
        series=cell_name("series", cells),
        label=label,
        annotator=_annotator(cells),
    )


def _origin_of_text(
    cells: Mapping[str, Any], reading: Reading
) -> tuple[TextSource | None, float | None]:
    """Return the origin of a row's text, and its confidence if it is a combined one."""
    name, number = cell_text(cells.get("text_source")), cell_text(cells.get("text_confidence"))
    source = next((source for source in TEXT_SOURCES if source == name), None)
    if name is not None and source is None:
        reading.unread["text_source", name] += 1
    if number is None:
        return source, None
    try:
        confidence = float(number)
    except ValueError:
        confidence = -1.0
    if source != "combined" or not 0 <= confidence <= 1:
        reading.unread["text_confidence", number] += 1
        return source, None
    return source, confidence


def _is_class(label: str | None, mapping: LabelMapping) -> TypeGuard[str]:
    return label is not None and label != UNCLEAR and not mapping.drops(label)


def _annotator(cells: Mapping[str, Any]) -> str | None:
    name = cell_name("annotator", cells)
    return None if name is None or is_nobody(name) else _whole_number(name)


def _times(cells: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    """Return start and end of a clip, or None and None and the length of its file, if known."""
    start, end, duration = (cell_seconds(field, cells) for field in ("start", "end", "duration"))
    starts = "start" in cells or "start_ms" in cells
    if starts and start is None and end is None and duration is not None:
        start = 0.0  # as NeMo reads a line without an offset
    if start is None and end is None:
        return None, None, duration
    if start is not None and end is None and duration is not None:
        end = start + duration
    if start is None or end is None or end <= start:
        raise DataError(
            "needs start and end, or start and duration, in seconds, with the end after the start"
        )
    return start, end, None


def _file_name(cell: Any) -> str:
    name = cell.get("path") if isinstance(cell, dict) else cell
    if not isinstance(name, str) or not name.strip():
        raise DataError("names no audio file")
    return name.strip().replace("\\", "/")


def _path(reading: Reading, folder: Path, name: str) -> Path:
    """Return the path of an audio file, looked up once for all of its rows."""
    key = folder, name
    if key not in reading.paths:
        reading.paths[key] = _path_within(reading, folder, name)
    return reading.paths[key]


def _path_within(reading: Reading, folder: Path, name: str) -> Path:
    """Return the path of an audio file, which must lie under the root even after links."""
    if name.startswith(f"{reading.scratch.as_posix()}/"):
        return Path(name)
    if folder / name in reading.found:
        return folder / name
    relative = name
    if is_absolute(name):
        try:
            relative = Path(name).relative_to(folder.resolve()).as_posix()
        except ValueError as error:
            found = end_of_path(folder, name) if reading.other_base else None
            if found is None:
                raise MissingSoundError(
                    f"{name!r} lies outside {folder}; name the folder of the audio files with "
                    f"--audio-folder"
                ) from error
            relative = found
    root = reading.root
    relative = as_on_disk(folder, relative.removeprefix("./"))
    try:
        path = inside(folder, relative)
    except (DataError, OSError, ValueError) as error:
        raise DataError(
            f"path {name[:200]!r} leaves {root}; it is refused, so copy the file into it"
        ) from error
    if not path.resolve().is_relative_to(root.resolve()):
        raise DataError(
            f"path {name[:200]!r} leaves {root}; it is refused, so copy the file into it"
        )
    try:
        found_path = existing(path)
    except OSError as error:
        raise DataError(f"{name[:80]!r} is not a path ({error.strerror})") from error
    if found_path is None:
        near = did_you_mean(folder, relative)
        hint = f"did you mean {near!r}?" if near else "see --audio-folder"
        raise MissingSoundError(f"{name[:200]!r}: no such file in {folder}; {hint}")
    if not found_path.resolve().is_relative_to(root.resolve()):
        raise DataError(
            f"path {name[:200]!r} leaves {root}; it is refused, so copy the file into it"
        )
    return found_path


def speaker_in(raw: RawRow, columns: Mapping[str, str]) -> str | None:
    """Return the name of a row's speaker, None without one or if it says that nobody knows."""
    name = cell_text(raw.cells.get(columns.get("speaker", "")))
    return None if name is None or is_nobody(name) else _whole_number(name)


def _whole_number(name: str) -> str:
    """Return an id without the ``.0`` of a number in a column with empty cells."""
    return re.sub(r"^(\d+)\.0$", r"\1", name)


def _speaker(raw: RawRow, cells: Mapping[str, Any], reading: Reading) -> Speaker | None:
    name = speaker_in(raw, reading.columns)
    if name is None:
        return None
    gender, age = cell_text(cells.get("gender")), cell_text(cells.get("age"))
    known = None if gender is None or is_nobody(gender) else gender_named(gender)
    if gender is not None and known is None and not is_nobody(gender):
        reading.unread["gender", gender] += 1
    try:
        years = None if age is None or is_nobody(age) else int(float(age.replace(",", ".")))
        if years is not None and not 0 < years < _MAX_AGE:
            raise ValueError
    except (ValueError, OverflowError):
        years = None
        reading.unread["age", str(age)] += 1
    return Speaker(
        speaker_id=_local_id(name, cells, reading) or _speaker_id(reading.spelling.get(name, name)),
        gender=known,
        age=years,
        region=cell_text(cells.get("region")),
        native=cell_text(cells.get("native")),
    )


def numbered_anew(rows: Iterable[RawRow], columns: Mapping[str, str]) -> bool:
    """Return whether labels such as ``SPEAKER_00`` begin anew in most of a table's recordings.

    So they do where a diarisation tool gave them; the ids of a corpus go on from one recording to
    the next. A file counts as a recording if several rows are parts of it.
    """
    names: defaultdict[str, list[str]] = defaultdict(list)
    whole = set()
    for raw in rows:
        name = speaker_in(raw, columns)
        cells = {field: raw.cells.get(column) for field, column in columns.items()}
        recording = _recording(cells)
        if name is not None and recording is not None and is_diarised(name):
            names[recording].append(name)
            if cell_text(cells.get("source")):
                whole.add(recording)
    counted = [own for recording, own in names.items() if len(own) > 1 or recording in whole]
    return 2 * sum(any(map(is_first_label, own)) for own in counted) > len(counted)


def _recording(cells: Mapping[str, Any]) -> str | None:
    """Return the recording of a row: its source, or the file of which it is a part."""
    is_part = any(cell_text(cells.get(column)) for column in ("start", "start_ms"))
    return cell_text(cells.get("source")) or (str(cells.get("file")) if is_part else None)


def _local_id(name: str, cells: Mapping[str, Any], reading: Reading) -> str | None:
    """Return the id of a label of diarisation within its recording, if the table tells which."""
    if not is_diarised(name):
        return None
    recording = _recording(cells) if reading.anew else None
    reading.labels.add((name, recording))
    if recording is None:
        return None
    series = cell_name("series", cells) or reading.root.name
    digest = hashlib.sha256(f"{series}\0{recording}".encode()).hexdigest()
    return within_source(name, f"-{digest[:12]}")


def _speaker_id(name: str) -> str:
    """Return an id that is safe in file names and tables, unique for each name."""
    if re.fullmatch(r"\w[\w-]{0,31}", name):
        return name
    return f"{slug(name, 20).replace('.', '-')}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _split(name: str | None, splits: SplitMapping) -> Split | None:
    split = None if name is None else splits.read(name)
    if name is not None and split is not None:
        splits.used[name, split] += 1
    return split


def _votes(cell: Any, adjudicated: bool, mapping: LabelMapping) -> tuple[Vote, ...]:
    """Return the votes of a cell, one of each annotator beside the adjudication."""
    votes: list[Vote] = []
    for annotator, label in parse_votes(cell):
        check_text("votes", annotator)
        votes.append((annotator, mapping.read(label) if _is_class(label, mapping) else None))
    last = votes[-1:] if adjudicated else []
    votes = list(dict.fromkeys(votes[: len(votes) - len(last)]))
    twice = [name for name, times in Counter(name for name, _ in votes).items() if times > 1]
    if twice:
        raise DataError(f"annotator {twice[0][:40]!r} has several votes on it; keep one")
    return (*votes, *last)


_MAX_AGE = 120  # years
