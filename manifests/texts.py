"""Which of a clip's texts counts."""

from collections.abc import Sequence
from pathlib import Path

from manifests.records import Transcript
from manifests.shards import STAGES, read_stage

__all__ = ["best_transcripts"]


def best_transcripts(corpus: Path, order: Sequence[str]) -> dict[str, Transcript]:
    """Return the transcript that counts for each clip, by clip id.

    It is the first by ``order`` of its source that has any text; of several from one source, the
    first by the name of the model. A clip whose texts are all empty has the first of them.

    Args:
        corpus: the corpus folder.
        order: sources from the most trusted down; those not named are passed over.

    Raises:
        DataError: if a shard can't be read.
    """
    rank = {source: place for place, source in enumerate(order)}
    best: dict[str, tuple[tuple[bool, int, str], Transcript]] = {}
    for transcript in read_stage(corpus, STAGES["transcripts"], Transcript):
        if transcript.source not in rank:
            continue
        key = (not transcript.text, rank[transcript.source], transcript.model or "")
        held = best.get(transcript.clip_id)
        if held is None or key < held[0]:
            best[transcript.clip_id] = (key, transcript)
    return {clip_id: transcript for clip_id, (_, transcript) in best.items()}
