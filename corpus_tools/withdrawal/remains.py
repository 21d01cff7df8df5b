"""Check for remaining mentions of withdrawn data, and removal of partial files."""

import re
from collections.abc import Iterator
from pathlib import Path

from corpus_tools.withdrawal.removal import Removal
from manifests.redaction import REDACTION
from manifests.tombstones import TOMBSTONES

__all__ = ["find_residue", "sweep_partial"]


def find_residue(removal: Removal) -> list[str]:
    """Return the text files of the corpus that still mention withdrawn ids, sorted.

    Tombstones are skipped, since they may; so are files other than text.
    """
    residue = []
    for path in _text_files(removal.corpus):
        place = path.relative_to(removal.corpus).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        if removal.covers(path.stem) or removal.mentions(text):
            residue.append(place)
    return sorted(residue)


def _text_files(corpus: Path) -> Iterator[Path]:
    for path in corpus.rglob("*"):
        if path.suffix not in _TEXT_SUFFIXES or path.name in (TOMBSTONES, REDACTION):
            continue
        if path.is_file() and not path.is_symlink() and path.stat().st_size < _MAX_BYTES:
            yield path


def sweep_partial(corpus: Path) -> None:
    """Delete partial files left by killed writers; the caller holds the corpus's lock."""
    for path in corpus.rglob(".*"):
        if _PARTIAL.match(path.name) and path.is_file() and not path.is_symlink():
            path.unlink()


_TEXT_SUFFIXES = {".csv", ".html", ".json", ".jsonl", ".md", ".toml", ".txt", ".xml", ".log"}
_MAX_BYTES = 1 << 30  # bytes
_PARTIAL = re.compile(r"\.[0-9a-f]{16}(\.partial.*)?$")
