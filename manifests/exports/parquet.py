"""Parquet export: a typed row per clip, ``soft`` a list, ``votes`` a list of structs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from manifests.exports.contents import COLUMNS, Contents
from manifests.storage.store import atomic_path
from manifests.versions.index import arrow_schema, arrow_votes

__all__ = ["TABLE", "table", "write", "write_table"]

TABLE = "clips.parquet"


def write(contents: Contents, folder: Path) -> None:
    """Write ``clips.parquet``."""
    write_table(table(contents.rows()), folder / TABLE)


def write_table(rows: Any, path: Path) -> None:
    """Write a table of :func:`table` atomically."""
    import pyarrow.parquet

    with atomic_path(path) as temporary:
        pyarrow.parquet.write_table(rows, temporary, compression="zstd")


def table(rows: Iterable[dict[str, Any]], file_column: str = "file") -> Any:
    """Return rows of clips as a pyarrow table; columns are typed even if empty."""
    import pyarrow

    names = {name: file_column if name == "file" else name for name in COLUMNS}
    columns: dict[str, list[Any]] = {name: [] for name in names.values()}
    for row in rows:
        for name, column in names.items():
            columns[column].append(arrow_votes(row[name]) if name == "votes" else row[name])
    return pyarrow.table(columns, schema=arrow_schema(columns))
