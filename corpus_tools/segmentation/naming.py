"""Names that identify a source, and the nearest sources to a name that identifies none."""

import difflib
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from manifests.records import Source

__all__ = ["identifies", "names_of", "nearest_names"]


def names_of(source: Source, path: Path | None = None) -> list[str]:
    """Return all names that identify a source.

    Args:
        source: record of the source.
        path: current path of its file, if known.

    Returns:
        Source id and path; title and file name with and without extension, each also as
        ``series/title``.
    """
    file = PurePosixPath(source.media_path)
    plain = [source.title, file.name, file.stem]
    if path is not None:
        plain += [path.name, path.stem]
    in_series = [f"{source.series}/{name}" for name in plain] if source.series else []
    return [source.source_id, source.media_path, *plain, *in_series]


def identifies(name: str, source: Source, path: Path | None = None) -> bool:
    """Return whether a name identifies a source, in any Unicode normal form."""
    return _composed(name) in map(_composed, names_of(source, path))


def nearest_names(name: str, sources: Iterable[Source]) -> str:
    """Return the up to five sources with the names nearest to a given one, for a message.

    Args:
        name: name as given by a person.
        sources: sources to choose from; the first ones are returned if no name is near.
    """
    sources = list(sources)
    given = _composed(name).casefold()
    by_name: dict[str, list[Source]] = {}
    for source in sources:
        for other in names_of(source):
            by_name.setdefault(_composed(other).casefold(), []).append(source)
    close = difflib.get_close_matches(given, by_name, n=4 * _SHOWN, cutoff=_NEAR)
    nearest = [source for other in close for source in by_name[other]] or sources
    shown = list(dict.fromkeys(map(_shown, nearest)))[:_SHOWN]
    return ", ".join(shown)


def _shown(source: Source) -> str:
    title = f"{source.series}/{source.title}" if source.series else source.title
    return f"{title} ({source.source_id})"


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


_SHOWN = 5
_NEAR = 0.5  # difflib's ratio; 1 for equal names
