"""Read tables of clips that others made: CSV, TSV, JSON Lines, Parquet; nothing is believed yet."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus_tools.transcription.encodings import decode_text
from manifests.errors import ConfigurationError, DataError

__all__ = ["TABLES", "RawRow", "Table", "read_table"]

TABLES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")


@dataclass(frozen=True)
class RawRow:
    """A row as it was found.

    Attributes:
        where: file and line, for messages.
        cells: by column.
        folder: what its paths are relative to.
        split: of the file that it is in, if that is for one.
    """

    where: str
    cells: dict[str, Any]
    folder: Path
    split: str | None = None


@dataclass
class Table:
    """Rows of one or several files.

    Attributes:
        root: the folder that no path may leave.
        rows: those that could be read.
        broken: where, and why, for each of the others.
        columns: names of all columns, in the order in which they came.
    """

    root: Path
    rows: list[RawRow] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)

    def add(self, row: RawRow) -> None:
        """Take a row."""
        self.rows.append(row)
        self.columns.update(dict.fromkeys(row.cells))


def read_table(path: Path, table: Table, folder: Path, split: str | None = None) -> None:
    """Add the rows of a file to a table.

    Args:
        path: of the file.
        table: takes the rows.
        folder: what paths in the file are relative to.
        split: of all rows.

    Raises:
        ConfigurationError: if there is no such file, or it is of a kind that can't be read.
        DataError: if it can't be read as a whole.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigurationError(
            f"{path}: unknown kind of file; expected {', '.join(TABLES)} or a folder"
        )
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path}: is larger than 1 GiB; divide it into several tables")
        found = reader(path)
        for where, cells in found:
            if isinstance(cells, str):
                table.broken.append((where, cells))
            else:
                table.add(RawRow(where, cells, folder, split))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: can't be read ({error.strerror or error}); check the path"
        ) from error


_Rows = Iterator[tuple[str, dict[str, Any] | str]]


def _csv(path: Path) -> _Rows:
    text = decode_text(path.read_bytes(), str(path)).removeprefix("\ufeff")
    header = text.lstrip().split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    columns: list[str] = []
    while True:
        where = f"{path.name}, line {rows.line_num + 1}"
        try:
            values = next(rows)
        except StopIteration:
            break
        except csv.Error as error:
            yield where, f"is not valid CSV ({error}); correct it"
            continue
        if not any(value.strip() for value in values):
            continue
        if not columns:
            columns = [value.strip() for value in values]
            if len(set(columns)) < len(columns):
                raise DataError(f"{path}: a column is there twice; rename one")
        elif len(values) != len(columns):
            yield (
                where,
                f"has {len(values)} fields where the header has {len(columns)}; quote texts with "
                f"separators in them",
            )
        else:
            yield where, dict(zip(columns, values, strict=True))
    if not columns:
        raise DataError(f"{path}: is empty; give a table with a header")


def _json(path: Path) -> _Rows:
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] == b"[":
        try:
            rows = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: not valid JSON; write it again") from error
        for number, row in enumerate(rows, start=1):
            yield f"{path.name}, item {number}", _object(row)
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            try:
                found = _object(json.loads(line))
            except (ValueError, RecursionError):
                found = "is not valid JSON in UTF-8; correct it"
            yield f"{path.name}, line {number}", found


def _object(row: Any) -> dict[str, Any] | str:
    return row if isinstance(row, dict) else "is no JSON object; give one object a line"


def _parquet(path: Path) -> _Rows:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(path)
        if table.metadata.num_rows > _MOST_ROWS:
            raise DataError(f"{path}: {table.metadata.num_rows} rows; split it into several files")
        batches = table.iter_batches(batch_size=_AT_ONCE)
        rows = (row for batch in batches for row in batch.to_pylist())
        for number, row in enumerate(rows, start=1):
            yield f"{path.name}, row {number}", row
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        raise DataError(f"{path}: not a Parquet file that can be read; write it again") from error


_READERS = {".csv": _csv, ".tsv": _csv, ".jsonl": _json, ".json": _json, ".parquet": _parquet}
_MOST_BYTES = 2**30
_MOST_ROWS = 2_000_000  # a few megabytes of Parquet may unfold to billions
_AT_ONCE = 1024  # rows
