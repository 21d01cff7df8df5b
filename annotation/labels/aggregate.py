"""Aggregation of votes into labels: the class with the largest share wins, ties stay ties.

An *answer* is a judgement that wasn't skipped; ``unclear`` is an answer without a class. A clip has
no class for the first of these reasons that applies:

- ``too_few_votes``: fewer than ``min_votes`` answers;
- ``problem:<name>``: at least half of the answers name that problem, and it is one of
  ``drop_problems`` (the first of these, if several);
- ``unclear``: at least half of the answers are ``unclear``;
- ``tie``: several classes have the most votes; with ``weighted`` and ``dawid_skene``, the shares of
  the two best classes are less than ``margin`` apart.

An adjudication decides alone, whatever the method: its class, ``unclear`` or problem overrides the
votes. It is listed and counted among the votes like any other. ``soft`` is the share of each class
by the method: of the votes for a class, of their weights, or the posterior of Dawid and Skene's
model; of the votes for an adjudicated clip. ``agreement`` is always the share of the votes for the
winning class (without one, for the most frequent).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.judgements.store import judgement_key, latest, read_judgements
from annotation.scheme.answers import gc_paused
from annotation.scheme.settings import LabelSettings, Method
from manifests.base.emotions import EMOTIONS, Emotion
from manifests.storage.records import Judgement, Label, rounded_shares

__all__ = [
    "Aggregation",
    "ClipVotes",
    "aggregate_clip",
    "aggregate_votes",
    "aggregated_labels",
    "clip_votes",
]


@dataclass(frozen=True)
class Shares:
    """Class shares of all clips, in class order by clip id; none for ``majority``.

    ``method`` is the method used: ``majority`` where the configured one is not applicable.
    ``weights`` are vote weights by annotator, for ``weighted``. ``warnings`` are reasons for a
    fallback, or against relying on the method.
    """

    method: Method
    by_clip: Mapping[str, Sequence[float]] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Aggregation:
    """Labels of a corpus, with the class shares and the judgements that count, by clip id."""

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

    Raises DataError if a file of judgements can't be read.
    """
    return dict(aggregate_votes(corpus, settings).labels)


@gc_paused()
def aggregate_votes(
    corpus: Path, settings: LabelSettings, judgements: Sequence[Judgement] | None = None
) -> Aggregation:
    """Aggregate the votes of every judged clip; ``judgements`` are the latest if read already.

    Raises DataError if a file of judgements or the gold clips can't be read.
    """
    rows = latest(read_judgements(corpus)) if judgements is None else judgements
    shares = _class_shares(corpus, rows, settings.method)
    by_clip: dict[str, list[Judgement]] = defaultdict(list)
    for row in rows:
        by_clip[row.clip_id].append(row)
    decided = {
        clip_id: aggregate_clip(clip_id, votes, settings, shares.by_clip.get(clip_id))
        for clip_id, votes in by_clip.items()
    }
    return Aggregation(decided, shares, by_clip)


def _class_shares(corpus: Path, judgements: Sequence[Judgement], method: Method) -> Shares:
    if method == "majority":
        return Shares(method)
    # the methods that need arrays are loaded where they are used: status and why are quick
    from annotation.batches.gold import read_gold
    from annotation.labels.shares import class_shares

    gold = read_gold(corpus) if method == "weighted" else {}
    return class_shares(judgements, gold, method)


def aggregate_clip(
    clip_id: str,
    judgements: Iterable[Judgement],
    settings: LabelSettings,
    shares: Sequence[float] | None = None,
) -> Label:
    """Return the label of a clip by the rules of this module.

    The judgements are the latest of each annotator; without ``shares``, the class shares of a
    weighting method, every vote counts the same.
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
            _winners(_counts(deciding) if adjudications else counts)
            if weighted_shares is None
            else _clear_winners(weighted_shares, settings.margin)
        )
        emotion, reason = (winners[0], None) if len(winners) == 1 else (None, "tie")
    agreeing = max(counts) if emotion is None else counts[EMOTIONS.index(emotion)]
    votes = [count / total for count in counts] if total else None
    soft = votes if weighted_shares is None else weighted_shares
    return Label.trusted(
        clip_id=clip_id,
        emotion=emotion,
        reason=reason,
        soft=None if soft is None else rounded_shares(tuple(soft)),
        votes=[(row.annotator, row.emotion) for row in sorted(answers, key=_place)],
        agreement=round(agreeing / total, 6) if total else None,
        adjudicated=bool(adjudications),
    )


def _reason(
    answers: Sequence[Judgement], min_votes: int, drop_problems: Iterable[str]
) -> str | None:
    if len(answers) < min_votes:
        return "too_few_votes"
    if any(row.problems for row in answers):
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


@dataclass(frozen=True)
class ClipVotes:
    """Judgements and label of a clip, and the aggregation that gave it (``decided``).

    Attributes:
        counting: judgements that count, by annotator, adjudications last.
        replaced: judgements that later ones replaced, oldest first.
        label: aggregated label; null without judgements.
        method: aggregation method.
        weights: vote weights by annotator; for ``weighted`` only.
        decided_by: ``adjudication``, the ``method``, or the reason for no class: the label's, or
            ``not_labelled`` without judgements.
    """

    counting: list[Judgement]
    replaced: list[Judgement]
    label: Label | None
    method: Method
    weights: dict[str, float]
    decided_by: str
    decided: Aggregation


def clip_votes(corpus: Path, clip_id: str, settings: LabelSettings) -> ClipVotes:
    """Return the judgements and the label of a clip; empty for a clip without judgements.

    Raises DataError if a file of judgements or the gold clips can't be read.
    """
    rows = [row for row in read_judgements(corpus, clip_id) if row.clip_id == clip_id]
    alone = settings.method == "majority"
    decided = aggregate_votes(corpus, settings, latest(rows) if alone else None)
    counting = list(decided.judgements.get(clip_id, ()))
    known = {judgement_key(row) for row in counting}
    history = {judgement_key(row): row for row in rows}
    label = decided.labels.get(clip_id)
    voters = {row.annotator for row in counting}
    return ClipVotes(
        counting=counting,
        replaced=sorted(
            (row for key, row in history.items() if key not in known),
            key=lambda row: (row.updated_at, row.annotator),
        ),
        label=label,
        method=decided.shares.method,
        weights={name: weight for name, weight in decided.shares.weights.items() if name in voters},
        decided_by=_decided_by(label, decided.shares.method),
        decided=decided,
    )


def _decided_by(label: Label | None, method: Method) -> str:
    if label is None:
        return "not_labelled"
    return "adjudication" if label.adjudicated else label.reason or method
