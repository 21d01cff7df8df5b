"""What one annotator did, in the order in which they did it, beside what the others said."""

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
    """The N answers of one annotator, the first first.

    Attributes:
        annotator: pseudonym.
        skipped: clips.
        codes: (N,) place of the class, ``MISSING`` for ``unclear``.
        seconds: (N,) spent, not a number where unknown.
        durations: (N,) of the clips in seconds, likewise.
        gold: (N,) place of the clip's gold class, or ``MISSING``.
        others: (N, K) the others' votes on the same clip.
    """

    annotator: str
    skipped: int
    codes: NDArray[np.int8]
    seconds: NDArray[np.float64]
    durations: NDArray[np.float64]
    gold: NDArray[np.int8]
    others: NDArray[np.int64]

    def agreeing_votes(self) -> NDArray[np.int64]:
        """Return how many others gave the same class, (N,), 0 for ``unclear``."""
        given = self.others[np.arange(len(self.codes)), self.codes]
        return np.where(self.codes == MISSING, 0, given)

    def other_votes(self) -> NDArray[np.int64]:
        """Return how many others gave any class to a clip that this one gave one, (N,)."""
        return np.where(self.codes == MISSING, 0, self.others.sum(axis=1))

    def confusion(self) -> NDArray[np.int64]:
        """Return (K, K) others' votes (columns) on the clips by the class given here (rows)."""
        given = self.codes != MISSING
        table = np.zeros((self.others.shape[1],) * 2, dtype=np.int64)
        np.add.at(table, self.codes[given], self.others[given])
        return table

    def subset(self, places: slice) -> "AnnotatorHistory":
        """Return some of the answers, as if they were all."""
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
    """Return the work of each of the table's annotators, in the table's order.

    Args:
        table: the votes.
        judgements: that it was made from.
        gold: (C,) place of the gold class of each of its clips, or ``MISSING``.
        durations: seconds of each clip by id, where known.
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
