"""What still names somebody after a withdrawal, and what killed writers left of it."""

import re
from collections.abc import Iterator
from pathlib import Path

from corpus_tools.withdrawal.removal import Removal
from manifests.redaction import REDACTION
from manifests.tombstones import TOMBSTONES

__all__ = ["remains_of", "sweep_partial"]


def remains_of(removal: Removal) -> list[str]:
    """Return the text files of the corpus that still name what was withdrawn, sorted.

    Tombstones, which may, are left aside. A file that is no text is not looked into.
    """
    found = []
    for path in _texts(removal.corpus):
        place = path.relative_to(removal.corpus).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        if any(removal.takes(name) for name in [path.stem]) or removal.names_it(text):
            found.append(place)
    return sorted(found)


def _texts(corpus: Path) -> Iterator[Path]:
    for path in corpus.rglob("*"):
        if path.suffix not in _TEXT or path.name in (TOMBSTONES, REDACTION):
            continue
        if path.is_file() and not path.is_symlink() and path.stat().st_size < _LARGEST:
            yield path


def sweep_partial(corpus: Path) -> None:
    """Delete what killed writers left anywhere in the corpus; hold its lock meanwhile."""
    for path in corpus.rglob(".*"):
        if _PARTIAL.match(path.name) and path.is_file() and not path.is_symlink():
            path.unlink()


_TEXT = {".csv", ".html", ".json", ".jsonl", ".md", ".toml", ".txt", ".xml", ".log"}
_LARGEST = 1 << 30  # bytes
_PARTIAL = re.compile(r"\.[0-9a-f]{16}(\.partial.*)?$")
