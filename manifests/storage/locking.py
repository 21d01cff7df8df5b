"""Lock on a folder for one writer at a time.

Check whether a process still runs, even if its id has been reused.
"""

import contextlib
import errno
import json
import math
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from manifests.base.errors import CorpusError

__all__ = ["FolderLock", "is_running", "start_time_of"]


def start_time_of(pid: int) -> str | None:
    """Return the start time of a process, which tells it from later ones with the same id.

    Returns:
        Boot id and clock ticks since boot; ``None`` without /proc or without such a process.
    """
    process = _state_and_start(pid)
    return process[1] if process else None


def is_running(pid: int, start: str | None = None) -> bool:
    """Return whether a process runs.

    Args:
        pid: process id.
        start: start time from `start_time_of`; without it, any process with the id counts.

    Example:
        >>> is_running(os.getpid(), start_time_of(os.getpid())), is_running(os.getpid(), "long ago")
        (True, False)
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    process = _state_and_start(pid)
    if process is None:
        return True
    state, began = process
    return state not in _ENDED and start in (None, began)


def _state_and_start(pid: int) -> tuple[str, str] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return fields[0], f"{boot} {fields[19]}"
    except (OSError, IndexError, ValueError):
        return None


_ENDED = {"Z", "X", "x"}


if sys.platform != "win32":
    import fcntl


class FolderLock:
    """Context manager that locks a folder by a lock file with host, process and time.

    A stale lock is removed, and ``broken`` then reports it: one of this host whose process has
    ended, or one of another host older than ``stale_after`` seconds. A process is identified by id
    and start time, so a reused id doesn't keep a lock alive. A process that removes a lock file
    holds the system's lock on it and checks that it is still the file at the path: of two processes
    that find the same stale lock, one gets the folder.

    Args:
        folder: folder to lock; made if missing.
        name: purpose, part of the lock file's name.
        stale_after: seconds after which a lock of another host is stale.

    Raises:
        CorpusError: on entering, if another live process holds the folder, or the disk is full.
    """

    def __init__(self, folder: Path, name: str = "corpus", stale_after: float = 6 * 3600) -> None:
        self.path = folder / f".{name}.lock"
        self.stale_after = stale_after
        self.broken: str | None = None
        self._signature = b""

    def __enter__(self) -> "FolderLock":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            try:
                stream = self.path.open("xb", buffering=0)
            except FileExistsError:
                self._break_or_refuse()
                continue
            with stream:
                if self._sign(stream):
                    return self
        raise self._busy()

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(FileNotFoundError, CorpusError), self.path.open("rb") as stream:
            if stream.read() == self._signature:
                self._remove(stream)

    def _sign(self, stream: IO[bytes]) -> bool:
        """Write the owner and return whether the lock file is still at its path."""
        self._signature = json.dumps(_owner(), sort_keys=True).encode()
        try:
            with self._alone(stream):
                stream.write(self._signature)
                return self._in_place(stream)
        except OSError as error:
            self.path.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise CorpusError(
                    f"{self.path.parent}: no space left to begin; free some and run again"
                ) from error
            raise

    def _break_or_refuse(self) -> None:
        try:
            stream = self.path.open("rb")
        except FileNotFoundError:
            return
        with stream:
            owner = _parsed(stream.read())
            age = time.time() - os.fstat(stream.fileno()).st_mtime
            if owner is None and abs(age) < _BEING_WRITTEN:
                raise self._busy()
            if owner is not None and _alive(owner, self.stale_after):
                raise CorpusError(f"{self.path.parent}: {_in_use(owner, self.path.name)}")
            if self._remove(stream):
                self.broken = f"{self.path}: removed the stale lock of a process that has ended"

    def _remove(self, stream: IO[bytes]) -> bool:
        """Remove the opened lock file if it is still at its path."""
        with self._alone(stream):
            in_place = self._in_place(stream)
            if in_place:
                self.path.unlink()
            return in_place

    def _in_place(self, stream: IO[bytes]) -> bool:
        try:
            return os.path.samestat(os.fstat(stream.fileno()), self.path.stat())
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def _alone(self, stream: IO[bytes]) -> Iterator[None]:
        """Hold the system's lock on the lock file while signing or removing it."""
        if sys.platform != "win32":
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise self._busy() from error
            except OSError as error:
                if error.errno not in _UNKNOWN:
                    raise
        yield

    def _busy(self) -> CorpusError:
        return CorpusError(f"{self.path.parent}: another process is starting here; run again")


def _owner() -> dict[str, Any]:
    pid = os.getpid()
    return {
        "host": socket.gethostname(),
        "pid": pid,
        "start": start_time_of(pid),
        "time": time.time(),
    }


def _in_use(owner: dict[str, Any], name: str) -> str:
    """Return the message for a folder in use; only on this host is the process known to live."""
    by = f"in use by process {owner['pid']} on {owner['host']}; wait for it to end"
    if owner["host"] == socket.gethostname():
        return f"{by}, or end it"
    return f"{by}, or delete {name} if it is gone"


def _parsed(data: bytes) -> dict[str, Any] | None:
    """Return the owner in a lock file, None if the file is not one of ours."""
    try:
        owner = json.loads(data)
        pid = owner["pid"]
        known = isinstance(pid, int) and 0 < pid < _PIDS and math.isfinite(owner["time"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return owner if known and isinstance(owner.get("host"), str) else None


def _alive(owner: dict[str, Any], stale_after: float) -> bool:
    if owner["host"] != socket.gethostname():
        return bool(time.time() - owner["time"] < stale_after)
    return is_running(owner["pid"], owner.get("start"))


_TRIES = 3
_PIDS = 2**31
_BEING_WRITTEN = 5.0  # seconds in which a lock file may still be empty
_UNKNOWN = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""Errors of file systems without locks; there the check of the path must suffice."""
