"""Count the writes of this process below a folder, and do something before, or amid, the n-th.

A write is whatever changes a file or folder: opening to write, writing (the buffer of a file, not
each call), syncing, renaming, linking, deleting, making or removing a folder. Libraries that write
by themselves (pyarrow, safetensors) are seen by what follows: the sync and the rename. What is
written into unnamed files is left out: nothing of it can stay.
"""

import builtins
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

__all__ = ["Writes", "watch_writes"]

_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FIRST_PATH = {"os.remove": 1, "os.mkdir": 2, "os.rmdir": 1, "os.rename": 2, "os.truncate": None}
_FIRST_PATH |= {"os.link": 2, "os.symlink": 2}
"""Audit events of changes, with the place of the folder's descriptor among the arguments."""


class Writes:
    """Writes below ``folder``: their number so far, and ``act``, to be called at the n-th.

    If ``lasting``, ``act`` is called at each write from the n-th on but deletions, as on a full
    disk. Without ``at`` it is never called.
    """

    def __init__(
        self,
        folder: Path,
        at: int | None = None,
        act: Callable[[], object] = lambda: None,
        *,
        lasting: bool = False,
    ) -> None:
        self.count = 0
        self._folder = os.path.realpath(folder) + os.sep
        self._at, self._act, self._lasting = at, act, lasting

    def is_due(self, *, frees: bool = False) -> bool:
        """Count a write, one that only ``frees`` room maybe, and return whether to act now."""
        self.count += 1
        if self._at is None or (self._lasting and frees):
            return False
        return self.count == self._at or (self._lasting and self.count > self._at)

    def step(self, *, frees: bool = False) -> None:
        """Count a write, and act if it is the n-th."""
        if self.is_due(frees=frees):
            self._act()

    def act(self) -> None:
        """Act, without counting."""
        self._act()

    def covers(self, file: object, folder: object = -1) -> bool:
        """Return whether a descriptor, or a path (relative to a folder's descriptor), is below."""
        if isinstance(file, int):
            path = _path_of(file)
        elif isinstance(file, str | bytes | os.PathLike):
            path = Path(os.fsdecode(file))
            if isinstance(folder, int) and folder >= 0:
                path = _path_of(folder) / path
        else:
            return False
        return str(path.absolute()).startswith(self._folder)


def watch_writes(writes: Writes) -> None:
    """Let a process's writes be counted, from now to its end."""
    real_open, real_sync, real_write = io.open, os.fsync, os.write

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _CHANGES and writes.covers(path):
                writes.step()
        elif event in _FIRST_PATH:
            place = _FIRST_PATH[event]
            folder = arguments[place] if place and len(arguments) > place else -1
            if writes.covers(arguments[0], folder):
                writes.step(frees=event in ("os.remove", "os.rmdir"))

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> IO[Any]:
        # a folder is given for an unnamed file, which is gone with its process
        unnamed = isinstance(file, str | os.PathLike) and Path(file).is_dir()
        if unnamed or not set(mode) & set("wax+") or not writes.covers(file):
            return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _CountedFile(writes, file, mode.replace("t", ""), closefd, opener)
        if buffering == 0:
            return raw  # type: ignore[return-value]
        size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
        buffer = io.BufferedRandom(raw, size) if "+" in mode else io.BufferedWriter(raw, size)
        if "b" in mode:
            return buffer
        text = io.TextIOWrapper(buffer, encoding, errors, newline, buffering == 1)
        text.mode = mode  # type: ignore[misc]
        return text

    def synced(descriptor: Any) -> None:
        if writes.covers(descriptor if isinstance(descriptor, int) else descriptor.fileno()):
            writes.step()
        real_sync(descriptor)

    def written(descriptor: int, data: Any) -> int:
        if writes.covers(descriptor):
            writes.step()
        return real_write(descriptor, data)

    io.open = builtins.open = opened  # type: ignore[assignment]
    os.fsync, os.write = synced, written
    sys.addaudithook(audit)


class _CountedFile(io.FileIO):
    """File of which each write is counted; the n-th writes half of its data before it acts."""

    def __init__(self, writes: Writes, file: Any, mode: str, closefd: bool, opener: Any) -> None:
        super().__init__(file, mode.replace("b", ""), closefd, opener)
        self._writes = writes

    def write(self, data: Any) -> int:
        if self._writes.is_due():
            super().write(memoryview(data)[: len(data) // 2])
            self._writes.act()
        return super().write(data)


def _path_of(descriptor: int) -> Path:
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink()
    except OSError:
        return Path("/")
