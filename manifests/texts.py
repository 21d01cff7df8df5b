"""Which of a clip's texts counts."""

from collections.abc import Sequence
from pathlib import Path

from manifests.records import Transcript
from manifests.shards import STAGES, read_stage

__all__ = ["best_transcripts", "text_rank"]


def best_transcripts(corpus: Path, order: Sequence[str]) -> dict[str, Transcript]:
    """Return the transcript that counts for each clip, by clip id.

    It is the first by ``order`` that has any text; of several of the same rank, the first by the
    name of the model. A clip whose texts are all empty has the first of them.

    Args:
        corpus: the corpus folder.
        order: as for `text_rank`.

    Raises:
        DataError: if a shard can't be read.
    """
    best: dict[str, tuple[tuple[bool, int, str], Transcript]] = {}
    for transcript in read_stage(corpus, STAGES["transcripts"], Transcript):
        rank = text_rank(transcript.source, transcript.model, order)
        if rank is None:
            continue
        key = (not transcript.text, rank, transcript.model or "")
        held = best.get(transcript.clip_id)
        if held is None or key < held[0]:
            best[transcript.clip_id] = (key, transcript)
    return {clip_id: transcript for clip_id, (_, transcript) in best.items()}


def text_rank(source: str, model: str | None, order: Sequence[str]) -> int | None:
    """Return the place of a text in the order of trust, ``None`` where it isn't named there.

    Args:
        source: where it comes from.
        model: of what model, or by whom.
        order: the most trusted first; ``source``, or ``source:model`` for those of one alone.

    Example:
        >>> order = ("whisper:large-v3", "import", "whisper")
        >>> [text_rank("whisper", model, order) for model in ("large-v3", "base")]
        [0, 2]
    """
    for name in (f"{source}:{model}", source):
        if name in order:
            return order.index(name)
    return None
