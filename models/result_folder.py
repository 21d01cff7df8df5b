"""Result folders: written atomically, and never over other data or other results."""

import contextlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from manifests.errors import ConfigurationError
from manifests.lock import FolderLock
from manifests.store import partial_folder

__all__ = ["check_result_folder", "check_subject", "result_folder"]


def check_result_folder(folder: Path, mark: str) -> bool:
    """Return True if the folder holds earlier results of this kind.

    Args:
        folder: result folder.
        mark: file that all results of this kind have.

    Raises:
        ConfigurationError: if the folder holds something else.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ConfigurationError(f"{folder}: is not a folder; choose another --out")
    if (folder / mark).is_file():
        return True
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder}: holds something else; choose another --out")
    return False


@contextlib.contextmanager
def result_folder(folder: Path, mark: str) -> Iterator[Path]:
    """Yield a hidden folder to write into; on success it replaces earlier results.

    Args:
        folder: result folder; earlier results are replaced with everything else in it.
        mark: as for :func:`check_result_folder`.

    Raises:
        ConfigurationError: if the folder holds something else.
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


def check_subject(path: Path, subject: str, parts: str) -> None:
    """Check that a result folder, if it exists, holds results of the same subject.

    Args:
        path: file of the folder that records the subject.
        subject: expected content of that file, as TOML.
        parts: components of a subject besides its manifest, for the message.

    Raises:
        ConfigurationError: if the folder holds anything else.
    """
    if not path.parent.exists():
        return
    try:
        recorded = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path.parent}: holds something else; choose another name with --name"
        ) from error
    if recorded != tomllib.loads(subject):
        raise ConfigurationError(
            f"{path.parent}: has results of another manifest or other {parts}, see its {path.name};"
            f" choose another name with --name, or delete the folder"
        )
