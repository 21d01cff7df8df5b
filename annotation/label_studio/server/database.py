"""Databases that this machine made: recognised by their content, else refused."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotation.label_studio.address import ServerFolder, process_began
from annotation.label_studio.machine import Machine, MadeServer, RunningServer, changed_machine
from manifests.base.errors import DataError
from manifests.storage.store import sha256_file

__all__ = ["claimed_database", "note_process"]


@contextmanager
def claimed_database(folder: ServerFolder, *, adopt: bool) -> Iterator[bool]:
    """Hold the corpus's database for the block, and remember its content as the block leaves it.

    A missing one is made, empty. Yields whether the last holder was killed, so that its passwords
    may belong to accounts still to be made. ``adopt`` accepts a database of unknown origin.

    Raises DataError if this machine didn't make the database, nor left it as it is.
    """
    before = Machine.read()
    left = before.server(folder.corpus)
    resumed = left is not None and left.files is None and _is_same(folder, left)
    if not resumed and not adopt and not _is_known(folder, before):
        raise DataError(
            f"{folder.root}: this machine didn't make this Label Studio database, or didn't leave "
            f"it like this, so accounts in it may be others'; move the folder away to begin anew, "
            f"or trust it with --adopt"
        )
    if not folder.database.exists():
        os.close(os.open(folder.database, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    url = None if left is None else left.url
    _remember(folder, MadeServer(inode=_inode(folder.database), url=url))
    try:
        yield resumed
    finally:
        made = Machine.read().server(folder.corpus)
        _remember(
            folder,
            MadeServer(
                inode=_inode(folder.database),
                files=_content(folder),
                url=url if made is None else made.url,
            ),
        )


def note_process(folder: ServerFolder, pid: int, url: str = "") -> None:
    """Remember a process of the held database, and the URL that a server will have."""
    running = RunningServer(pid=pid, began=process_began(pid) or "", url=url)
    with changed_machine() as machine:
        made = machine.servers[os.path.realpath(folder.corpus)]
        made.running = running
        made.key = _content(folder).get(_SETTINGS)
        made.url = url or made.url


def _remember(folder: ServerFolder, made: MadeServer) -> None:
    with changed_machine() as machine:
        machine.servers[os.path.realpath(folder.corpus)] = made


def _is_same(folder: ServerFolder, made: MadeServer) -> bool:
    """Return whether a database, changed since, is the one that this machine made."""
    key = _content(folder).get(_SETTINGS)
    return made.inode == _inode(folder.database) and made.key in (None, key)


def _is_known(folder: ServerFolder, machine: Machine) -> bool:
    """Return whether there is no database yet, or it is as this machine left it, here or moved."""
    content = _content(folder)
    return not content or any(
        made.files is not None and content.items() <= made.files.items()
        for made in machine.servers.values()
    )


def _content(folder: ServerFolder) -> dict[str, str]:
    """Return the sha256 of the database, its journals, and the settings beside it, by name."""
    found = [*folder.root.glob(f"{folder.database.name}*"), folder.root / _SETTINGS]
    return {path.name: sha256_file(path) for path in found if path.is_file()}


def _inode(path: Path) -> int:
    return path.stat().st_ino if path.exists() else 0


_SETTINGS = ".env"  # of Label Studio, with the secret key that it made
