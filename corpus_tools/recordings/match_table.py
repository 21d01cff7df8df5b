"""The table of what matched how well: one CSV file for each take, below ``review``."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from corpus_tools.recordings.matches import LineMatch
from corpus_tools.recordings.script import ScriptRow
from manifests.errors import DataError
from manifests.store import inside, write_text

__all__ = ["TableRow", "read_table", "table_path", "table_rows", "write_table"]


@dataclass(frozen=True)
class TableRow:
    """One line of the script and what became of it, as text for a spreadsheet.

    Attributes:
        speaker: who should have read it.
        line: of the take, from 1.
        row: of the script file.
        sentence: id of the line.
        text: of the script.
        status: ``matched`` or ``skipped``.
        start: seconds at which the clip begins; empty if skipped.
        end: seconds at which it ends.
        score: probability that this is so.
        flags: what is doubtful, with spaces between.
        retakes: earlier readings, ``from-to`` in seconds, with spaces between.
        false_starts: the same for readings broken off.
        clip_id: empty if skipped.
        heard: letters that were recognised.
    """

    speaker: str
    line: str
    row: str
    sentence: str
    text: str
    status: str
    start: str
    end: str
    score: str
    flags: str
    retakes: str
    false_starts: str
    clip_id: str
    heard: str


def table_path(corpus: Path, source_id: str) -> Path:
    """Return where the table of a take is."""
    return inside(corpus, f"review/{source_id}.matches.csv")


def table_rows(
    rows: Sequence[ScriptRow],
    matches: Sequence[LineMatch],
    clips: Mapping[int, tuple[str, float, float]],
) -> list[TableRow]:
    """Return the table of a take.

    Args:
        rows: of its script.
        matches: one for each.
        clips: id, start and end of the clip of each line that was read, from 0.
    """
    found = []
    for row, match in zip(rows, matches, strict=True):
        clip_id, start, end = clips.get(match.line, ("", None, None))
        tried = {
            kind: " ".join(
                f"{one.start_ms / 1000:.2f}-{one.end_ms / 1000:.2f}"
                for one in match.attempts
                if one.kind == kind
            )
            for kind in ("retake", "false_start")
        }
        found.append(
            TableRow(
                row.speaker.speaker_id,
                str(match.line + 1),
                str(row.line),
                row.sentence,
                row.text,
                "skipped" if match.span is None else "matched",
                "" if start is None else f"{start:.3f}",
                "" if end is None else f"{end:.3f}",
                f"{match.score:.4f}",
                " ".join(match.flags),
                tried["retake"],
                tried["false_start"],
                clip_id,
                match.heard or "",
            )
        )
    return found


def write_table(path: Path, rows: Iterable[TableRow]) -> None:
    """Write a table, whole or not at all; with a mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    path.parent.mkdir(exist_ok=True)
    write_text(path, "\ufeff" + out.getvalue())


def read_table(path: Path) -> list[TableRow]:
    """Return the rows of a table.

    Raises:
        DataError: if it isn't as it was written.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        return [
            TableRow(**row) for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)
        ]
    except (OSError, UnicodeDecodeError, csv.Error, TypeError) as error:
        raise DataError(
            f"{path}: is no longer as it was written; delete it and run again"
        ) from error


_COLUMNS = [field.name for field in fields(TableRow)]
