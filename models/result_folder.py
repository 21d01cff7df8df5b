"""A folder of results that is whole or absent, and never takes the place of something else."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from manifests.errors import ConfigurationError
from manifests.lock import FolderLock
from manifests.store import partial_folder

__all__ = ["check_result_folder", "result_folder"]


def check_result_folder(folder: Path, mark: str) -> bool:
    """Return whether results of this kind are there already.

    Args:
        folder: to write.
        mark: a file that all results of the kind have.

    Raises:
        ConfigurationError: if something else is there.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ConfigurationError(f"{folder}: is no folder; choose another --out")
    if (folder / mark).is_file():
        return True
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder}: there is something else here; choose another --out")
    return False


@contextlib.contextmanager
def result_folder(folder: Path, mark: str) -> Iterator[Path]:
    """Yield a hidden folder to write into; on success it takes the place of earlier results.

    Args:
        folder: to write; earlier results in it are replaced with all that lies beside them.
        mark: as for :func:`check_result_folder`.

    Raises:
        ConfigurationError: if something else is there.
    """
    parent = folder.absolute().parent
    with FolderLock(parent, f"write-{folder.name}"), partial_folder(parent) as work:
        new = work / "new"
        new.mkdir()
        yield new
        check_result_folder(folder, mark)
        if folder.exists():
            folder.rename(work / "old")
        new.rename(folder)
