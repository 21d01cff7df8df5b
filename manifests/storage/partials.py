"""Partial files and folders: hidden names of what is being written, left by killed writers."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from manifests.storage.links import check_way

try:
    import fcntl
except ImportError:  # Windows, which refuses to delete an open file
    fcntl = None  # type: ignore[assignment]

__all__ = ["clear_partials", "partial_path"]


@contextmanager
def partial_path(parent: Path, suffix: str = "") -> Iterator[Path]:
    """Yield an unused hidden path in a folder; what is written there is removed at the end.

    Until then the system holds a shared lock on the folder for this process, however it ends, so
    that :func:`clear_partials` of others leaves the path alone. DataError if it would be reached
    through a link that leads out of a corpus.
    """
    check_way(parent)
    parent.mkdir(parents=True, exist_ok=True)
    path = parent / f".{secrets.token_hex(8)}{_SUFFIX}{suffix}"
    with _held(parent, exclusive=False):
        try:
            yield path
        finally:
            _remove(path)


def clear_partials(folder: Path, *, below: bool = False) -> None:
    """Remove what killed writers left in a folder, and with ``below`` in all folders below it.

    A folder in which a live process writes is left alone. Where the file system can't tell (some
    network file systems), only what nobody has changed for a day is removed. Links are not
    followed, and a missing folder has nothing to remove.
    """
    folders = [folder]
    while folders:
        here = folders.pop()
        try:
            with os.scandir(here) as entries:
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError:
            continue
        left = [here / name for name, _ in found if _PARTIAL.fullmatch(name)]
        if left:
            with _held(here, exclusive=True) as held:
                for path in left:
                    with suppress(OSError):  # another user's, or read-only
                        if held or (held is None and _is_old(path)):
                            _remove(path)
        if below:
            folders += [
                here / name
                for name, is_folder in found
                if is_folder and (not name.startswith(".") or name in _HIDDEN)
            ]


@contextmanager
def _held(folder: Path, *, exclusive: bool) -> Iterator[bool | None]:
    """Hold the system's lock on a folder; yield False if others hold it, None without locks.

    Only the exclusive lock, with which nobody writes, doesn't wait.
    """
    descriptor = None
    held: bool | None = None
    if fcntl is not None:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
    try:
        if descriptor is not None:
            kind = fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH
            try:
                fcntl.flock(descriptor, kind)
                held = True
            except BlockingIOError:
                held = False
            except OSError:  # no locks on folders here
                held = None
        yield held
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _is_old(path: Path) -> bool:
    """Return whether nothing in a file or folder has changed for a day."""
    changed = [path.lstat().st_mtime]
    if path.is_dir() and not path.is_symlink():
        changed += [below.lstat().st_mtime for below in path.rglob("*")]
    return time.time() - max(changed) > _STALE


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


_SUFFIX = ".partial"
_PARTIAL = re.compile(rf"\.[0-9a-f]+{re.escape(_SUFFIX)}(\..*)?")
_HIDDEN = {".cache", ".unfinished"}
"""Hidden folders of a corpus that commands write into; others are not theirs."""
_STALE = 24 * 3600.0  # s
