"""The names by which people mean a source, and the nearest ones to a name that fits none."""

import difflib
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from manifests.records import Source

__all__ = ["identifies", "names_of", "nearest_names"]


def names_of(source: Source, path: Path | None = None) -> list[str]:
    """Return all names that a person may mean a source by.

    Args:
        source: its record.
        path: where its file is now, if that is known.

    Returns:
        Its id, its title, its file's name with and without the ending; the last three also as
        ``series/title``.
    """
    file = PurePosixPath(source.media_path)
    plain = [source.title, file.name, file.stem]
    if path is not None:
        plain += [path.name, path.stem]
    in_series = [f"{source.series}/{name}" for name in plain] if source.series else []
    return [source.source_id, source.media_path, *plain, *in_series]


def identifies(name: str, source: Source, path: Path | None = None) -> bool:
    """Return whether a person may mean a source by a name, however its accents are encoded."""
    return _composed(name) in map(_composed, names_of(source, path))


def nearest_names(name: str, sources: Iterable[Source]) -> str:
    """Return the sources whose names are nearest to one, at most five, for a message.

    Args:
        name: as a person wrote it.
        sources: among which to look; where none is near, the first ones are returned.
    """
    known = list(sources)
    wanted = _composed(name).casefold()
    by_name: dict[str, list[Source]] = {}
    for source in known:
        for other in names_of(source):
            by_name.setdefault(_composed(other).casefold(), []).append(source)
    close = difflib.get_close_matches(wanted, by_name, n=4 * _SHOWN, cutoff=_NEAR)
    nearest = [source for other in close for source in by_name[other]] or known
    shown = list(dict.fromkeys(map(_shown, nearest)))[:_SHOWN]
    return ", ".join(shown)


def _shown(source: Source) -> str:
    title = f"{source.series}/{source.title}" if source.series else source.title
    return f"{title} ({source.source_id})"


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


_SHOWN = 5
_NEAR = 0.5  # of difflib's ratio, where 1 is the same
