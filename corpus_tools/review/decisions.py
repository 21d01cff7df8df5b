"""Reader of decision files: CSV saved by a page, possibly edited in a spreadsheet."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from corpus_tools.segmentation.tables import read_rows
from corpus_tools.segmentation.times import parse_time
from manifests.errors import DataError

__all__ = ["COLUMNS", "Action", "Decision", "read_decisions"]

Action = Literal["keep", "drop", "trim", "undo"]
COLUMNS = ("source", "clip_id", "from", "to", "decision", "note")


@dataclass(frozen=True)
class Decision:
    """Row of a decision file.

    Attributes:
        file: name of the file.
        line: line number in the file.
        source_id: id of the source.
        clip_id: id of the clip.
        action: ``keep``, ``drop``, ``trim`` (keep with other edges) or ``undo``.
        start: start in seconds, of the trimmed clip for ``trim``; ``None`` if empty.
        end: end in seconds, likewise.
        note: reviewer's note.
    """

    file: str
    line: int
    source_id: str
    clip_id: str
    action: Action
    start: float | None
    end: float | None
    note: str | None


def read_decisions(path: Path) -> Iterator[Decision | DataError]:
    """Yield the rows of a decision file; a bad row as an error that names its line.

    Args:
        path: CSV as for `read_rows`, with the columns `COLUMNS` in any order; ``note`` is
            optional. Times are seconds or ``[h:]m:s``, with a point or a comma.

    Raises:
        DataError: if the file can't be read, or lacks a column.
    """
    rows = read_rows(path)
    _, first = next(rows, (0, []))
    names = [name.lower() for name in first]
    missing = [name for name in COLUMNS[:-1] if name not in names]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; the columns are {', '.join(COLUMNS)}"
        )
    for line, cells in rows:
        try:
            yield _decision(path.name, line, dict(zip(names, cells, strict=False)))
        except DataError as error:
            yield DataError(f"line {line}: {error}")


def _decision(file: str, line: int, row: dict[str, str]) -> Decision:
    source_id, clip_id, action = (row.get(name, "") for name in ("source", "clip_id", "decision"))
    if not 0 < len(source_id) <= _LONGEST_ID or not 0 < len(clip_id) <= _LONGEST_ID:
        raise DataError("no source and clip; don't edit these columns")
    if action.lower() not in get_args(Action):
        raise DataError(f"unknown decision {action[:40]!r}; write keep, drop, trim or undo")
    start, end = (parse_time(row[name]) if row.get(name) else None for name in ("from", "to"))
    if action.lower() == "trim" and (start is None or end is None):
        raise DataError("trim without times; fill in from and to")
    if start is not None and end is not None and end <= start:
        raise DataError(f"ends at {row['to']}, not after its start; check from and to")
    return Decision(
        file=file,
        line=line,
        source_id=source_id,
        clip_id=clip_id,
        action=cast(Action, action.lower()),
        start=start,
        end=end,
        note=row.get("note") or None,
    )


_LONGEST_ID = 200
