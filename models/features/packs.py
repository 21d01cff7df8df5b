"""Feature packs: safetensors files with the features of many clips, memory-mapped."""

import hashlib
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.storage.partials import clear_partials, partial_path

__all__ = ["Name", "Packs", "is_linked", "packed_clips", "write_pack"]

Name = tuple[str, float]
"""Name of an array: sha256 of the clip's file, and speed."""

Rows = NDArray[np.floating[Any]]


def is_linked(folder: Path) -> bool:
    """Return whether a folder of packs, or one of the two above it in the corpus, is a link."""
    return any(path.is_symlink() for path in (folder, *folder.parents[:2]))


class Packs:
    """Folder of packs, maybe missing; other files and arrays of other widths, types are ignored."""

    def __init__(
        self, folder: Path, width: int, stored: type[np.float16 | np.float32] = np.float32
    ) -> None:
        self.folder, self.width, self.stored = folder, width, stored

    def find(self, names: Iterable[Name]) -> dict[Name, Rows]:
        """Return the named arrays (T, width) that are stored intact, read-only."""
        missing, found = set(names), dict[Name, Rows]()
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            if missing:
                found |= self._read(path, missing)
                missing -= found.keys()
        return found

    def add(self, arrays: Mapping[Name, Rows]) -> dict[Name, Rows]:
        """Write arrays (T, width) as a pack (or OSError); return them read back, memory-mapped."""
        self._remove_stale()
        path = self.folder / f"{secrets.token_hex(8)}{_SUFFIX}"
        write_pack(path, arrays, self.stored)
        return self._read(path, set(arrays))

    def _read(self, path: Path, names: set[Name]) -> dict[Name, Rows]:
        """Return those of the named arrays that a pack holds intact; none if it is damaged."""
        from safetensors import SafetensorError, safe_open

        intact: dict[Name, Rows] = {}
        if not path.is_file():  # a pipe would block
            return intact
        try:
            with safe_open(path, "pt") as pack:
                for key, digest in (pack.metadata() or {}).items():
                    if (name := _name(key)) not in names:
                        continue
                    rows: Rows = pack.get_tensor(key).numpy()
                    if self._fits(rows) and _sha256(rows) == digest:
                        rows.flags.writeable = False
                        intact[name] = rows
        except (OSError, SafetensorError, ValueError, TypeError):
            pass
        return intact

    def _fits(self, rows: Rows) -> bool:
        typed = rows.dtype == self.stored and rows.ndim == 2
        return typed and len(rows) > 0 and rows.shape[1] == self.width

    def _remove_stale(self) -> None:
        """Remove old packs of earlier versions, and unfinished packs of killed runs."""
        clear_partials(self.folder)
        for path in [*self.folder.glob("*.pack"), *self.folder.glob(f".*{_SUFFIX}")]:
            with suppress(OSError):
                if time.time() - path.lstat().st_mtime > _STALE:
                    path.unlink()


def write_pack(
    path: Path,
    arrays: Mapping[Name, Rows],
    stored: type[np.float16 | np.float32] = np.float32,
) -> None:
    """Write one or more arrays (T, width) as a pack, atomically; its folder is created.

    It isn't synced to disk, which would cost more than computing it again; the checksums in its
    metadata reveal what a power cut damaged. Raises OSError, and leaves nothing, if it can't be
    written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    tensors = {
        f"{digest}@{speed}": np.ascontiguousarray(rows, dtype=stored)
        for (digest, speed), rows in arrays.items()
    }
    with partial_path(path.parent, path.suffix) as temporary:
        try:
            save_file(tensors, temporary, {key: _sha256(rows) for key, rows in tensors.items()})
        except SafetensorError as error:
            raise OSError(str(error)) from error
        temporary.replace(path)


def packed_clips(folder: Path) -> Iterator[tuple[Path, set[str]]]:
    """Yield each pack in a folder, with the sha256 of its clips.

    The set is empty for a damaged or unfinished pack, and one of an earlier version.
    """
    from safetensors import SafetensorError, safe_open

    packs = [*folder.glob(f"*{_SUFFIX}"), *folder.glob("*.pack")]  # also hidden ones
    for path in sorted(path for path in packs if path.is_file()):
        try:
            with safe_open(path, "numpy") as pack:
                yield path, {_name(key)[0] for key in pack.metadata() or {}}
        except (OSError, SafetensorError, ValueError, TypeError):
            yield path, set()


def _name(key: str) -> Name:
    digest, _, speed = key.partition("@")
    return digest, float(speed)


def _sha256(rows: NDArray[Any]) -> str:
    return hashlib.sha256(rows.data).hexdigest()


_SUFFIX = ".safetensors"
_STALE = 24 * 3600.0  # s
