"""Reading of foreign corpora without validation of their rows.

A corpus is a table (CSV, TSV, JSON Lines, Parquet) or a folder: Hugging Face's audiofolder, a fold
of EmoBox, or one folder per class.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus_tools.importing.cells import fill_pattern
from corpus_tools.importing.columns import ALIASES, has_column, names_files
from corpus_tools.importing.embedded import SOUND_KEYS, class_names, sound_files
from corpus_tools.importing.kaldi import kaldi_cells
from corpus_tools.importing.labels import LabelMapping, SplitMapping
from corpus_tools.importing.layouts import layout_cells
from corpus_tools.media.folders import search_folder
from manifests.base.csv_tables import Ragged, parse_table
from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.letters import plain_letters
from manifests.base.outcome import listed

__all__ = ["RawRow", "Table", "fill_patterns", "read_corpus_tables"]

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

    Audio paths must not leave ``root``, but for sounds inside tables, which are written to
    ``scratch``; ``columns`` are all names in order of appearance, ``notes``
    warnings about what was passed over. ``sounds`` are all audio files of a folder; ``from_names``
    is True if class and speaker come from the names of folders and files; ``language`` is the one
    in which texts without Unicode probably are; ``named`` are the user's columns by
    field.
    """

    root: Path
    scratch: Path
    named: Mapping[str, str] = field(default_factory=dict)
    rows: list[RawRow] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sounds: list[Path] = field(default_factory=list)
    from_names: bool = False
    language: str | None = None

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
    before = len(table.rows) + len(table.broken)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path}: larger than 1 GiB; split it into several tables")
        for where, cells in reader(path, table.language):
            if isinstance(cells, str):
                table.broken.append((where, cells))
            else:
                cells = sound_files(_flat(cells, table.named.get("votes")), table.scratch, where)
                table.add(RawRow(where, cells, folder, split))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: can't be read ({error.strerror or error}); check the path"
        ) from error
    if len(table.rows) + len(table.broken) == before:
        raise DataError(f"{path}: has no rows; is it the right file?")


def fill_patterns(table: Table, patterns: Iterable[str]) -> None:
    """Add to each row the columns that a user put together from others, ``{id}_{part}.wav``."""
    for pattern in patterns:
        if pattern not in table.columns and has_column(table.columns, pattern):
            for raw in table.rows:
                raw.cells[pattern] = fill_pattern(pattern, raw.cells)


def _flat(cells: dict[str, Any], votes: str | None) -> dict[str, Any]:
    """Return cells with those of structs beside the others, as ``outer.inner``.

    Sounds and votes remain whole; ``votes`` is a column of votes by the user's word.
    """
    flat: dict[str, Any] = {}
    for name, value in cells.items():
        whole = name == votes or plain_letters(name) in ALIASES["votes"]
        if isinstance(value, dict) and value and not whole and not SOUND_KEYS & value.keys():
            flat |= {f"{name}.{inner}": cell for inner, cell in _flat(value, votes).items()}
        else:
            flat[name] = value
    return flat


_Rows = Iterator[tuple[str, dict[str, Any] | str]]


def _read_csv(path: Path, language: str | None) -> _Rows:
    columns, rows = parse_table(read_text(path, language), str(path))
    if not columns:
        raise DataError(f"{path}: empty; give a table with a header")
    for line, cells in rows:
        yield f"{path.name}, line {line}", cells.problem if isinstance(cells, Ragged) else cells


def _read_json(path: Path, language: str | None) -> _Rows:
    text = read_text(path, language)
    if text.lstrip()[:1] == "[":
        try:
            rows = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: not valid JSON; write it again") from error
        for number, row in enumerate(rows, start=1):
            yield f"{path.name}, item {number}", _json_object(row)
        return
    if rows_by_name := _rows_by_name(text):
        yield from rows_by_name
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = _json_object(json.loads(line))
            except (ValueError, RecursionError):
                row = "is not valid JSON; correct it"
            yield f"{path.name}, line {number}", row


def _rows_by_name(text: str) -> list[tuple[str, dict[str, Any] | str]]:
    """Return the rows of an object of objects, such as SpeechBrain's by the name of the utterance.

    Empty if the text is none. The name is that of the file unless a row names one.
    """
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        return []
    return [
        (name, {key: _without_root(cell) for key, cell in row.items()})
        if names_files(row)
        else (name, {"file": name, **row})
        for name, row in rows.items()
    ]


def _without_root(cell: Any) -> Any:
    return _DATA_ROOT.sub("", cell) if isinstance(cell, str) else cell


_DATA_ROOT = re.compile(r"^\{\w+\}/")


def _json_object(row: Any) -> dict[str, Any] | str:
    return row if isinstance(row, dict) else "is not a JSON object; give one object per line"


