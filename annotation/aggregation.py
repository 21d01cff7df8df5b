"""Aggregation of votes into labels: the class with the largest share wins, ties stay ties.

An *answer* is a judgement that wasn't skipped; ``unclear`` is an answer without a class. A clip has
no class for the first of these reasons that applies:

- ``too_few_votes``: fewer than ``min_votes`` answers;
- ``problem:<name>``: at least half of the answers name that problem, and it is one of
  ``drop_problems`` (the first of these, if several);
- ``unclear``: at least half of the answers are ``unclear``;
- ``tie``: several classes have the most votes; with ``weighted`` and ``dawid_skene``, the shares
  of the two best classes are less than ``margin`` apart.

An adjudication decides alone, whatever the method: its class, ``unclear`` or problem overrides the
votes. It is listed and counted among the votes like any other.

``soft`` is the share of each class by the method: of the votes for a class, of their weights, or
the posterior of Dawid and Skene's model; of the votes for an adjudicated clip. ``agreement`` is
always the share of the votes for the winning class (without one, for the most frequent).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.garbage import gc_paused
from annotation.gold import read_gold
from annotation.judgements import latest, read_judgements
from annotation.settings import LabelSettings
from annotation.shares import Shares, class_shares
from manifests.emotions import EMOTIONS, Emotion
from manifests.records import Judgement, Label

__all__ = ["Aggregation", "aggregate_clip", "aggregate_votes", "aggregated_labels"]


@dataclass(frozen=True)
class Aggregation:
    """Labels of a corpus and the data they were made from.

    Attributes:
        labels: labels by clip id.
        shares: class shares by the aggregation method.
        judgements: judgements that count, by clip id.
    """

    labels: Mapping[str, Label]
    shares: Shares
    judgements: Mapping[str, Sequence[Judgement]]

    def params(self, settings: LabelSettings) -> dict[str, Any]:
        """Return the settings of the labels, with the method that was used."""
        used = settings.model_copy(update={"method": self.shares.method})
        unused = {"margin"} if used.method == "majority" else None
        return used.model_dump(mode="json", exclude=unused)


def aggregated_labels(corpus: Path, settings: LabelSettings) -> dict[str, Label]:
    """Return the label of every judged clip by clip id.

    Args:
        corpus: the corpus folder.
        settings: section [labels] of corpus.toml.

    Raises:
        DataError: if a file of judgements can't be read.
    """
    return dict(aggregate_votes(corpus, settings).labels)


@gc_paused()
def aggregate_votes(corpus: Path, settings: LabelSettings) -> Aggregation:
    """Aggregate the votes of every judged clip.

    Args:
        corpus: the corpus folder.
        settings: section [labels] of corpus.toml.

    Raises:
        DataError: if a file of judgements or the gold clips can't be read.
    """
    rows = latest(read_judgements(corpus))
    gold = read_gold(corpus) if settings.method == "weighted" else {}
    shares = class_shares(rows, gold, settings.method)
    by_clip: dict[str, list[Judgement]] = defaultdict(list)
    for row in rows:
        by_clip[row.clip_id].append(row)
    decided = {
        clip_id: aggregate_clip(clip_id, votes, settings, shares.by_clip.get(clip_id))
        for clip_id, votes in by_clip.items()
    }
    return Aggregation(decided, shares, by_clip)


def aggregate_clip(
    clip_id: str,
    judgements: Iterable[Judgement],
    settings: LabelSettings,
    shares: Sequence[float] | None = None,
) -> Label:
    """Return the label of a clip by the rules of this module.

    Args:
        clip_id: id of the clip.
        judgements: latest judgement of each annotator on the clip.
        settings: section [labels] of corpus.toml.
        shares: class shares of a weighting method; null: every vote counts the same.
    """
    answers = [row for row in judgements if row.status == "answered"]
    adjudications = [row for row in answers if row.role == "adjudication"]
    deciding = [max(adjudications, key=lambda row: row.updated_at)] if adjudications else answers
    counts = _counts(answers)
    total = sum(counts)
    weighted_shares = None if adjudications else shares
    reason = _reason(deciding, 1 if adjudications else settings.min_votes, settings.drop_problems)
    emotion = None
    if reason is None:
        winners = (
            _winners(_counts(deciding))
            if weighted_shares is None
            else _clear_winners(weighted_shares, settings.margin)
        )
        emotion, reason = (winners[0], None) if len(winners) == 1 else (None, "tie")
    agreeing = max(counts) if emotion is None else counts[EMOTIONS.index(emotion)]
    soft = [round(count / total, 6) for count in counts] if total else None
    return Label(
        clip_id=clip_id,
        emotion=emotion,
        reason=reason,
        soft=soft if weighted_shares is None else list(weighted_shares),
        votes=[(row.annotator, row.emotion) for row in sorted(answers, key=_place)],
        agreement=round(agreeing / total, 6) if total else None,
        adjudicated=bool(adjudications),
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


def _clear_winners(shares: Sequence[float], margin: float) -> list[Emotion]:
    """Return the best class and all classes with a share within the margin below it."""
    least = round(max(shares) - margin, 6)
    return [emotion for emotion, share in zip(EMOTIONS, shares, strict=True) if share > least]


def _place(judgement: Judgement) -> tuple[bool, str]:
    """Sort key: by annotator, adjudications last."""
    return (judgement.role == "adjudication", judgement.annotator)
