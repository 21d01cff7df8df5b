"""Arrays on disk, many to a file: whole or not believed, and read through the memory map."""

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
"""Of an array: sha256 of the clip's file, and the speed."""

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class _Entry:
    start: int  # row
    rows: int
    sha256: str  # of the rows' bytes


@dataclass(frozen=True)
class Pack:
    """A file with the arrays of many clips, one after the other, and their index behind them.

    Attributes:
        path: of the file.
        width: columns of every array.
        entries: where the arrays are.
    """

    path: Path
    width: int
    entries: Mapping[Name, _Entry]

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """Return the pack in a file, None if it is none or was cut short."""
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
        return max((one.start + one.rows for one in self.entries.values()), default=0)

    def whole(self, names: list[Name]) -> dict[Name, Rows]:
        """Return those of some arrays (T, width) that are as they were written, memory-mapped."""
        mapped: Rows = np.memmap(self.path, np.float32, "r", shape=(self._rows, self.width))
        found: dict[Name, Rows] = {}
        with self.path.open("rb") as stream:  # the map would keep in memory what is only checked
            for name in sorted(names, key=lambda one: self.entries[one].start):
                entry = self.entries[name]
                stream.seek(entry.start * self.width * _FLOAT)
                data = stream.read(entry.rows * self.width * _FLOAT)
                if hashlib.sha256(data).hexdigest() == entry.sha256:
                    found[name] = np.asarray(mapped[entry.start : entry.start + entry.rows])
        return found


class Packs:
    """The packs of a folder.

    Args:
        folder: of the packs; maybe none yet.
        width: columns of the arrays; packs of another width are passed over.
    """

    def __init__(self, folder: Path, width: int) -> None:
        self.folder, self.width = folder, width

    def find(self, names: list[Name]) -> dict[Name, Rows]:
        """Return those of some arrays that are there, (T, width), read-only."""
        found: dict[Name, Rows] = {}
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            lacking = [name for name in names if name not in found]
            if not lacking:
                break
            pack = Pack.open(path)
            if pack is None or pack.width != self.width:
                continue
            here = [name for name in lacking if name in pack.entries]
            if here:
                found |= _believed(pack, here)
        return found

    def add(self, arrays: Mapping[Name, Rows]) -> dict[Name, Rows]:
        """Write arrays (T, width) as a pack; return them as found there.

        Raises:
            OSError: if the disk doesn't take them.
        """
        self._clear()
        path = self.folder / f"{secrets.token_hex(8)}{_SUFFIX}"
        write_pack(path, arrays)
        pack = Pack.open(path)
        return {} if pack is None else _believed(pack, list(arrays))

    def _clear(self) -> None:
        """Remove what killed runs left unfinished."""
        for path in self.folder.glob(f".*{_SUFFIX}"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE:
                    path.unlink()


def write_pack(path: Path, arrays: Mapping[Name, Rows]) -> None:
    """Write a pack, which appears under its name when it is whole.

    It isn't synced, which would cost more than computing it: digests tell what a power cut left
    half done.

    Args:
        path: of the file; its folder is made.
        arrays: at least one, all of one width (T, width).

    Raises:
        OSError: if the disk doesn't take it; nothing is left behind.
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
    """Yield each pack of a folder, with the sha256 of the clips whose arrays it has.

    A pack that is damaged or was never finished comes with none, since nobody can say whose it has.
    """
    for path in sorted([*folder.glob(f"*{_SUFFIX}"), *folder.glob(f".*{_SUFFIX}")]):
        pack = Pack.open(path)
        yield path, {digest for digest, _ in pack.entries} if pack is not None else set()


def _write_rows(stream: Any, arrays: Mapping[Name, Rows]) -> dict[str, Any]:
    """Write arrays one after the other; return the index's document."""
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


def _believed(pack: Pack, names: list[Name]) -> dict[Name, Rows]:
    try:
        return pack.whole(names)
    except (OSError, ValueError):
        return {}


_SUFFIX = ".pack"
_MARK = b"corpus features\n"
_FOOTER = struct.Struct("<16sQ32s")  # mark, length of the index, sha256 of the index
_FLOAT = 4  # bytes
_STALE = 24 * 3600.0  # s
