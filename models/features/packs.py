"""Pack files: many arrays per file, verified by checksum and memory-mapped."""

import hashlib
import json
import secrets
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Name", "Pack", "Packs", "packed_clips", "write_pack"]

Name = tuple[str, float]
"""Name of an array: sha256 of the clip's file, and speed."""

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class _Entry:
    start: int  # row
    rows: int
    sha256: str  # of the rows' bytes


@dataclass(frozen=True)
class Pack:
    """File with the arrays of many clips, followed by their index.

    Attributes:
        path: path of the file.
        width: columns of every array.
        entries: position and checksum of each array.
    """

    path: Path
    width: int
    entries: Mapping[Name, _Entry]

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """Return the pack in a file, or None if it is invalid or truncated."""
        try:
            with path.open("rb") as stream:
                size = stream.seek(0, 2)
                stream.seek(max(size - _FOOTER.size, 0))
                mark, length, digest = _FOOTER.unpack(stream.read())
                body = size - _FOOTER.size - length
                stream.seek(body)
                index = stream.read(length)
            if mark != _MARK or hashlib.sha256(index).digest() != digest:
                return None
            document = json.loads(index)
            pack = cls(path, document["width"], _entries(document["arrays"]))
        except (OSError, struct.error, ValueError, KeyError, TypeError):
            return None
        return pack if pack._rows * pack.width * _FLOAT == body else None

    @property
    def _rows(self) -> int:
        return max((entry.start + entry.rows for entry in self.entries.values()), default=0)

    def read_intact(self, names: list[Name]) -> dict[Name, Rows]:
        """Return the named arrays (T, width) with matching checksums, memory-mapped."""
        mapped: Rows = np.memmap(self.path, np.float32, "r", shape=(self._rows, self.width))
        intact: dict[Name, Rows] = {}
        with self.path.open("rb") as stream:  # checking through the map would fill the memory
            for name in sorted(names, key=lambda name: self.entries[name].start):
                entry = self.entries[name]
                stream.seek(entry.start * self.width * _FLOAT)
                data = stream.read(entry.rows * self.width * _FLOAT)
                if hashlib.sha256(data).hexdigest() == entry.sha256:
                    intact[name] = np.asarray(mapped[entry.start : entry.start + entry.rows])
        return intact


class Packs:
    """Folder of packs.

    Args:
        folder: folder of the packs; need not exist.
        width: columns of the arrays; packs of another width are ignored.
    """

    def __init__(self, folder: Path, width: int) -> None:
        self.folder, self.width = folder, width

    def find(self, names: list[Name]) -> dict[Name, Rows]:
        """Return the named arrays (T, width) that are stored, read-only."""
        found: dict[Name, Rows] = {}
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            missing = [name for name in names if name not in found]
            if not missing:
                break
            pack = Pack.open(path)
            if pack is None or pack.width != self.width:
                continue
            if present := [name for name in missing if name in pack.entries]:
                found |= _read_intact(pack, present)
        return found

    def add(self, arrays: Mapping[Name, Rows]) -> dict[Name, Rows]:
        """Write arrays (T, width) as a pack; return them read back, memory-mapped.

        Raises:
            OSError: if they can't be written.
        """
        self._remove_stale()
        path = self.folder / f"{secrets.token_hex(8)}{_SUFFIX}"
        write_pack(path, arrays)
        pack = Pack.open(path)
        return {} if pack is None else _read_intact(pack, list(arrays))

    def _remove_stale(self) -> None:
        """Remove unfinished packs of killed runs."""
        for path in self.folder.glob(f".*{_SUFFIX}"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE:
                    path.unlink()


def write_pack(path: Path, arrays: Mapping[Name, Rows]) -> None:
    """Write a pack atomically.

    It isn't synced to disk, which would cost more than computing it again; the checksums reveal
    what a power cut damaged.

    Args:
        path: path of the file; its folder is created.
        arrays: one or more arrays (T, width) of the same width.

    Raises:
        OSError: if it can't be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    try:
        with temporary.open("xb") as stream:
            index = json.dumps(_write_rows(stream, arrays)).encode()
            footer = _FOOTER.pack(_MARK, len(index), hashlib.sha256(index).digest())
            stream.write(index + footer)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def packed_clips(folder: Path) -> Iterator[tuple[Path, set[str]]]:
    """Yield each pack of a folder, with the sha256 of its clips.

    A damaged or unfinished pack yields an empty set, since its clips are unknown.
    """
    for path in sorted([*folder.glob(f"*{_SUFFIX}"), *folder.glob(f".*{_SUFFIX}")]):
        pack = Pack.open(path)
        yield path, {digest for digest, _ in pack.entries} if pack is not None else set()


def _write_rows(stream: Any, arrays: Mapping[Name, Rows]) -> dict[str, Any]:
    """Write arrays one after the other; return their index, JSON-ready."""
    start, listed, width = 0, [], 0
    for (digest, speed), array in arrays.items():
        data = np.ascontiguousarray(array, dtype=np.float32).tobytes()
        stream.write(data)
        listed.append([digest, speed, start, len(array), hashlib.sha256(data).hexdigest()])
        start, width = start + len(array), array.shape[1]
    return {"width": width, "arrays": listed}


def _entries(rows: list[list[Any]]) -> dict[Name, _Entry]:
    return {
        (str(digest), float(speed)): _Entry(int(start), int(count), str(sha256))
        for digest, speed, start, count, sha256 in rows
    }


def _read_intact(pack: Pack, names: list[Name]) -> dict[Name, Rows]:
    try:
        return pack.read_intact(names)
    except (OSError, ValueError):
        return {}


_SUFFIX = ".pack"
_MARK = b"corpus features\n"
_FOOTER = struct.Struct("<16sQ32s")  # mark, length of the index, sha256 of the index
_FLOAT = 4  # bytes
_STALE = 24 * 3600.0  # s
