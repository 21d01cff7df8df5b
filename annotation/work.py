"""Chronological answers of one annotator, with the other annotators' votes on the same clips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from annotation.votes import MISSING, VoteTable
from manifests.records import Judgement

__all__ = ["AnnotatorHistory", "annotator_histories"]


@dataclass(frozen=True)
class AnnotatorHistory:
    """The N answers of one annotator in chronological order.

    Attributes:
        annotator: pseudonym.
        skipped: number of skipped clips.
        codes: (N,) class index, ``MISSING`` for ``unclear``.
        seconds: (N,) answering times, NaN where unknown.
        durations: (N,) clip durations in seconds, NaN where unknown.
        gold: (N,) index of the gold class, or ``MISSING``.
        others: (N, K) the other annotators' votes on each clip.
    """

    annotator: str
    skipped: int
    codes: NDArray[np.int8]
    seconds: NDArray[np.float64]
    durations: NDArray[np.float64]
    gold: NDArray[np.int8]
    others: NDArray[np.int64]

    def agreeing_votes(self) -> NDArray[np.int64]:
        """Return the number of other votes for the same class, (N,), 0 for ``unclear``."""
        given = self.others[np.arange(len(self.codes)), self.codes]
        return np.where(self.codes == MISSING, 0, given)

    def other_votes(self) -> NDArray[np.int64]:
        """Return the number of other votes on each clip, (N,), 0 for ``unclear``."""
        return np.where(self.codes == MISSING, 0, self.others.sum(axis=1))

    def confusion(self) -> NDArray[np.int64]:
        """Return the confusion matrix (K, K): own class (rows) by the others' votes (columns)."""
        given = self.codes != MISSING
        table = np.zeros((self.others.shape[1],) * 2, dtype=np.int64)
        np.add.at(table, self.codes[given], self.others[given])
        return table

    def subset(self, places: slice) -> "AnnotatorHistory":
        """Return the history restricted to some answers."""
        return AnnotatorHistory(
            self.annotator,
            self.skipped,
            self.codes[places],
            self.seconds[places],
            self.durations[places],
            self.gold[places],
            self.others[places],
        )


def annotator_histories(
    table: VoteTable,
    judgements: Sequence[Judgement],
    gold: NDArray[np.int8],
    durations: Mapping[str, float],
) -> list[AnnotatorHistory]:
    """Return the history of each of the table's annotators, in the table's order.

    Args:
        table: votes.
        judgements: judgements that the table was made from.
        gold: (C,) index of each clip's gold class, or ``MISSING``.
        durations: clip durations in seconds by id, where known.
    """
    place = {clip_id: number for number, clip_id in enumerate(table.clips)}
    counts = table.counts()
    rows = sorted(judgements, key=attrgetter("annotator", "created_at", "clip_id"))
    found = []
    for number, (annotator, own) in enumerate(groupby(rows, key=attrgetter("annotator"))):
        judged = list(own)
        answers = [row for row in judged if row.status == "answered"]
        where = np.array([place[row.clip_id] for row in answers], dtype=np.int64)
        codes = table.codes[number, where]
        others = counts[where]
        others[codes != MISSING, codes[codes != MISSING]] -= 1
        seconds = np.array([row.lead_time for row in answers], dtype=np.float64)
        lengths = np.array([durations.get(row.clip_id) for row in answers], dtype=np.float64)
        skipped = len(judged) - len(answers)
        found.append(
            AnnotatorHistory(annotator, skipped, codes, seconds, lengths, gold[where], others)
        )
    return found
