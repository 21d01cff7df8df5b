"""From votes to labels: the most frequent class wins, and a tie stays a tie.

An *answer* is a judgement that wasn't skipped; ``unclear`` is an answer without a class. What
keeps a clip from a label is, the first that applies:

- ``too_few_votes``: fewer than ``min_votes`` answers;
- ``problem:<name>``: at least half of the answers name that problem, and it is one of
  ``drop_problems`` (the first of these, if several);
- ``unclear``: at least half of the answers are ``unclear``;
- ``tie``: several classes have the most votes.

An adjudication decides alone: its class, its ``unclear`` or its problem stand, whatever the
others say. It is listed and counted among the votes like any other, so ``soft`` is always the
share of each class among the votes that name one, and ``agreement`` the share of the winning class
(of the most frequent, if none wins).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from annotation.judgements import latest, read_judgements
from annotation.settings import LabelSettings
from manifests.emotions import EMOTIONS, Emotion
from manifests.records import Judgement, Label

__all__ = ["aggregate", "labels"]


def labels(corpus: Path, settings: LabelSettings) -> dict[str, Label]:
    """Return what the votes of every judged clip come to, by clip id.

    Args:
        corpus: the corpus folder.
        settings: section [labels] of corpus.toml.

    Raises:
        DataError: if a file of judgements can't be read.
    """
    by_clip: dict[str, list[Judgement]] = defaultdict(list)
    for judgement in latest(read_judgements(corpus)):
        by_clip[judgement.clip_id].append(judgement)
    return {clip_id: aggregate(clip_id, rows, settings) for clip_id, rows in by_clip.items()}


def aggregate(clip_id: str, judgements: Iterable[Judgement], settings: LabelSettings) -> Label:
    """Return what a clip's judgements come to; the rules are those of this module.

    Args:
        clip_id: of the clip.
        judgements: of that clip, the latest of each annotator.
        settings: how many answers are needed, and which problems leave a clip out.
    """
    answers = [row for row in judgements if row.status == "answered"]
    adjudications = [row for row in answers if row.role == "adjudication"]
    deciding = [max(adjudications, key=lambda row: row.updated_at)] if adjudications else answers
    counts = _counts(answers)
    total = sum(counts)
    reason = _reason(deciding, 1 if adjudications else settings.min_votes, settings.drop_problems)
    emotion = None
    if reason is None:
        winners = _winners(_counts(deciding))
        emotion, reason = (winners[0], None) if len(winners) == 1 else (None, "tie")
    agreeing = max(counts) if emotion is None else counts[EMOTIONS.index(emotion)]
    return Label(
        clip_id=clip_id,
        emotion=emotion,
        reason=reason,
        soft=[round(count / total, 6) for count in counts] if total else None,
        votes=[(row.annotator, row.emotion) for row in sorted(answers, key=_place)],
        agreement=round(agreeing / total, 6) if total else None,
    )


def _reason(
    answers: Sequence[Judgement], min_votes: int, drop_problems: Iterable[str]
) -> str | None:
    if len(answers) < min_votes:
        return "too_few_votes"
    for problem in drop_problems:
        if _at_least_half(sum(problem in row.problems for row in answers), answers):
            return f"problem:{problem}"
    if _at_least_half(sum(row.emotion is None for row in answers), answers):
        return "unclear"
    return None


def _at_least_half(some: int, answers: Sequence[Judgement]) -> bool:
    return 2 * some >= len(answers)


def _counts(answers: Iterable[Judgement]) -> list[int]:
    counts = [0] * len(EMOTIONS)
    for row in answers:
        if row.emotion is not None:
            counts[EMOTIONS.index(row.emotion)] += 1
    return counts


def _winners(counts: Sequence[int]) -> list[Emotion]:
    most = max(counts)
    return [emotion for emotion, count in zip(EMOTIONS, counts, strict=True) if count == most]


def _place(judgement: Judgement) -> tuple[bool, str]:
    """Annotators by name, who adjudicates last."""
    return (judgement.role == "adjudication", judgement.annotator)
