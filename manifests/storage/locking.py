"""Lock on a folder for one writer at a time."""

import contextlib
import errno
import json
import math
import os
import stat
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from manifests.base.errors import FULL, CorpusError, FullDiskError
from manifests.storage.links import check_way
from manifests.storage.partials import clear_partials

if TYPE_CHECKING:
    from filelock import BaseFileLock

_NO_NOTE: Mapping[str, str] = MappingProxyType({})

__all__ = ["FolderLock", "InUseError"]


class InUseError(CorpusError):
    """Another live process holds the folder; ``holder`` is what its lock file says, if anything."""

    def __init__(self, sentence: str, holder: dict[str, Any] | None) -> None:
        super().__init__(sentence)
        self.holder = holder


class FolderLock:
    """Context manager that locks a folder (made if missing) for this process.

    The system's lock on ``.NAME.lock`` ends with the process, however it ends, so a killed one
    blocks nobody. The file names the holder (host, process and time) for the messages of others;
    one left by a killed process is replaced, and ``broken`` then says so. Where the lock of another
    host can't be seen (some network file systems), its file is respected for ``stale_after``
    seconds. On entering, partial files of killed writers are removed from the folder; an InUseError
    says that another live process holds it and hasn't left it for ``patience`` seconds, a
    CorpusError that the disk is full, or the lock file is a link or another user's, a DataError
    that it isn't in its corpus. ``note`` is added to the lock file, ``subject`` is what
    messages name instead of the folder, ``remedy`` what to do other than to end the process.
    """

    def __init__(
        self,
        folder: Path,
        name: str = "corpus",
        stale_after: float = 6 * 3600,
        *,
        patience: float = 0.1,
        subject: Path | None = None,
        remedy: str = "wait for it to end",
        note: Mapping[str, str] = _NO_NOTE,
    ) -> None:
        self.path = folder / f".{name}.lock"
        self.stale_after, self.patience, self.note = stale_after, patience, note
        self.subject, self.remedy = subject or folder, remedy
        self.broken: str | None = None
        self._lock: BaseFileLock | None = None
        self._signature = b""
        self._marker: Path | None = None

    @property
    def has_locks(self) -> bool:
        """Return whether, once entered, the system ends the lock with its process."""
        return self._marker is None

    def __enter__(self) -> "FolderLock":
        check_way(self.path.parent)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = self._acquired()
            self._sign()
            clear_partials(self.path.parent)
        except BaseException as error:
            self.__exit__()
            if isinstance(error, OSError) and error.errno in FULL:
                raise FullDiskError(
                    f"{self.path.parent}: no space left to begin; free some and run again"
                ) from error
            if isinstance(error, PermissionError) and self.path.exists():
                raise CorpusError(
                    f"{self.path}: is another user's; delete it if their run has ended"
                ) from error
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is None:
            return
        with contextlib.suppress(OSError):
            if self.path.read_bytes() == self._signature:
                self.path.unlink()
        self._lock.release()
        self._lock = None

    def _acquired(self) -> "BaseFileLock":
        from filelock import FileLock, Timeout

        self._check_kind()
        try:
            if sys.platform != "win32":  # there, others couldn't read the locked file
                lock = FileLock(
                    self.path, self.patience, mode=0o666, thread_local=False, fallback_to_soft=False
                )
                try:
                    return lock.acquire().lock
                except OSError as error:
                    if error.errno not in _NO_LOCKS:
                        raise
            return self._marked()
        except Timeout as error:
            raise self._refusal(_holder(self.path)) from error

    def _check_kind(self) -> None:
        """Check that the lock file, if there is one, is a file of this folder alone."""
        try:
            found = self.path.lstat()
        except FileNotFoundError:
            return
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise CorpusError(
                f"{self.path}: is no lock file of corpus-tools; delete it and run again"
            )

    def _marked(self) -> "BaseFileLock":
        """Return the marker file, as a lock, in place of an old one of another host."""
        from filelock import SoftFileLock, Timeout

        self._marker = self.path.with_suffix(".marker")
        lock = SoftFileLock(self._marker, self.patience, thread_local=False)
        try:
            return lock.acquire().lock
        except Timeout:
            if not self._is_old(self._marker):
                raise
            self._marker.unlink(missing_ok=True)
            return lock.acquire().lock

    def _is_old(self, marker: Path) -> bool:
        """Return whether a marker was left long ago, and not by a process of this host."""
        holder = _holder(self.path)
        if holder is not None and holder["host"] == _this_host():
            return False
        try:
            made = marker.lstat().st_mtime
        except FileNotFoundError:
            return False
        signed = made if holder is None else max(made, holder["time"])
        return time.time() - signed >= self.stale_after

    def _sign(self) -> None:
        """Write this process into the lock file, unless it names a live one of another host."""
        left = self.path.read_bytes() if self.path.exists() else b""
        match _parsed(left):
            case {"host": host, "time": at} as holder if host != _this_host():
                if time.time() - at < self.stale_after:
                    raise self._refusal(holder)
        if left:
            self.broken = f"{self.path}: removed the stale lock of a process that has ended"
        this = {**self.note, "host": _this_host(), "pid": os.getpid(), "time": time.time()}
        self._signature = json.dumps(this, sort_keys=True).encode()
        try:
            self.path.write_bytes(self._signature)
        except OSError:
            self.path.unlink(missing_ok=True)
            raise

    def _refusal(self, holder: dict[str, Any] | None) -> InUseError:
        """Return the error for a folder in use; only on this host is the process known to live."""
        names = " and ".join(path.name for path in (self._marker, self.path) if path is not None)
        if holder is None:
            remedy = "" if self._marker is None else f", or delete {self._marker.name} if none is"
            return InUseError(
                f"{self.subject}: another process is starting here; run again{remedy}", None
            )
        own = holder["host"] == _this_host()
        remedy = "end it" if own else f"delete {names} if it is gone"
        return InUseError(
            f"{self.subject}: in use by process {holder['pid']} on {holder['host']!r}; "
            f"{self.remedy}, or {remedy}",
            holder,
        )


def _this_host() -> str:
    import socket

    return socket.gethostname()


def _holder(path: Path) -> dict[str, Any] | None:
    try:
        return _parsed(path.read_bytes())
    except OSError:
        return None


def _parsed(data: bytes) -> dict[str, Any] | None:
    """Return the holder named by a lock file, None if it names none."""
    try:
        holder = json.loads(data)
        valid = isinstance(holder["pid"], int) and math.isfinite(holder["time"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return holder if valid and isinstance(holder.get("host"), str) else None


_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""Errors of file systems without locks; there, a marker file is used instead."""
