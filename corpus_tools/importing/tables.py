"""Reading of foreign corpora without validation of their rows.

A corpus is a table (CSV, TSV, JSON Lines, Parquet) or a folder: Hugging Face's audiofolder, a fold
of EmoBox, or one folder per class.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus_tools.media.folders import search_folder
from manifests.base.csv_tables import Ragged, parse_table
from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.records import Split

__all__ = ["RawRow", "Table", "read_corpus_tables", "split_named"]

TABLES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")


@dataclass(frozen=True)
class RawRow:
    """Unvalidated row: cells by column, where it is for messages, and the base of relative paths.

    ``split`` is that of the whole file, if it has one.
    """

    where: str
    cells: dict[str, Any]
    folder: Path
    split: str | None = None


@dataclass
class Table:
    """Readable rows of one or several files, and the location and reason of each broken one.

    Audio paths must not leave ``root``; ``columns`` are all names in order of appearance, ``notes``
    warnings about what was passed over.
    """

    root: Path
    rows: list[RawRow] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, row: RawRow) -> None:
        """Add a row."""
        self.rows.append(row)
        self.columns.update(dict.fromkeys(row.cells))


def read_table(path: Path, table: Table, folder: Path, split: str | None = None) -> None:
    """Add the rows of a file to a table; its relative paths start at ``folder``.

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
    columns, rows = parse_table(read_text(path), str(path))
    if not columns:
        raise DataError(f"{path}: empty; give a table with a header")
    for line, cells in rows:
        ragged = isinstance(cells, Ragged)
        yield f"{path.name}, line {line}", cells.problem if ragged else cells


def _read_json(path: Path) -> _Rows:
    text = read_text(path)
    if text.lstrip()[:1] == "[":
        try:
            rows = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: not valid JSON; write it again") from error
        for number, row in enumerate(rows, start=1):
            yield f"{path.name}, item {number}", _json_object(row)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = _json_object(json.loads(line))
            except (ValueError, RecursionError):
                row = "is not valid JSON; correct it"
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


_SPLITS: dict[str, Split] = {
    "train": "train", "training": "train", "tr": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val", "development": "val",
    "test": "test", "testing": "test", "eval": "test", "evaluation": "test",
    "held": "held",
}  # fmt: skip

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def split_named(name: str) -> Split | None:
    """Return the split that a name denotes, None if it denotes none.

    Example:
        >>> split_named("Validation"), split_named("fold3")
        ('val', None)
    """
    return _SPLITS.get(name.strip().casefold())


def read_corpus_tables(path: Path, audio_folder: Path | None = None) -> Table:
    """Return the rows of a table, or of a folder of tables or audio files.

    In a folder, each ``metadata.csv``, ``.jsonl`` or ``.parquet`` is read with paths relative to it
    (or to ``audio_folder``); a parent folder may name its split. Without any, EmoBox's JSON Lines
    are read (``*_train_*.jsonl``, ``*_valid_*``, ``*_test_*``); else each audio file is a row with
    its folder's name as the class.

    Raises:
        ConfigurationError: if there is nothing to read.
        DataError: if a table can't be read.
    """
    if audio_folder is not None and not audio_folder.is_dir():
        raise ConfigurationError(f"--audio-folder {audio_folder}: no such folder")
    if not path.is_dir():
        root = audio_folder or path.parent
        table = Table(root)
        read_table(path, table, root)
        return table
    table = Table(audio_folder or path)
    found = search_folder(path)
    table.broken += [(str(place), reason) for place, reason in found.problems()]
    files = (folder / name for folder in found.folders for name in METADATA)
    if tables := sorted(file for file in files if file.is_file()):
        for file in tables:
            read_table(file, table, audio_folder or file.parent, _split_of_folder(file, path))
    elif tables := sorted(path.glob("*.jsonl")):
        for file in tables:
            read_table(file, table, table.root, _split_in_name(file.stem))
    else:
        table.notes += found.warnings()
        _add_class_folders(path, found.files, table)
    if not table.rows and not table.broken:
        raise ConfigurationError(f"{path}: no metadata file and no audio in this folder")
    return table


def _add_class_folders(path: Path, files: Sequence[Path], table: Table) -> None:
    for audio in files:
        relative = audio.relative_to(path)
        cells = {"file": relative.as_posix()}
        if len(relative.parts) > 1 and split_named(relative.parts[-2]) is None:
            cells["emotion"] = relative.parts[-2]
        table.add(RawRow(relative.as_posix(), cells, path, _split_of_folder(audio, path)))


def _split_of_folder(file: Path, root: Path) -> str | None:
    parts = file.relative_to(root).parts[:-1]
    return next((part for part in parts if split_named(part)), None)


def _split_in_name(stem: str) -> str | None:
    return next((part for part in re.split(r"[_\W]+", stem) if split_named(part)), None)
