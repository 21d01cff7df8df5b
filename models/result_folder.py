"""A folder of results: whole or absent, or one subject's alone, and never in another's place."""

import contextlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from manifests.errors import ConfigurationError
from manifests.lock import FolderLock
from manifests.store import partial_folder

__all__ = ["check_result_folder", "check_subject", "result_folder"]


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


def check_subject(path: Path, subject: str, parts: str) -> None:
    """Refuse to go on in a folder of results that are about something else.

    Args:
        path: the file in it that says what they are about.
        subject: what that file should say, as TOML.
        parts: what a subject consists of beside its manifest, for the message.

    Raises:
        ConfigurationError: if the folder is there and holds anything else.
    """
    if not path.parent.exists():
        return
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path.parent}: there is something else of this name; give another one with --name"
        ) from error
    if found != tomllib.loads(subject):
        raise ConfigurationError(
            f"{path.parent}: is of another manifest or other {parts}, see {path.name} there; give "
            f"another name with --name, or delete the folder"
        )
