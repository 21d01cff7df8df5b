"""Transcripts corrected by annotators."""

from collections import Counter, defaultdict
from pathlib import Path

from annotation.batches import offered_texts
from annotation.judgements import latest, read_judgements
from manifests.records import Judgement, Transcript
from manifests.shards import STAGES, read_stage

__all__ = ["corrected_transcripts"]


def corrected_transcripts(corpus: Path) -> dict[str, str]:
    """Return the corrected transcripts by clip id.

    A text counts as corrected if it differs, beyond surrounding spaces, from every text that the
    clip's tasks were prefilled with (for a clip without a task: from all its transcripts). An
    unchanged text is no vote against a correction, as the annotator may not have read it. Among
    several corrections an adjudicator's wins, then the most frequent, then the latest.

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
    prefilled = _prefilled(corpus, written)
    corrected = {}
    for clip_id, rows in written.items():
        changed = [row for row in rows if row.transcript not in prefilled.get(clip_id, ())]
        if changed:
            corrected[clip_id] = _best_correction(changed)
    return corrected


def _prefilled(corpus: Path, clips: dict[str, list[Judgement]]) -> dict[str, set[str]]:
    prefilled = offered_texts(corpus)
    texts: dict[str, set[str]] = defaultdict(set)
    for clip_id in prefilled.keys() & clips.keys():
        texts[clip_id] = {text.strip() for text in prefilled[clip_id]}
    if clips.keys() <= prefilled.keys():
        return texts
    for transcript in read_stage(corpus, STAGES["transcripts"], Transcript):
        if transcript.clip_id not in prefilled:
            texts[transcript.clip_id].add(transcript.text.strip())
    return texts


def _best_correction(changed: list[Judgement]) -> str:
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
