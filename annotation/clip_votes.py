"""One clip's votes, and how they became its label."""

from dataclasses import dataclass
from pathlib import Path

from annotation.aggregation import Aggregation, aggregate_votes
from annotation.judgements import judgement_key, read_judgements
from annotation.settings import LabelSettings, Method
from manifests.records import Judgement, Label

__all__ = ["ClipVotes", "clip_votes"]


@dataclass(frozen=True)
class ClipVotes:
    """What people said about a clip, and what it came to.

    Attributes:
        counting: the judgements that count, by annotator, an adjudication apart.
        replaced: earlier ones that they replaced, oldest first.
        label: what they come to; null if nobody judged the clip.
        method: by which all votes were decided.
        weights: what each annotator's vote is worth, by pseudonym; for ``weighted`` only.
        decided_by: ``adjudication``, or the ``method``, or what kept it from a class: the label's
            reason, ``not_labelled`` if nobody judged it.
        decided: what all votes of the corpus come to.
    """

    counting: list[Judgement]
    replaced: list[Judgement]
    label: Label | None
    method: Method
    weights: dict[str, float]
    decided_by: str
    decided: Aggregation


def clip_votes(corpus: Path, clip_id: str, settings: LabelSettings) -> ClipVotes:
    """Return a clip's votes and how they became its label; all empty for a clip nobody judged.

    Args:
        corpus: the corpus folder.
        clip_id: of the clip.
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
