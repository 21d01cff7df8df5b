"""Which clips of a corpus have a recording in common, by their fingerprints."""

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
"""Among more clips nobody searches: memory would not do."""


def shared_recordings(
    corpus: Path, clips: Iterable[Clip], *, progress: Progress = no_progress
) -> dict[str, str]:
    """Return the clips that share a recording with others, each with the first of these.

    Fingerprints are those that `corpus segment` left; a clip without one is listened to. Clips
    whose file can't be read are left out; who builds from them is told elsewhere.

    Args:
        corpus: the corpus folder.
        clips: those to compare; their order doesn't matter.
        progress: called after each clip.
    """
    chosen = sorted(clips, key=lambda clip: clip.clip_id)
    left = _fingerprints(corpus, {clip.source_id for clip in chosen})
    heard: list[tuple[str, Hashes]] = []
    for done, clip in enumerate(chosen, start=1):
        text = left.get(clip.clip_id)
        try:
            hashes = from_text(text) if text is not None else _listen(corpus, clip)
        except CorpusError:
            continue
        heard.append((clip.clip_id, hashes))
        progress(done, len(chosen), clip.clip_id)
    return find_shared(heard)


def _fingerprints(corpus: Path, sources: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in sorted(sources):
        path = STAGES["fingerprints"].path(corpus, source)
        if path.is_file():
            found |= {one.clip_id: one.hashes for one in read_shard(path, Fingerprint)}
    return found


def _listen(corpus: Path, clip: Clip) -> Hashes:
    return fingerprint(read_wav(inside(corpus, clip.path)))
