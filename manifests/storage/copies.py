"""Copies of a corpus's files that sync services and file managers leave beside them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from manifests.base.outcome import listed

__all__ = ["copies_in", "copy_warnings", "is_copy", "without_copies"]


def is_copy(name: str) -> bool:
    """Return whether a file in a corpus has the name of a copy.

    No name that is written into a corpus has spaces, brackets or ``~`` after its id. Dropbox,
    Nextcloud and Google Drive write ``(…)``, iCloud a number, file managers ``- Copy``, Syncthing
    ``.sync-conflict-``, ownCloud ``_conflict-``.

    Example:
        >>> is_copy("E01-0123456789ab (conflicted copy).jsonl"), is_copy("E01-0123456789ab.jsonl")
        (True, False)
    """
    stem = Path(name).stem
    return _ID.fullmatch(stem) is None and _COPY.search(stem) is not None


def without_copies(paths: Iterable[Path]) -> list[Path]:
    """Return the files of one folder in order, without hidden ones and copies.

    OneDrive's copies are named by the computer (``E01-0123456789ab-LAPTOP.jsonl``): what follows
    the id of another file.
    """
    own = sorted(path for path in paths if not path.name.startswith(".") and not is_copy(path.name))
    stems = {path.stem for path in own}
    ends = ((path, _HOST.fullmatch(path.stem)) for path in own)
    return [path for path, end in ends if end is None or end[1] not in stems]


def copies_in(corpus: Path) -> list[Path]:
    """Return the copies among a corpus's records, relative to its folder, in order."""
    shared = [path for folder in _SHARED for path in _entries(corpus / folder)]
    found = {
        path
        for path in shared
        if path.name.startswith(_OWN) and (is_copy(path.name) or _BY_HOST.fullmatch(path.stem))
    }
    for folder in (*_FOLDERS, *(f"stages/{path.name}" for path in _entries(corpus / "stages"))):
        entries = list(_entries(corpus / folder))
        found |= set(entries) - set(without_copies(entries))
    return sorted(path.relative_to(corpus) for path in found)


def copy_warnings(corpus: Path) -> list[str]:
    """Return a sentence about the copies, which no command reads; none if there aren't any."""
    copies = copies_in(corpus)
    if not copies:
        return []
    return [
        f"{len(copies)} cop{'y' if len(copies) == 1 else 'ies'} made by a sync service or file "
        f"manager {'is' if len(copies) == 1 else 'are'} not read: "
        f"{listed(path.as_posix() for path in copies)}; compare each with its original, "
        f"keep the right one under that name, and delete the other"
    ]


def _entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if not path.name.startswith("."))


_COPY = re.compile(
    r"[\s()\[\]（）~]|\.sync-conflict-\d{8}|_conflict-\d{8}|\.conflict$", re.IGNORECASE
)
_ID = re.compile(r".+-[0-9a-f]{12}(?:-t\d+)?(?:-left|-right)?")
_HOST = re.compile(
    rf"({_ID.pattern}|\d{{8}}T\d{{6}}Z-[0-9a-f]{{8,16}}(?:-\d+)?)"
    r"-(?!(?:t?\d+|(?:t\d+-)?(?:left|right))$)[\w-]+"
)
"""Ids of sources and names of imports, and what follows them."""
_BY_HOST = re.compile(r"(?:speakers|corpus|annotators)-[A-Z0-9][A-Z0-9-]{3,}")
_FOLDERS = ("stages", "choices", "annotations/tasks", "annotations/judgements")
_SHARED = ("", "annotations", "manifests")
"""Folders in which people may have files of their own."""
_OWN = (
    *("speakers", "corpus", "stages", "annotations", "choices", "manifests", "clips", "review"),
    *("annotators", "server", "gold", "tasks", "judgements"),
    *(f"v{digit}" for digit in "123456789"),
)
