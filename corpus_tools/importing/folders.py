"""Folders of clips: Hugging Face's audiofolder, and the folds of EmoBox."""

import re
from pathlib import Path

from corpus_tools.importing.tables import RawRow, Table, read_table
from corpus_tools.segmentation.inputs import media_in
from manifests.errors import ConfigurationError
from manifests.records import Split

__all__ = ["read_any", "split_named"]

_SPLITS: dict[str, Split] = {
    "train": "train", "training": "train", "tr": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val", "development": "val",
    "test": "test", "testing": "test", "eval": "test", "evaluation": "test",
    "held": "held",
}  # fmt: skip

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def split_named(name: str) -> Split | None:
    """Return the split that a name stands for.

    Example:
        >>> split_named("Validation"), split_named("fold3")
        ('val', None)
    """
    return _SPLITS.get(name.strip().casefold())


def read_any(path: Path, audio_folder: Path | None = None) -> Table:
    """Return the rows of a table, or of a folder of them.

    In a folder, each ``metadata.csv``, ``.jsonl`` or ``.parquet`` is read, paths relative to it, in
    a split that a folder around it names. Without any, JSON Lines of EmoBox are
    (``*_train_*.jsonl``, ``*_valid_*``, ``*_test_*``); else each sound file is a row whose class is
    the name of its folder.

    Args:
        path: file or folder.
        audio_folder: what paths are relative to; default: the table's own folder.

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
    if tables := sorted(one for name in METADATA for one in path.rglob(name) if one.is_file()):
        for one in tables:
            read_table(one, table, audio_folder or one.parent, _split_around(one, path))
    elif tables := sorted(path.glob("*.jsonl")):
        for one in tables:
            read_table(one, table, table.root, _split_in_name(one.stem))
    else:
        _classes(path, table)
    if not table.rows and not table.broken:
        raise ConfigurationError(f"{path}: no metadata file and no sound in this folder")
    return table


def _classes(path: Path, table: Table) -> None:
    for sound in media_in(path):
        relative = sound.relative_to(path)
        cells = {"file": relative.as_posix()}
        if len(relative.parts) > 1 and split_named(relative.parts[-2]) is None:
            cells["emotion"] = relative.parts[-2]
        table.add(RawRow(relative.as_posix(), cells, path, _split_around(sound, path)))


def _split_around(file: Path, root: Path) -> str | None:
    parts = file.relative_to(root).parts[:-1]
    return next((part for part in parts if split_named(part)), None)


def _split_in_name(stem: str) -> str | None:
    return next((part for part in re.split(r"[_\W]+", stem) if split_named(part)), None)
