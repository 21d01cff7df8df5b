"""The table of what matched how well: one CSV file for each take, below ``review``."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from corpus_tools.media.identity import clip_id
from corpus_tools.recordings.matches import LineMatch
from corpus_tools.recordings.script import ScriptRow
from corpus_tools.segmentation.planning import Cut
from manifests.errors import DataError
from manifests.records import Clip
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
    source_id: str,
    cuts: Mapping[Cut, int],
) -> list[TableRow]:
    """Return the table of a take.

    Args:
        rows: of its script.
        matches: one for each.
        source_id: of the take.
        cuts: line of each clip, from 0.
    """
    clips = {
        line: (clip_id(source_id, cut.start_ms, cut.end_ms), cut.start_ms / 1000, cut.end_ms / 1000)
        for cut, line in cuts.items()
    }
    found = []
    for row, match in zip(rows, matches, strict=True):
        name, start, end = clips.get(match.line, ("", None, None))
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
                name,
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


def read_table(path: Path, rows: Sequence[ScriptRow], clips: Mapping[str, Clip]) -> list[TableRow]:
    """Return the table of a take, in the order of the script and with its words.

    A table that a spreadsheet has sorted is as good as before.

    Args:
        path: of the table.
        rows: of the take's script.
        clips: of the take, by id.

    Raises:
        DataError: if its rows aren't those of the take's lines and clips.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = [
            TableRow(**row) for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)
        ]
        found.sort(key=lambda row: int(row.line))
        _check(found, rows, clips)
    except (OSError, UnicodeDecodeError, csv.Error, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: is no longer as it was written; delete it and run again"
        ) from error
    return [_with_words(row, line) for row, line in zip(found, rows, strict=True)]


def _check(found: Sequence[TableRow], rows: Sequence[ScriptRow], clips: Mapping[str, Clip]) -> None:
    """Raise ValueError unless each line is there once, and each clip is one of that line."""
    if [int(row.line) for row in found] != list(range(1, len(rows) + 1)):
        raise ValueError("lines are missing, or there twice")
    before = -1.0
    for row, line in zip(found, rows, strict=True):
        if None in asdict(row).values() or not 0 <= float(row.score) <= 1:
            raise ValueError(f"line {row.line} is not whole")
        if row.status == "skipped" and not row.clip_id:
            continue
        clip = clips.get(row.clip_id)
        if (
            row.status != "matched"
            or clip is None
            or clip.sentence != line.sentence
            or clip.start <= before
            or (float(row.start), float(row.end)) != (clip.start, clip.end)
        ):
            raise ValueError(f"line {row.line} has the clip of another")
        before = clip.start


def _with_words(row: TableRow, line: ScriptRow) -> TableRow:
    return replace(row, row=str(line.line), sentence=line.sentence, text=line.text)


_COLUMNS = [field.name for field in fields(TableRow)]
