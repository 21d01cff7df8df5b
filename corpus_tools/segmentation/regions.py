"""Read a regions file: which stretches of which films a person wants, or doesn't."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from corpus_tools.segmentation.times import parse_time
from manifests.errors import DataError
from manifests.records import Choice

__all__ = ["Region", "read_regions"]

COLUMNS = ("source", "from", "to", "decision", "note", "speaker")


@dataclass(frozen=True)
class Region:
    """A row of a regions file.

    Attributes:
        line: where it stands in the file.
        source: which film: a source_id, a file's name, or that without its ending.
        start: in seconds.
        end: in seconds.
        decision: ``keep`` or ``drop``.
        note: of the person.
        speaker: who speaks there, if one person does.
    """

    line: int
    source: str
    start: float
    end: float
    decision: Literal["keep", "drop"]
    note: str | None
    speaker: str | None

    def choice(self, source_id: str) -> Choice:
        """Return the record of the row for a source."""
        return Choice(
            source_id=source_id,
            start=self.start,
            end=self.end,
            decision=self.decision,
            origin="regions",
            note=self.note,
            speaker=self.speaker,
        )


def read_regions(path: Path) -> Iterator[Region | DataError]:
    """Yield the rows of a regions file; each bad one as the error that says what is wrong.

    Args:
        path: a CSV in UTF-8 with the columns ``source, from, to, decision, note, speaker``, the
            last two optional; without a line of names, they come in this order. Times are seconds
            or ``[h:]m:s``; ``decision`` is ``keep`` or ``drop``. Commas or semicolons separate.

    Raises:
        DataError: if the file can't be read, or lacks a column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8; save it as CSV in UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror}); check the name") from error
    try:
        yield from _regions(path.name, text)
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file ({error}); save it as CSV in UTF-8") from error


def _regions(name: str, text: str) -> Iterator[Region | DataError]:
    first = text.split("\n", 1)[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    places: dict[str, int] | None = None
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if places is None:
            places = _places(name, cells)
            if not _is_row(cells):
                continue
        try:
            yield _region(reader.line_num, cells, places)
        except DataError as error:
            yield DataError(f"line {reader.line_num}: {error}")


def _is_row(cells: Sequence[str]) -> bool:
    return len(cells) > 3 and cells[3].strip().lower() in ("keep", "drop")


def _places(name: str, cells: Sequence[str]) -> dict[str, int]:
    """Return which column is where, told by the first line."""
    if _is_row(cells):
        return {column: place for place, column in enumerate(COLUMNS)}
    named = [cell.strip().lower() for cell in cells]
    places = {column: named.index(column) for column in COLUMNS if column in named}
    if "keep|drop" in named:
        places.setdefault("decision", named.index("keep|drop"))
    missing = [column for column in COLUMNS[:4] if column not in places]
    if missing:
        raise DataError(
            f"{name}: no column {', '.join(missing)}; the columns are {', '.join(COLUMNS)}"
        )
    return places


def _region(line: int, cells: Sequence[str], places: dict[str, int]) -> Region:
    def cell(column: str) -> str:
        place = places.get(column, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    start, end = parse_time(cell("from")), parse_time(cell("to"))
    if end <= start:
        raise DataError(f"ends at {cell('to')}, not after it begins; check from and to")
    decision = cell("decision").lower()
    if decision not in ("keep", "drop"):
        raise DataError(f"decision {decision!r}; write keep or drop")
    if not cell("source"):
        raise DataError("names no source; give a file's name or a source_id")
    return Region(
        line=line,
        source=cell("source"),
        start=start,
        end=end,
        decision=cast(Literal["keep", "drop"], decision),
        note=cell("note") or None,
        speaker=cell("speaker") or None,
    )
