"""Texts that annotators corrected."""

from collections import Counter, defaultdict
from pathlib import Path

from annotation.batches import offered_texts
from annotation.judgements import latest, read_judgements
from manifests.records import Judgement, Transcript
from manifests.shards import STAGES, read_stage

__all__ = ["corrected_transcripts"]


def corrected_transcripts(corpus: Path) -> dict[str, str]:
    """Return the text of each clip whose transcript an annotator changed, by clip id.

    A text counts as changed if it differs, beyond spaces at its ends, from every text that the
    clip's tasks were filled with (for a clip without a task: from every transcript it has). An
    untouched text is no vote against a change: leaving it is what somebody does who doesn't read
    it. Among several changes an adjudicator's wins, then the most frequent, then the latest.

    Args:
        corpus: the corpus folder.

    Raises:
        DataError: if judgements, tasks or transcripts can't be read.
    """
    written: dict[str, list[Judgement]] = defaultdict(list)
    for judgement in latest(read_judgements(corpus)):
        if judgement.transcript is not None:
            written[judgement.clip_id].append(judgement)
    if not written:
        return {}
    offered = _offered(corpus, written)
    corrected = {}
    for clip_id, rows in written.items():
        changed = [row for row in rows if row.transcript not in offered.get(clip_id, ())]
        if changed:
            corrected[clip_id] = _chosen(changed)
    return corrected


def _offered(corpus: Path, clips: dict[str, list[Judgement]]) -> dict[str, set[str]]:
    offered = offered_texts(corpus)
    texts: dict[str, set[str]] = defaultdict(set)
    for clip_id in offered.keys() & clips.keys():
        texts[clip_id] = {text.strip() for text in offered[clip_id]}
    if clips.keys() <= offered.keys():
        return texts
    for transcript in read_stage(corpus, STAGES["transcripts"], Transcript):
        if transcript.clip_id not in offered:
            texts[transcript.clip_id].add(transcript.text.strip())
    return texts


def _chosen(changed: list[Judgement]) -> str:
    times = Counter(row.transcript for row in changed)
    best = max(
        changed,
        key=lambda row: (
            row.role == "adjudication",
            times[row.transcript],
            row.updated_at,
            row.annotator,
        ),
    )
    return str(best.transcript)
