"""Checks of a foreign table as a whole, before its clips are written, and what is said about it."""

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from corpus_tools.importing.cells import cell_seconds, cell_text
from corpus_tools.importing.columns import TIMES
from corpus_tools.importing.labels import LabelMapping, SplitMapping
from corpus_tools.importing.paths import base_for
from corpus_tools.importing.rows import (
    MissingSoundError,
    Reading,
    Row,
    labels_in,
    split_in,
)
from corpus_tools.importing.tables import RawRow, Table
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import Outcome, listed
from manifests.base.voices import (
    alike_warnings,
    is_nobody,
    is_role,
    spelling_warnings,
)
from manifests.storage.file_names import did_you_mean
from manifests.storage.records import TEXT_SOURCES

__all__ = ["check_table", "report_missing", "table_warnings"]


def check_table(
    table: Table,
    columns: Mapping[str, str],
    mapping: LabelMapping,
    splits: SplitMapping,
    path: Path,
) -> None:
    """Refuse a table if its labels, splits or times can't be meant as they would be read.

    Raises:
        ConfigurationError: if labels or splits are unknown, or times look like milliseconds.
        DataError: if there is no label at all where there should be some.
    """
    labels = [label for raw in table.rows for label in labels_in(raw, columns)]
    mapping.check(
        labels,
        "; if these folders aren't classes, give a table with a column emotion"
        if table.from_names
        else "",
    )
    splits.check(name for name in (split_in(raw, columns) for raw in table.rows) if name)
    if not labels and table.rows and table.from_names:
        raise DataError(
            f"{path}: no name of a folder or file says a class; name the folders by class, or give "
            f"a table with a column emotion (without such a column, clips are imported to be "
            f"labelled){''.join(f'; {note}' for note in table.notes)}"
        )
    named = [columns[field] for field in ("emotion", "votes") if field in columns]
    if not labels and table.rows and named:
        for raw in table.rows:
            try:
                list(labels_in(raw, columns, strict=True))
            except DataError as error:
                raise DataError(f"{path}: no row has a label: {raw.where}: {error}") from error
        raise DataError(
            f"{path}: no row has a label, since {' and '.join(map(repr, named))} is empty in all "
            f"of {len(table.rows)}; name the right column with --column emotion=NAME, or pass this "
            f"one over with --ignore {named[0]} to import the clips without labels"
        )
    _check_unit(table, columns)


def _check_unit(table: Table, columns: Mapping[str, str]) -> None:
    """Refuse whole numbers that would make clips of minutes: they count something shorter."""
    if "start" not in columns or not ({"end", "duration"} & columns.keys()):
        return
    lengths, times = [], []
    for raw in table.rows:
        cells: dict[str, Any] = {
            field: raw.cells.get(columns[field]) for field in TIMES if field in columns
        }
        try:
            start, end, length = (cell_seconds(field, cells) for field in TIMES)
        except DataError:
            continue
        if length is None and start is not None and end is not None:
            length = end - start
        if length is not None:
            lengths.append(length)
            times += [time for time in (start, end) if time is not None]
    if lengths and median(lengths) > _LONG and all(time == int(time) for time in times):
        named = [f"{field}_ms={columns[field]}" for field in TIMES if field in columns]
        flags = " ".join(f"--column {shlex.quote(one)}" for one in named)
        raise ConfigurationError(
            f"clips of {median(lengths):.0f} s by {columns['start']!r} are too long for seconds; "
            f"if these are milliseconds: {flags}; if they count samples, give seconds"
        )


_LONG = 120.0  # seconds; an utterance with one emotion is shorter


