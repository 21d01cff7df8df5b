"""Folders of clips: Hugging Face's audiofolder and the folds of EmoBox."""

import re
from pathlib import Path

from corpus_tools.importing.tables import RawRow, Table, read_table
from corpus_tools.segmentation.inputs import media_in
from manifests.errors import ConfigurationError
from manifests.records import Split

__all__ = ["read_corpus_tables", "split_named"]

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

    In a folder, each ``metadata.csv``, ``.jsonl`` or ``.parquet`` is read with paths relative to
    it; a parent folder may name its split. Without any, EmoBox's JSON Lines are read
    (``*_train_*.jsonl``, ``*_valid_*``, ``*_test_*``); else each audio file is a row with its
    folder's name as the class.

    Args:
        path: file or folder.
        audio_folder: base of relative paths; default: the table's own folder.

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
    if tables := sorted(file for name in METADATA for file in path.rglob(name) if file.is_file()):
        for file in tables:
            read_table(file, table, audio_folder or file.parent, _split_of_folder(file, path))
    elif tables := sorted(path.glob("*.jsonl")):
        for file in tables:
            read_table(file, table, table.root, _split_in_name(file.stem))
    else:
        _add_class_folders(path, table)
    if not table.rows and not table.broken:
        raise ConfigurationError(f"{path}: no metadata file and no audio in this folder")
    return table


def _add_class_folders(path: Path, table: Table) -> None:
    for audio in media_in(path):
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
