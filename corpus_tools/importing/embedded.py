"""Sounds inside the cells of a table, as in Hugging Face's Parquet files, and names of classes."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from manifests.base.errors import DataError

__all__ = ["SOUND_KEYS", "class_names", "sound_files"]

SOUND_KEYS = {"bytes", "path", "array"}
"""Keys of a struct that is a sound; of these ``bytes`` is a whole file, ``array`` its samples."""


def sound_files(cells: dict[str, Any], scratch: Path, where: str) -> dict[str, Any]:
    """Return cells in which sounds are the paths of files, written to a folder for their content.

    Example:
        >>> sound_files({"audio": {"bytes": None, "path": "a.wav"}}, Path(), "row 1")
        {'audio': 'a.wav'}
    """
    return {
        name: _path(value, scratch, where)
        if isinstance(value, bytes) or (isinstance(value, dict) and SOUND_KEYS & value.keys())
        else value
        for name, value in cells.items()
    }


def _path(value: bytes | Mapping[str, Any], scratch: Path, where: str) -> Any:
    parts = {"bytes": value} if isinstance(value, bytes) else value
    data, name = parts.get("bytes"), parts.get("path")
    if not isinstance(data, bytes):
        return name if isinstance(name, str) else None
    stem = PurePosixPath(str(name or where).replace("\\", "/")).name.replace("\0", "")[-_LONGEST:]
    if not PurePosixPath(stem).suffix or not name:
        stem += _suffix(data)
    path = scratch / hashlib.sha256(data).hexdigest() / stem
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(data)
    except (OSError, UnicodeEncodeError) as error:
        raise DataError(f"{where}: its sound can't be written to {scratch} ({error})") from error
    return path.as_posix()


def _suffix(data: bytes) -> str:
    return next((suffix for start, suffix in _STARTS.items() if data.startswith(start)), ".wav")


def class_names(metadata: Mapping[bytes, bytes] | None) -> Iterator[tuple[str, list[str]]]:
    """Yield columns of a Parquet file with numbers of Hugging Face's classes, and their names."""
    try:
        features = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        for column, feature in features.items():
            names = feature.get("names") if isinstance(feature, dict) else None
            if isinstance(names, list):
                yield column, [str(name) for name in names]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return


_STARTS = {
    b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3", b"\xff\xfb": ".mp3",
    b"\xff\xf3": ".mp3", b"FORM": ".aiff",
}  # fmt: skip
_LONGEST = 100  # characters of a file's name
