"""Read a regions file: which stretches of which films a person wants, or doesn't."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from corpus_tools.segmentation.tables import read_rows
from corpus_tools.segmentation.times import parse_time
from manifests.errors import DataError
from manifests.records import Choice

__all__ = ["Region", "RegionReset", "read_regions"]

COLUMNS = ("source", "from", "to", "decision", "note", "speaker")


@dataclass(frozen=True)
class Region:
    """A row of a regions file.

    Attributes:
        line: where it stands in the file.
        source: which film: a source_id, a title, a file's name, or ``series/title``.
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


@dataclass(frozen=True)
class RegionReset:
    """A row by which a person takes all regions of a source back.

    Attributes:
        line: where it stands in the file.
        source: which film, as for `Region`.
    """

    line: int
    source: str


def read_regions(path: Path) -> Iterator[Region | RegionReset | DataError]:
    """Yield the rows of a regions file; each bad one as the error that says what is wrong.

    Args:
        path: a CSV as for `read_rows` with the columns ``source, from, to, decision, note,
            speaker``, the last two optional; without a line of names, they come in this order.
            Times are seconds or ``[h:]m:s``; ``decision`` is ``keep``, ``drop`` or ``none``.

    Raises:
        DataError: if the file can't be read, or lacks a column.
    """
    places: dict[str, int] | None = None
    for line, cells in read_rows(path):
        if places is None:
            places = _places(path, cells)
            if not _is_row(cells):
                continue
        try:
            yield _row(line, cells, places)
        except DataError as error:
            yield DataError(f"line {line}: {error}")


def _is_row(cells: Sequence[str]) -> bool:
    return len(cells) > 3 and cells[3].lower() in _DECISIONS


def _places(path: Path, cells: Sequence[str]) -> dict[str, int]:
    """Return which column is where, told by the first line."""
    if _is_row(cells):
        return {column: place for place, column in enumerate(COLUMNS)}
    named = [cell.lower() for cell in cells]
    places = {column: named.index(column) for column in COLUMNS if column in named}
    if "keep|drop" in named:
        places.setdefault("decision", named.index("keep|drop"))
    missing = [column for column in COLUMNS[:4] if column not in places]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; the columns are {', '.join(COLUMNS)}"
        )
    return places


def _row(line: int, cells: Sequence[str], places: dict[str, int]) -> Region | RegionReset:
    def cell(column: str) -> str:
        place = places.get(column, len(cells))
        return cells[place] if place < len(cells) else ""

    decision = cell("decision").lower()
    if decision not in _DECISIONS:
        raise DataError(f"decision {decision[:40]!r}; write keep, drop or none")
    if not cell("source"):
        raise DataError("names no source; give a file's name or a source_id")
    if decision == "none":
        if cell("from") or cell("to"):
            raise DataError("none takes back all stretches of a source; leave from and to empty")
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
