"""Reading of regions files: time ranges of films to keep or drop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from manifests.base.csv_tables import read_rows
from manifests.base.errors import DataError
from manifests.base.timecode import parse_time
from manifests.storage.records import Choice

__all__ = ["Region", "RegionReset", "read_regions"]

COLUMNS = ("source", "from", "to", "decision", "note", "speaker")


@dataclass(frozen=True)
class Region:
    """Row of a regions file.

    Attributes:
        line: line number in the file.
        source: name of the film: a source_id, a title, a file name, or ``series/title``.
        start: start in seconds.
        end: end in seconds.
        decision: ``keep`` or ``drop``.
        note: free text.
        speaker: speaker of the region, if there is only one.
    """

    line: int
    source: str
    start: float
    end: float
    decision: Literal["keep", "drop"]
    note: str | None
    speaker: str | None

    def choice(self, source_id: str) -> Choice:
        """Return the row as a record of a source."""
        return Choice(
            source_id=source_id,
            start=self.start,
            end=self.end,
            decision=self.decision,
            origin="regions",
            note=self.note,
            speaker=self.speaker,
        )


@dataclass(frozen=True)
class RegionReset:
    """Row of a regions file that removes all regions of a source.

    Attributes:
        line: line number in the file.
        source: name of the film, as for `Region`.
    """

    line: int
    source: str


def read_regions(path: Path) -> Iterator[Region | RegionReset | DataError]:
    """Yield the rows of a regions file; for each invalid one, the error.

    Args:
        path: CSV file, as for `read_rows`, with the columns ``source, from, to, decision, note,
            speaker``, the last two optional; without a header they are in this order.
            Times are seconds or ``[h:]m:s``; ``decision`` is ``keep``, ``drop`` or ``none``.

    Raises:
        DataError: if the file can't be read, or lacks a column.
    """
    columns: dict[str, int] | None = None
    for line, cells in read_rows(path):
        if columns is None:
            columns = _column_indices(path, cells)
            if not _is_row(cells):
                continue
        try:
            yield _parse_row(line, cells, columns)
        except DataError as error:
            yield DataError(f"line {line}: {error}")


def _is_row(cells: Sequence[str]) -> bool:
    return len(cells) > 3 and cells[3].lower() in _DECISIONS


def _column_indices(path: Path, cells: Sequence[str]) -> dict[str, int]:
    """Return the index of each column, from the first line."""
    if _is_row(cells):
        return {column: index for index, column in enumerate(COLUMNS)}
    named = [cell.lower() for cell in cells]
    columns = {column: named.index(column) for column in COLUMNS if column in named}
    if "keep|drop" in named:
        columns.setdefault("decision", named.index("keep|drop"))
    missing = [column for column in COLUMNS[:4] if column not in columns]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; the columns are {', '.join(COLUMNS)}"
        )
    return columns


def _parse_row(line: int, cells: Sequence[str], columns: dict[str, int]) -> Region | RegionReset:
    def cell(column: str) -> str:
        index = columns.get(column, len(cells))
        return cells[index] if index < len(cells) else ""

    decision = cell("decision").lower()
    if decision not in _DECISIONS:
        raise DataError(f"decision {decision[:40]!r}; write keep, drop or none")
    if not cell("source"):
        raise DataError("names no source; give a file name or a source_id")
    if decision == "none":
        if cell("from") or cell("to"):
            raise DataError("none removes all regions of a source; leave from and to empty")
        return RegionReset(line, cell("source"))
    start, end = parse_time(cell("from")), parse_time(cell("to"))
    if end <= start:
        raise DataError(f"ends at {cell('to')}, not after it begins; check from and to")
    return Region(
        line=line,
        source=cell("source"),
        start=start,
        end=end,
        decision=cast(Literal["keep", "drop"], decision),
        note=cell("note") or None,
        speaker=cell("speaker") or None,
    )


_DECISIONS = ("keep", "drop", "none")