def _read_parquet(path: Path, _: str | None) -> _Rows:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(path)
        if table.metadata.num_rows > _MAX_ROWS:
            raise DataError(f"{path}: {table.metadata.num_rows} rows; split it into several files")
        classes = dict(class_names(table.schema_arrow.metadata))
        batches = table.iter_batches(batch_size=_BATCH)
        rows = (row for batch in batches for row in batch.to_pylist())
        for number, row in enumerate(rows, start=1):
            for column, names in classes.items():
                value = row.get(column)
                if isinstance(value, int):
                    row[column] = names[value] if 0 <= value < len(names) else None
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


METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def read_corpus_tables(
    path: Path,
    scratch: Path,
    audio_folder: Path | None = None,
    *,
    mapping: LabelMapping | None = None,
    splits: SplitMapping | None = None,
    named: Mapping[str, str] | None = None,
    language: str | None = None,
) -> Table:
    """Return the rows of a table, or of a folder of tables or audio files.

    In a folder, each ``metadata.csv``, ``.jsonl`` or ``.parquet`` is read with paths relative to it
    (or to ``audio_folder``); a parent folder may name its split. Without any, Kaldi's files are
    read, else all tables with a column of audio files (``*_train_*.jsonl`` of EmoBox,
    ``data/test-00000-of-00001.parquet`` of Hugging Face); else each audio file is a row, with class
    and speaker by `layout_cells`. Sounds inside tables are written to ``scratch``; ``named`` are
    the user's columns by field.

    Raises:
        ConfigurationError: if there is nothing to read.
        DataError: if a table can't be read.
    """
    mapping, splits, named = mapping or LabelMapping(), splits or SplitMapping(), named or {}
    if audio_folder is not None and not audio_folder.is_dir():
        raise ConfigurationError(f"--audio-folder {audio_folder}: no such folder")
    if not path.is_dir():
        root = audio_folder or path.parent
        table = Table(root, scratch, named, language=language)
        read_table(path, table, root)
        return table
    table = Table(audio_folder or path, scratch, named, language=language)
    found = search_folder(path)
    table.sounds += found.files
    table.broken += [(str(place), reason) for place, reason in found.problems()]
    files = (folder / name for folder in found.folders for name in METADATA)
    if tables := sorted(file for file in files if file.is_file()):
        for file in tables:
            split = _split_of_folder(file, path, splits)
            read_table(file, table, audio_folder or file.parent, split)
    elif folders := [folder for folder in found.folders if (folder / "wav.scp").is_file()]:
        for folder in folders:
            split = _split_of_folder(folder.resolve() / "wav.scp", path.resolve().parent, splits)
            for where, cells in kaldi_cells(folder, language):
                if isinstance(cells, str):
                    table.broken.append((where, cells))
                else:
                    table.add(RawRow(where, cells, table.root, split))
    elif not _add_tables(path, found.folders, table, splits):
        table.notes += found.warnings()
        names = [file.relative_to(path).as_posix() for file in found.files]
        for cells, split in layout_cells(names, mapping.knows, splits.read):
            table.add(RawRow(cells["file"], dict(cells), path, split))
        table.from_names = True
    if not table.rows and not table.broken:
        raise ConfigurationError(f"{path}: no metadata file and no audio in this folder")
    return table


def _add_tables(
    path: Path,
    folders: Sequence[Path],
    table: Table,
    splits: SplitMapping,
) -> bool:
    """Add the rows of the tables in a folder that have a column of audio files; False if none has.

    Below the folder only Parquet files count.
    """
    files = [file for suffix in TABLES for file in path.glob(f"*{suffix}")]
    files += [file for folder in folders if folder != path for file in folder.glob("*.parquet")]
    passed_over = []
    before = len(table.rows)
    for file in sorted(files):
        own = Table(table.root, table.scratch, table.named, language=table.language)
        split = _split_in_name(file.stem, splits) or _split_of_folder(file, path, splits)
        try:
            read_table(file, own, table.root, split)
        except DataError:
            own.rows.clear()
        if own.rows and (
            has_column(own.columns, table.named.get("file")) or names_files(own.columns)
        ):
            table.rows += own.rows
            table.broken += own.broken
            table.columns |= own.columns
        elif own.rows or file.suffix != ".json":
            passed_over.append(file.relative_to(path).as_posix())
    if passed_over:
        one = len(passed_over) == 1
        table.notes.append(
            f"{path}: {len(passed_over)} table{'' if one else 's'} without a column of audio files "
            f"passed over: {listed(passed_over)}"
        )
    return len(table.rows) > before


def _split_of_folder(file: Path, root: Path, splits: SplitMapping) -> str | None:
    parts = file.relative_to(root).parts[:-1]
    return next((part for part in parts if splits.read(part)), None)


def _split_in_name(stem: str, splits: SplitMapping) -> str | None:
    return next((part for part in re.split(r"[_\W]+", stem) if splits.read(part)), None)
