"""Clips of a corpus to transcribe, by source."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from manifests.errors import DataError
from manifests.outcome import Outcome
from manifests.records import Clip, Screen, Source
from manifests.shards import STAGES, read_shard, shard_paths

__all__ = ["SourceClips", "read_source_clips"]


@dataclass(frozen=True)
class SourceClips:
    """Clips of a source.

    Attributes:
        source_id: id of the source.
        scripted: True for a scripted recording.
        clips: all clips.
        wanted: clips to label, i.e. accepted and not superseded.
    """

    source_id: str
    scripted: bool
    clips: list[Clip]
    wanted: list[Clip]


def read_source_clips(corpus: Path, outcome: Outcome) -> Iterator[SourceClips]:
    """Yield the clips of each source, in order of source ids; a damaged shard is a failure."""
    for path in shard_paths(corpus, STAGES["segments"]):
        try:
            yield _read_source(corpus, path.stem)
        except DataError as error:
            outcome.fail(path.stem, str(error))


def _read_source(corpus: Path, source_id: str) -> SourceClips:
    clips = read_shard(STAGES["segments"].path(corpus, source_id), Clip)
    screen = STAGES["screen"].path(corpus, source_id)
    screened = read_shard(screen, Screen) if screen.exists() else []
    accepted = {row.clip_id for row in screened if row.accepted}
    sources = STAGES["sources"].path(corpus, source_id)
    kinds = {row.kind for row in read_shard(sources, Source)} if sources.exists() else set()
    wanted = [clip for clip in clips if clip.clip_id in accepted and clip.superseded_by is None]
    return SourceClips(source_id, "scripted" in kinds, clips, wanted)
