"""Choice of a clip's text by order of trust."""

from collections.abc import Sequence
from pathlib import Path

from manifests.records import Transcript
from manifests.shards import STAGES, read_stage

__all__ = ["best_transcripts", "text_rank"]


def best_transcripts(corpus: Path, order: Sequence[str]) -> dict[str, Transcript]:
    """Return the preferred transcript of each clip, by clip id.

    It is the first non-empty one in ``order``; among equal ranks, the first by model name. If all
    texts of a clip are empty, it is the first of them.

    Args:
        corpus: corpus folder.
        order: order of trust, as for `text_rank`.

    Raises:
        DataError: if a shard can't be read.
    """
    best: dict[str, tuple[tuple[bool, int, str], Transcript]] = {}
    for transcript in read_stage(corpus, STAGES["transcripts"], Transcript):
        rank = text_rank(transcript.source, transcript.model, order)
        if rank is None:
            continue
        key = (not transcript.text, rank, transcript.model or "")
        previous = best.get(transcript.clip_id)
        if previous is None or key < previous[0]:
            best[transcript.clip_id] = (key, transcript)
    return {clip_id: transcript for clip_id, (_, transcript) in best.items()}


def text_rank(source: str, model: str | None, order: Sequence[str]) -> int | None:
    """Return the rank of a text in the order of trust, ``None`` if it isn't listed.

    Args:
        source: text source.
        model: model, or author of imported texts.
        order: entries ``source`` or ``source:model``, the most trusted first.

    Example:
        >>> order = ("whisper:large-v3", "import", "whisper")
        >>> [text_rank("whisper", model, order) for model in ("large-v3", "base")]
        [0, 2]
    """
    for name in (f"{source}:{model}", source):
        if name in order:
            return order.index(name)
    return None
