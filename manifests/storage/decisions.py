"""Screening decisions of a corpus, and its sources without any.

A source is undecided from its analysis until the repeats among all sources are resolved: it has no
`screen`, or one of earlier cuts. A run that was interrupted leaves such sources behind. Every
function raises a DataError if a shard can't be read.
"""

from collections.abc import Iterator
from pathlib import Path

from manifests.storage.records import Screen
from manifests.storage.shards import STAGES, read_header, read_shard, shard_paths

__all__ = ["is_decided", "read_decisions", "undecided_sources", "undecided_warnings"]

SEGMENTS, SCREEN = STAGES["segments"], STAGES["screen"]


def is_decided(corpus: Path, source_id: str) -> bool:
    """Return whether a source has screening decisions on its current cuts."""
    screen, segments = (stage.path(corpus, source_id) for stage in (SCREEN, SEGMENTS))
    if not screen.is_file():
        return False
    cuts = read_header(screen).inputs.get("segments")
    return cuts is None or not segments.is_file() or cuts == read_header(segments).fingerprint


def read_decisions(corpus: Path) -> Iterator[Screen]:
    """Yield the decisions on the clips of all sources but undecided ones."""
    for path in shard_paths(corpus, SCREEN):
        if is_decided(corpus, path.stem):
            yield from read_shard(path, Screen)


def undecided_sources(corpus: Path) -> list[str]:
    """Return the ids of the sources with clips but without decisions on them, sorted."""
    cut = (path.stem for path in shard_paths(corpus, SEGMENTS))
    return [name for name in cut if not is_decided(corpus, name)]


def undecided_warnings(corpus: Path) -> list[str]:
    """Return a sentence about the undecided sources; none if there aren't any."""
    names = undecided_sources(corpus)
    if not names:
        return []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [
        f"a run was interrupted before it had screened {', '.join(names[:_SHOWN])}{more}, so their "
        f"clips are left out; run it again, or corpus screen"
    ]


_SHOWN = 5
