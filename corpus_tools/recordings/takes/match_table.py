"""Match table of a take: a CSV file in ``review`` with a row for each line of the script."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

from corpus_tools.media.cut import Cut
from corpus_tools.media.identity import clip_id
from corpus_tools.recordings.readings.script import ScriptRow
from corpus_tools.recordings.takes.matches import LineMatch
from manifests.base.csv_tables import Ragged, csv_text
from manifests.base.csv_tables import read_table as read_csv_table
from manifests.base.errors import DataError
from manifests.storage.partials import clear_partials
from manifests.storage.records import Clip
from manifests.storage.store import inside, write_text

__all__ = ["TableRow", "read_table", "table_path", "table_rows", "write_table"]


@dataclass(frozen=True)
class TableRow:
    """Match of a line of the script, as text for a spreadsheet.

    Attributes:
        speaker: id of the speaker.
        line: number of the line in the take, from 1.
        row: line number in the script file.
        sentence: sentence id of the line.
        text: text in the script.
        status: ``matched`` or ``skipped``; skipped lines have no times and no clip.
        start: start of the clip in seconds.
        end: end of the clip in seconds.
        score: probability of the match, or of the skip.
        flags: flags, separated by spaces.
        retakes: earlier readings, ``from-to`` in seconds, separated by spaces.
        false_starts: readings broken off, in the same form.
        clip_id: clip of the line.
        heard: recognised letters.
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
    """Return the path of a take's match table."""
    return inside(corpus, f"review/{source_id}.matches.csv")


def table_rows(
    rows: Sequence[ScriptRow],
    matches: Sequence[LineMatch],
    source_id: str,
    cuts: Mapping[Cut, int],
) -> list[TableRow]:
    """Return the match table of a take; ``cuts`` has the line of each clip, from 0."""
    clips = {
        line: (clip_id(source_id, cut.start_ms, cut.end_ms), cut.start_ms / 1000, cut.end_ms / 1000)
        for cut, line in cuts.items()
    }
    table = []
    for row, match in zip(rows, matches, strict=True):
        name, start, end = clips.get(match.line, ("", None, None))
        attempts = {
            kind: " ".join(
                f"{attempt.start_ms / 1000:.2f}-{attempt.end_ms / 1000:.2f}"
                for attempt in match.attempts
                if attempt.kind == kind
            )
            for kind in ("retake", "false_start")
        }
        table.append(
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
                attempts["retake"],
                attempts["false_start"],
                name,
                match.transcribed or "",
            )
        )
    return table


def write_table(path: Path, rows: Iterable[TableRow]) -> None:
    """Write a table atomically, with a byte-order mark so that spreadsheets read it as UTF-8."""
    text = csv_text([_COLUMNS, *map(astuple, rows)], lineterminator="\r\n")
    clear_partials(path.parent)
    write_text(path, f"\ufeff{text}")


def read_table(path: Path, rows: Sequence[ScriptRow], clips: Mapping[str, Clip]) -> list[TableRow]:
    """Return the table of a take, in the order of the script and with its current texts.

    The rows of the file may be in any order, as when sorted in a spreadsheet. Raise DataError if
    its rows don't match the take's lines and clips.
    """
    try:
        table = [_table_row(row) for _, row in read_csv_table(path)[1]]
        table.sort(key=lambda row: int(row.line))
        _check_table(table, rows, clips)
    except (DataError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: was changed since it was written; delete it and run again"
        ) from error
    return [_with_script_text(row, line) for row, line in zip(table, rows, strict=True)]


def _table_row(cells: dict[str, str] | Ragged) -> TableRow:
    if isinstance(cells, Ragged):
        raise DataError(cells.problem)
    numbers = {name: cells[name].replace(",", ".") for name in _NUMBERS if name in cells}
    return TableRow(**{**cells, **numbers})


def _check_table(
    table: Sequence[TableRow], rows: Sequence[ScriptRow], clips: Mapping[str, Clip]
) -> None:
    """Raise ValueError unless each line occurs once, with a clip of that line or none."""
    if [int(row.line) for row in table] != list(range(1, len(rows) + 1)):
        raise ValueError("lines are missing or duplicated")
    before = -1.0
    for row, line in zip(table, rows, strict=True):
        if None in asdict(row).values() or not 0 <= float(row.score) <= 1:
            raise ValueError(f"line {row.line} is incomplete")
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
            raise ValueError(f"line {row.line} has the clip of another line")
        before = clip.start


def _with_script_text(row: TableRow, line: ScriptRow) -> TableRow:
    return replace(row, row=str(line.line), sentence=line.sentence, text=line.text)


_COLUMNS = [field.name for field in fields(TableRow)]
_NUMBERS = ("start", "end", "score")  # which a spreadsheet may save with a decimal comma
