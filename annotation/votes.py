"""Vote table, annotators by clips: the input of agreement and aggregation."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from manifests.records import Judgement

__all__ = ["MISSING", "VoteTable", "vote_table"]

MISSING = -1


@dataclass(frozen=True)
class VoteTable:
    """Votes for classes; skips, ``unclear`` and adjudications are missing.

    Attributes:
        clips: ids of the C clips with any judgement, sorted.
        annotators: A pseudonyms, sorted.
        codes: (A, C) class index, or ``MISSING``.
    """

    clips: list[str]
    annotators: list[str]
    codes: NDArray[np.int8]

    def counts(self) -> NDArray[np.int64]:
        """Return the number of votes of each clip for each class, (C, 6)."""
        classes = range(len(EMOTIONS))
        return np.stack([(self.codes == code).sum(axis=0) for code in classes], axis=1)


def vote_table(judgements: Iterable[Judgement]) -> VoteTable:
    """Return the vote table of judgements.

    Args:
        judgements: latest judgements, one per annotator and clip (``judgements.latest``).
            Adjudications are left out: adjudicators may have seen the votes.
    """
    rows = [row for row in judgements if row.role != "adjudication"]
    clips = sorted({row.clip_id for row in rows})
    annotators = sorted({row.annotator for row in rows})
    clip_place = {clip_id: place for place, clip_id in enumerate(clips)}
    annotator_place = {name: place for place, name in enumerate(annotators)}
    codes = np.full((len(annotators), len(clips)), MISSING, dtype=np.int8)
    for row in rows:
        if row.emotion is not None:
            place = annotator_place[row.annotator], clip_place[row.clip_id]
            codes[place] = EMOTIONS.index(row.emotion)
    return VoteTable(clips, annotators, codes)
