"""Reading of tables (CSV, TSV, JSON Lines, Parquet) without validation of their rows."""

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
    """Unvalidated row.

    Attributes:
        where: file and line, for messages.
        cells: values by column.
        folder: base of relative paths.
        split: split of the whole file, if it has one.
    """

    where: str
    cells: dict[str, Any]
    folder: Path
    split: str | None = None


@dataclass
class Table:
    """Rows of one or several files.

    Attributes:
        root: folder that audio paths must not leave.
        rows: readable rows.
        broken: location and reason of each unreadable row.
        columns: names of all columns in order of appearance.
    """

    root: Path
    rows: list[RawRow] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)

    def add(self, row: RawRow) -> None:
        """Add a row."""
        self.rows.append(row)
        self.columns.update(dict.fromkeys(row.cells))


def read_table(path: Path, table: Table, folder: Path, split: str | None = None) -> None:
    """Add the rows of a file to a table.

    Args:
        path: path of the file.
        table: table to extend.
        folder: base of relative paths in the file.
        split: split of all rows.

    Raises:
        ConfigurationError: if the file doesn't exist or its type isn't supported.
        DataError: if the file as a whole can't be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigurationError(
            f"{path}: unsupported file type; expected {', '.join(TABLES)} or a folder"
        )
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path}: larger than 1 GiB; split it into several tables")
        for where, cells in reader(path):
            if isinstance(cells, str):
                table.broken.append((where, cells))
            else:
                table.add(RawRow(where, cells, folder, split))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: can't be read ({error.strerror or error}); check the path"
        ) from error


_Rows = Iterator[tuple[str, dict[str, Any] | str]]


def _read_csv(path: Path) -> _Rows:
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
                raise DataError(f"{path}: duplicate column names; rename one")
        elif len(values) != len(columns):
            yield (
                where,
                f"has {len(values)} fields where the header has {len(columns)}; quote texts with "
                f"separators in them",
            )
        else:
            yield where, dict(zip(columns, values, strict=True))
    if not columns:
        raise DataError(f"{path}: empty; give a table with a header")


def _read_json(path: Path) -> _Rows:
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] == b"[":
        try:
            rows = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: not valid JSON; write it again") from error
        for number, row in enumerate(rows, start=1):
            yield f"{path.name}, item {number}", _json_object(row)
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            try:
                row = _json_object(json.loads(line))
            except (ValueError, RecursionError):
                row = "is not valid JSON in UTF-8; correct it"
            yield f"{path.name}, line {number}", row


def _json_object(row: Any) -> dict[str, Any] | str:
    return row if isinstance(row, dict) else "is not a JSON object; give one object per line"


def _read_parquet(path: Path) -> _Rows:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(path)
        if table.metadata.num_rows > _MAX_ROWS:
            raise DataError(f"{path}: {table.metadata.num_rows} rows; split it into several files")
        batches = table.iter_batches(batch_size=_BATCH)
        rows = (row for batch in batches for row in batch.to_pylist())
        for number, row in enumerate(rows, start=1):
            yield f"{path.name}, row {number}", row
    except (pyarrow.ArrowException, ValueError, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file; write it again") from error


_READERS = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_json,
    ".json": _read_json,
    ".parquet": _read_parquet,
}
_MAX_BYTES = 2**30
_MAX_ROWS = 2_000_000  # a few megabytes of Parquet may decompress to billions
_BATCH = 1024  # rows