def table_warnings(
    table: Table,
    reading: Reading,
    rows: Sequence[Row],
    path: Path,
    known: Iterable[str],
    unread: Collection[str],
) -> Iterator[str]:
    """Yield what a user should know about a table that is imported: what in it wasn't used."""
    columns = reading.columns
    if not {"emotion", "votes"} & columns.keys():
        yield (
            f"{path.name}: no column names the emotion, so all clips are without a label; its "
            f"columns: {', '.join(list(table.columns)[:_MOST])}"
        )
    unclear = _unclear(table, reading)
    bare = [
        row for row in rows if row.emotion is None and not row.votes and row.where not in unclear
    ]
    if bare and {"emotion", "votes"} & columns.keys():
        yield (
            f"{len(bare)} of {len(rows)} clips have no label and are to be annotated: "
            f"{listed(row.where for row in bare)}"
        )
    nobody = [
        name
        for raw in table.rows
        if (name := cell_text(raw.cells.get(columns.get("speaker", "")))) and is_nobody(name)
    ]
    if nobody:
        yield (
            f"{len(nobody)} of {len(table.rows)} rows have "
            f"{listed(map(repr, dict.fromkeys(nobody)))} for a speaker, which is nobody; their "
            f"speaker is unknown"
        )
    roles = [name for name in dict.fromkeys(reading.spelling.values()) if _is_only_role(name)]
    if roles:
        yield (
            f"{listed(roles)}: each counts as one person; if it is a role that several people "
            f"play, leave these cells empty"
        )
    silent = [row.where for row in rows if row.text and not row.spoken]
    if silent:
        yield (
            f"{len(silent)} of {len(rows)} texts have nothing in them that is spoken, and are kept "
            f"as text_raw only: {listed(silent)}"
        )
    yield from spelling_warnings(reading.spelling)
    yield from alike_warnings(dict.fromkeys(reading.spelling.values()), known)
    if local := sorted({name for name, recording in reading.labels if recording}):
        yield (
            f"{listed(local)}: labels of a diarisation tool, which mean others in each recording; "
            f"each is a speaker of its own in each of the table's recordings; give one id to a "
            f"person who is in several"
        )
    persons = sorted({name for name, recording in reading.labels if not recording})
    if persons and (unread or not table.from_names):  # other folders may be recordings
        yield (
            f"{listed(persons)}: taken for the same persons in the whole table; if a diarisation "
            f"tool gave these labels (then the first of them is in nearly every recording), name "
            f"the recordings in a column source, or write their names before the labels"
        )
    for field, right in _RIGHT.items():
        cells = {value: n for (name, value), n in reading.unread.items() if name == field}
        if cells:
            unread = listed(f"{value!r} ({n})" for value, n in cells.items())
            yield f"{field} isn't read where it is {unread}; write {right}"
    if table.sounds and not table.from_names and len(rows) == len(table.rows):
        named = {row.path.resolve() for row in rows}
        if unnamed := [file for file in table.sounds if file.resolve() not in named]:
            yield (
                f"{len(unnamed)} audio files of {path} are in no row of its tables and weren't "
                f"imported: {listed(file.relative_to(path).as_posix() for file in unnamed)}"
            )


def _is_only_role(name: str) -> bool:
    """Return whether a name is a role without a number, unlike the ids ``male1`` and ``male2``."""
    return is_role(name) and not any(map(str.isdigit, name))


def _unclear(table: Table, reading: Reading) -> set[str]:
    """Return where the rows are that say something else than a class, such as ``unclear``."""
    column = reading.columns.get("emotion", "")
    return {raw.where for raw in table.rows if cell_text(raw.cells.get(column)) is not None}


def report_missing(
    missing: Sequence[tuple[RawRow, MissingSoundError]],
    reading: Reading,
    total: int,
    outcome: Outcome,
) -> None:
    """Record rows without a file as failures; many of them as one that says what would help."""
    if len(missing) <= _SHOWN and 2 * len(missing) <= total:
        for raw, error in missing:
            outcome.fail(raw.where, str(error))
        return
    column = reading.columns["file"]
    all_of = "all of these are" if len(missing) > 1 else "it is"
    names = [str(raw.cells[column]).strip().replace("\\", "/") for raw, _ in missing]
    folder = missing[0][0].folder
    found = base_for(names, folder)
    near = did_you_mean(folder, names[0])
    advice = (
        f"did you mean {near!r}? Names must agree in upper and lower case"
        if near
        else f"with --audio-folder {found[0]} "
        f"{all_of if found[1] == len(missing) else f'{found[1]} of these are'} found"
        if found
        else "none was found near it; give the folder of the audio files with --audio-folder"
    )
    outcome.fail(
        f"{len(missing)} of {total} rows",
        f"name files that aren't in {folder}, such as {names[0][:200]!r} "
        f"({missing[0][0].where}); {advice}",
    )


_RIGHT = {
    "gender": "female, male, other",
    "age": "years, such as 27",
    "text_source": f"one of {', '.join(TEXT_SOURCES)}",
    "text_confidence": "a number from 0 to 1 where text_source is combined",
}
_SHOWN = 3
_MOST = 30
