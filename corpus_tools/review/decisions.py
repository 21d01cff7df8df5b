"""Read what people decided on a page: the CSV that it saved, or a spreadsheet after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from corpus_tools.segmentation.tables import read_rows
from corpus_tools.segmentation.times import parse_time
from manifests.errors import DataError

__all__ = ["COLUMNS", "Decision", "Verdict", "read_decisions"]

Verdict = Literal["keep", "drop", "trim", "undo"]
COLUMNS = ("source", "clip_id", "from", "to", "decision", "note")


@dataclass(frozen=True)
class Decision:
    """A row of a decisions file.

    Attributes:
        file: its name.
        line: where the row stands in it.
        source_id: of which source.
        clip_id: on which clip.
        verdict: keep or drop it as it is, keep it with other edges, or take back what was decided.
        start: in seconds; for ``trim`` the new edge, else the clip's own, ``None`` if left empty.
        end: likewise.
        note: of the person.
    """

    file: str
    line: int
    source_id: str
    clip_id: str
    verdict: Verdict
    start: float | None
    end: float | None
    note: str | None


def read_decisions(path: Path) -> Iterator[Decision | DataError]:
    """Yield the rows of a decisions file; each bad one as the error that names its line.

    Args:
        path: CSV as for `read_rows`, with the columns `COLUMNS`, of which ``note`` may be missing,
            in any order. Times are seconds or ``[h:]m:s``, with a point or a comma.

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
    source_id, clip_id, verdict = (row.get(name, "") for name in ("source", "clip_id", "decision"))
    if not 0 < len(source_id) <= _LONGEST_ID or not 0 < len(clip_id) <= _LONGEST_ID:
        raise DataError("names no source and clip; leave these columns as the page wrote them")
    if verdict.lower() not in get_args(Verdict):
        raise DataError(f"decision {verdict[:40]!r}; write keep, drop, trim or undo")
    start, end = (parse_time(row[name]) if row.get(name) else None for name in ("from", "to"))
    if verdict.lower() == "trim" and (start is None or end is None):
        raise DataError("trims to no time; fill in from and to")
    if start is not None and end is not None and end <= start:
        raise DataError(f"ends at {row['to']}, not after it begins; check from and to")
    return Decision(
        file=file,
        line=line,
        source_id=source_id,
        clip_id=clip_id,
        verdict=cast(Verdict, verdict.lower()),
        start=start,
        end=end,
        note=row.get("note") or None,
    )


_LONGEST_ID = 200
