"""Errors with a message the user can act on: the item, the problem and the remedy."""

import errno
import os
from pathlib import Path

__all__ = [
    "FULL",
    "NOT_TRIED",
    "NO_SPACE",
    "OUT_OF_MEMORY",
    "UNWRITABLE",
    "ConfigurationError",
    "CorpusError",
    "DataError",
    "FullDiskError",
    "disk_problem",
    "is_full_disk",
]

FULL = {errno.ENOSPC, errno.EDQUOT}
"""Error numbers of a full disk or quota."""
NO_SPACE = "no space left"
"""What every sentence about a full disk says."""
NOT_TRIED = f"not tried, since there is {NO_SPACE}"
"""Reason of the items that remain when the disk is full."""
OUT_OF_MEMORY = (
    "the memory isn't enough; end other programs and run again, or look for a damaged file of huge "
    "size: find FOLDER -size +1G"
)
UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
"""Error numbers of a folder that may not be written into."""


class CorpusError(Exception):
    """Failure the user can act on; a command prints its text and exits with ``exit_code``."""

    exit_code = 1


class FullDiskError(CorpusError):
    """There is no room to write."""


class DataError(CorpusError):
    """A file or record is missing, damaged or invalid."""


class ConfigurationError(CorpusError):
    """A command's arguments or ``corpus.toml`` are invalid."""

    exit_code = 2


def is_full_disk(error: BaseException | None) -> bool:
    """Return whether an error is that of a full disk or quota, after which no item can be done."""
    return isinstance(error, FullDiskError) or (isinstance(error, OSError) and error.errno in FULL)


def disk_problem(error: OSError) -> str:
    """Return what the system refused as one sentence: the place, the problem and what to do.

    >>> disk_problem(OSError(errno.EROFS, "Read-only file system", "corpus/.corpus.lock"))
    'corpus: is on a read-only disk; make it writable, or work on a copy elsewhere'
    """
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
    if path is not None and error.errno != errno.ENOENT:
        hidden = path.name.startswith(".")  # a lock, or what is being written
        path = path.parent if hidden or not os.path.lexists(path) else path
    where = "" if path is None else f"{path}: "
    if error.errno in FULL:
        return f"{where}{NO_SPACE} on the disk; free some and run again"
    if error.errno == errno.EROFS:
        return f"{where}is on a read-only disk; make it writable, or work on a copy elsewhere"
    if error.errno in UNWRITABLE:
        if path is not None and os.path.lexists(path) and not os.access(path, os.R_OK):
            return f"{where}may not be read by this user; change its permissions and run again"
        return (
            f"{where}may not be written by this user; change its permissions, or work on a copy "
            f"elsewhere"
        )
    if error.errno == errno.ENOENT:
        return f"{where}disappeared during the run; check the path and run again"
    return f"{where}{error.strerror or error}; fix this and run again"
