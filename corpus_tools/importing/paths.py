"""Audio files that a table names: absolute paths, missing extensions, and another base folder."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from corpus_tools.media.folders import MEDIA_EXTENSIONS
from manifests.storage.file_names import as_on_disk

__all__ = ["base_for", "end_of_path", "existing", "is_absolute"]


def is_absolute(name: str) -> bool:
    """Return whether a path, with slashes, is absolute on this or on another system."""
    return name.startswith("/") or re.match("[A-Za-z]:/", name) is not None


def end_of_path(folder: Path, name: str) -> str | None:
    """Return the longest end of an absolute path of another machine that is a file in a folder."""
    parts = PurePosixPath(name).parts
    if Path(name).exists():
        return None
    ends = ("/".join(parts[start:]) for start in range(1, len(parts)))
    return next((end for end in ends if ".." not in parts and _found(folder / end)), None)


def existing(path: Path) -> Path | None:
    """Return a path if it is a file; else the only media file with that name and an extension."""
    if path.is_file():
        return path
    same = path.with_name(as_on_disk(path.parent, path.name))
    if same.is_file():
        return same
    if path.suffix.lower() in MEDIA_EXTENSIONS:
        return None
    names = (as_on_disk(path.parent, path.name + suffix) for suffix in sorted(MEDIA_EXTENSIONS))
    found = [path.with_name(name) for name in names if _is_file(path.with_name(name))]
    return found[0] if len(found) == 1 else None


def base_for(names: Sequence[str], folder: Path) -> tuple[Path, int] | None:
    """Return the folder in which most of the names are files, and their number; None if none is."""
    some = names[:: -(-len(names) // _SAMPLE)]
    counts = {base: _count(base, some) for base in dict.fromkeys(_bases(names[0], folder))}
    best = max(counts, key=lambda base: counts[base])
    return (best, _count(best, names)) if counts[best] else None


def _count(base: Path, names: Iterable[str]) -> int:
    return sum(_is_in(base, name) for name in names)


def _is_in(base: Path, name: str) -> bool:
    if not is_absolute(name):
        return _found(base / name)
    return (_is_file(Path(name)) and Path(name).is_relative_to(base.resolve())) or bool(
        end_of_path(base, name)
    )


def _bases(name: str, folder: Path) -> Iterator[Path]:
    """Yield the folders where the files may lie."""
    near = [folder, *folder.resolve().parents[:_UP]]
    if is_absolute(name) and _is_file(Path(name)):
        yield from islice(Path(name).parents, _UP)
    yield from near
    last = PurePosixPath(name).name
    for start in near[:2]:
        for path in islice(start.rglob("*"), _MOST):
            if path.name == last or (path.stem == last and path.suffix in MEDIA_EXTENSIONS):
                yield from islice(path.parents, _UP)


def _found(path: Path) -> bool:
    try:
        return existing(path) is not None
    except (OSError, ValueError):
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


_UP = 3  # folders above
_MOST = 20_000  # files to look at
_SAMPLE = 200  # names to try in each folder
