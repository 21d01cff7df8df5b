"""Clips of a corpus that share a recording, found by their fingerprints."""

from collections.abc import Iterable
from pathlib import Path

from corpus_tools.media.wav import read_wav
from corpus_tools.segmentation.fingerprint import Hashes, fingerprint, from_text
from corpus_tools.segmentation.shared_sounds import find_shared
from manifests.errors import CorpusError
from manifests.outcome import Progress, no_progress
from manifests.records import Clip, Fingerprint
from manifests.shards import STAGES, read_shard
from manifests.store import inside

__all__ = ["MOST_CLIPS", "shared_recordings"]

MOST_CLIPS = 200_000
"""Maximum number of clips to search, limited by memory."""


def shared_recordings(
    corpus: Path, clips: Iterable[Clip], *, progress: Progress = no_progress
) -> dict[str, str]:
    """Return the clips that share a recording with others, each with the first of these.

    Fingerprints are read from the stage written by `corpus segment`, or computed if missing. Clips
    with unreadable files are skipped; building a manifest reports them.

    Args:
        corpus: the corpus folder.
        clips: clips to compare, in any order.
        progress: called after each clip.
    """
    chosen = sorted(clips, key=lambda clip: clip.clip_id)
    stored = _fingerprints(corpus, {clip.source_id for clip in chosen})
    found: list[tuple[str, Hashes]] = []
    for done, clip in enumerate(chosen, start=1):
        text = stored.get(clip.clip_id)
        try:
            hashes = from_text(text) if text is not None else _compute(corpus, clip)
        except CorpusError:
            continue
        found.append((clip.clip_id, hashes))
        progress(done, len(chosen), clip.clip_id)
    return find_shared(found)


def _fingerprints(corpus: Path, sources: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in sorted(sources):
        path = STAGES["fingerprints"].path(corpus, source)
        if path.is_file():
            found |= {row.clip_id: row.hashes for row in read_shard(path, Fingerprint)}
    return found


def _compute(corpus: Path, clip: Clip) -> Hashes:
    return fingerprint(read_wav(inside(corpus, clip.path)))
