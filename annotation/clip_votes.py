"""Votes of one clip and their aggregation into its label."""

from dataclasses import dataclass
from pathlib import Path

from annotation.aggregation import Aggregation, aggregate_votes
from annotation.judgements import judgement_key, read_judgements
from annotation.settings import LabelSettings, Method
from manifests.records import Judgement, Label

__all__ = ["ClipVotes", "clip_votes"]


@dataclass(frozen=True)
class ClipVotes:
    """Judgements and label of a clip.

    Attributes:
        counting: judgements that count, by annotator, adjudications last.
        replaced: judgements that later ones replaced, oldest first.
        label: aggregated label; null without judgements.
        method: aggregation method.
        weights: vote weights by annotator; for ``weighted`` only.
        decided_by: ``adjudication``, the ``method``, or the reason for no class: the label's, or
            ``not_labelled`` without judgements.
        decided: aggregation of the whole corpus.
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

    Args:
        corpus: the corpus folder.
        clip_id: id of the clip.
        settings: section [labels] of corpus.toml.

    Raises:
        DataError: if a file of judgements or the gold clips can't be read.
    """
    decided = aggregate_votes(corpus, settings)
    counting = list(decided.judgements.get(clip_id, ()))
    known = {judgement_key(row) for row in counting}
    history = {judgement_key(row): row for row in read_judgements(corpus) if row.clip_id == clip_id}
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
