"""Vote table (annotators by clips), and votes weighted by each annotator's accuracy on gold clips.

If an annotator is right with probability *p*, with errors spread evenly over the other classes of
*K*, the optimal weight of a vote is log(p (K - 1) / (1 - p)) (for K = 2: S. Nitzan and J. Paroush,
"Optimal decision rules in uncertain dichotomous choice situations", International Economic Review
23 (1982), 289–297).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from manifests.base.emotions import EMOTIONS
from manifests.storage.records import Judgement

__all__ = [
    "MISSING",
    "VoteTable",
    "gold_accuracy",
    "vote_codes",
    "vote_table",
    "vote_weights",
    "weighted_shares",
]

MISSING = -1
SMOOTHING = 4.0


@dataclass(frozen=True)
class VoteTable:
    """Votes for K classes of A annotators on the C clips with any judgement, both sorted.

    ``codes``, (A, C), are class indices; skips, ``unclear`` and adjudications are ``MISSING``.
    """

    clips: list[str]
    annotators: list[str]
    codes: NDArray[np.int8]
    classes: tuple[str, ...] = EMOTIONS

    def counts(self) -> NDArray[np.int64]:
        """Return the number of votes of each clip for each class, (C, K)."""
        shape = len(self.clips), len(self.classes)
        annotators, clips = np.nonzero(self.codes != MISSING)
        cells = clips * shape[1] + self.codes[annotators, clips]
        return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def vote_table(judgements: Iterable[Judgement]) -> VoteTable:
    """Return the vote table of the latest judgements, one per annotator and clip.

    Adjudications are left out: adjudicators may have seen the votes.
    """
    return vote_codes(
        [
            (row.clip_id, row.annotator, row.emotion)
            for row in judgements
            if row.role != "adjudication"
        ]
    )


def vote_codes(
    votes: Sequence[tuple[str, str, str | None]], classes: tuple[str, ...] = EMOTIONS
) -> VoteTable:
    """Return the vote table of (clip, annotator, class or None), one per clip and annotator."""
    clips = sorted({clip_id for clip_id, _, _ in votes})
    annotators = sorted({annotator for _, annotator, _ in votes})
    clip_place = {clip_id: place for place, clip_id in enumerate(clips)}
    annotator_place = {name: place for place, name in enumerate(annotators)}
    code_of = {name: code for code, name in enumerate(classes)}
    codes = np.full((len(annotators), len(clips)), MISSING, dtype=np.int8)
    for clip_id, annotator, emotion in votes:
        if emotion is not None:
            codes[annotator_place[annotator], clip_place[clip_id]] = code_of[emotion]
    return VoteTable(clips, annotators, codes, classes)


def gold_accuracy(
    codes: NDArray[np.int8], gold: NDArray[np.int8]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each annotator's number of votes on gold clips and of correct ones, (A,) each.

    Votes, (A, C), and gold classes, (C,), are class indices or ``MISSING``.
    """
    on_gold = (codes != MISSING) & (gold != MISSING)
    return on_gold.sum(axis=1), (on_gold & (codes == gold)).sum(axis=1)


def vote_weights(
    answers: NDArray[np.int64], right: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Return the vote weight of each annotator, (A,), at least 0.

    The accuracy of each, ``right`` of ``answers`` on gold clips, (A,), is smoothed with
    ``SMOOTHING`` answers of an average annotator, which is the estimate without gold answers.
    Accuracy below chance has weight 0, not a negative one.

    Example:
        >>> vote_weights(np.array([50, 50, 0]), np.array([45, 30, 0]), 6).round(2).tolist()
        [3.69, 2.06, 2.68]
    """
    average = (right.sum() + 1) / (answers.sum() + 2)
    accuracy = (right + SMOOTHING * average) / (answers + SMOOTHING)
    weights: NDArray[np.float64] = np.log(accuracy * (classes - 1) / (1 - accuracy))
    return np.maximum(weights, 0)


def weighted_shares(
    codes: NDArray[np.int8], weights: NDArray[np.float64], classes: int
) -> NDArray[np.float64]:
    """Return the weighted share of each class, (C, K); NaN where the weights sum to 0.

    ``codes``, (A, C), are votes or ``MISSING``; ``weights``, (A,), are of the annotators.
    """
    sums = np.stack([weights @ (codes == code) for code in range(classes)], axis=1)
    totals = sums.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.full_like(sums, np.nan)
    np.divide(sums, totals, out=shares, where=totals > 0)
    return shares
