"""Parquet export: a typed row per clip, ``soft`` a list, ``votes`` a list of structs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from manifests.exports.contents import COLUMNS, Contents
from manifests.storage.store import atomic_path

__all__ = ["TABLE", "table", "write"]

TABLE = "clips.parquet"


def write(contents: Contents, folder: Path) -> None:
    """Write ``clips.parquet``.

    Args:
        contents: version to export.
        folder: folder of the export.
    """
    write_table(table(contents.rows()), folder / TABLE)


def write_table(rows: Any, path: Path) -> None:
    """Write a table of :func:`table` atomically."""
    import pyarrow.parquet

    with atomic_path(path) as temporary:
        pyarrow.parquet.write_table(rows, temporary, compression="zstd")


def table(rows: Iterable[dict[str, Any]], file_column: str = "file") -> Any:
    """Return a pyarrow table of clips; columns are typed even if empty.

    Args:
        rows: rows of :class:`manifests.exports.contents.Contents`.
        file_column: name of the column with the clip's file.
    """
    import pyarrow

    texts = pyarrow.string()
    vote = pyarrow.struct([("annotator", texts), ("emotion", texts)])
    types = {
        "fold": pyarrow.int64(),
        "soft": pyarrow.list_(pyarrow.float64()),
        "votes": pyarrow.list_(vote),
        "agreement": pyarrow.float64(),
        "adjudicated": pyarrow.bool_(),
        "age": pyarrow.int64(),
        "start": pyarrow.float64(),
        "end": pyarrow.float64(),
        "duration": pyarrow.float64(),
    }
    names = [file_column if name == "file" else name for name in COLUMNS]
    schema = pyarrow.schema([(name, types.get(name, texts)) for name in names])
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for row in rows:
        for name, column in zip(COLUMNS, names, strict=True):
            value = row[name]
            if name == "votes":
                value = [
                    {"annotator": annotator, "emotion": emotion} for annotator, emotion in value
                ]
            columns[column].append(value)
    return pyarrow.table(columns, schema=schema)
