"""Hugging Face audiofolder export: a folder per split with its clips and their table."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from manifests.exports.contents import Contents
from manifests.exports.parquet import table, write_table
from manifests.storage.records import ManifestEntry
from manifests.storage.store import write_text

__all__ = ["METADATA", "folder_of", "write"]

METADATA = "metadata.parquet"
_SPLITS = {"train": "train", "val": "validation", "test": "test", "held": "held"}


def folder_of(entry: ManifestEntry) -> str:
    """Return the folder of a clip: Hugging Face's name of its split."""
    return _SPLITS[entry.split]


def write(contents: Contents, folder: Path) -> None:
    """Write ``metadata.parquet`` beside the clips of each split, and the card as ``README.md``.

    ``load_dataset("audiofolder", data_dir=FOLDER)`` then has train, validation and test, a row per
    clip with ``audio`` and the columns of :data:`manifests.exports.contents.COLUMNS` but ``file``.
    Held clips are in ``held``, which it doesn't read by default. The table is Parquet, since types
    of CSV or JSON would be guessed per split and could differ.
    """
    by_split: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in contents.entries:
        place = folder_of(entry)
        row = contents.row(entry)
        by_split[place].append({**row, "file": row["file"].removeprefix(f"{place}/")})
    for place, rows in by_split.items():
        write_table(table(rows, file_column="file_name"), folder / place / METADATA)
    for name in ("classes.png", "splits.png"):
        picture = contents.manifest.folder / name
        if picture.is_file():
            (folder / name).write_bytes(picture.read_bytes())
    write_text(folder / "README.md", _card(contents))


def _card(contents: Contents) -> str:
    path = contents.manifest.folder / "card.md"
    return path.read_text(encoding="utf-8") if path.is_file() else f"# {contents.name}\n"
