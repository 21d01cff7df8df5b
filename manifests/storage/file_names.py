"""Names of files as the disk spells them: other Unicode normal forms match, other case is named."""

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from manifests.base.errors import DataError
from manifests.base.letters import composed

__all__ = ["as_on_disk", "did_you_mean"]


def as_on_disk(folder: Path, relative: str) -> str:
    """Return a path below a folder as the disk spells it.

    Where no such file exists, one with the same name in Unicode's composed form (NFC) is meant:
    macOS writes é as e and an accent, most other systems as one character. The path is returned as
    it is if there is none. DataError if there are several.
    """
    try:
        if (folder / relative).exists():
            return relative
        return _spelt(folder, relative, composed) or relative
    except (OSError, ValueError):
        return relative


def did_you_mean(folder: Path, relative: str) -> str | None:
    """Return the path below a folder that differs in upper and lower case or width only, if any."""
    try:
        return _spelt(folder, relative, _folded)
    except (DataError, OSError, ValueError):
        return None


def _spelt(folder: Path, relative: str, key: Callable[[str], str]) -> str | None:
    parts = relative.split("/")
    if ".." in parts or relative.startswith("/"):
        return None
    found: list[str] = []
    for part in parts:
        place = folder.joinpath(*found)
        if part in ("", ".") or (place / part).exists():
            found.append(part)
            continue
        names = _names(place, place.stat().st_mtime_ns, key).get(key(part), ())
        if len(names) > 1:
            raise DataError(
                f"{relative[:200]!r} may be any of {len(names)} files in {place} that differ in "
                f"the Unicode form of their names only; rename all but one"
            )
        if not names:
            return None
        found.append(names[0])
    return "/".join(found)


@lru_cache(maxsize=64)
def _names(folder: Path, changed: int, key: Callable[[str], str]) -> Mapping[str, tuple[str, ...]]:
    """Return the names in a folder by key; the time of its last change keeps them up to date."""
    names: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.iterdir()):
        names[key(path.name)] = (*names.get(key(path.name), ()), path.name)
    return names


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
