"""Statistics of each annotator: agreement, gold accuracy, speed and suspicious patterns."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from annotation.agreement_report import AnnotatorRow, GoldAccuracy, Quarter
from annotation.reliability import alpha, cohen_kappa, wilson_interval
from annotation.suspicions import find_suspicions
from annotation.votes import MISSING
from annotation.work import AnnotatorHistory

__all__ = ["annotator_row"]


def annotator_row(
    history: AnnotatorHistory, counts: NDArray[np.int64], own: NDArray[np.int8]
) -> AnnotatorRow:
    """Return the statistics of an annotator.

    Args:
        history: answers of the annotator.
        counts: (C, K) votes of all annotators.
        own: (C,) votes of this annotator, or ``MISSING``.
    """
    seconds = history.seconds[~np.isnan(history.seconds)]
    spread = np.quantile(seconds, _SPREAD).round(3).tolist() if len(seconds) else None
    timed = ~np.isnan(history.seconds) & ~np.isnan(history.durations)
    faster = int((history.seconds[timed] < history.durations[timed]).sum()) if timed.any() else None
    given = history.codes != MISSING
    votes = np.bincount(history.codes[given], minlength=counts.shape[1])
    confusion = history.confusion()
    kappa = cohen_kappa(confusion)
    return AnnotatorRow(
        annotator=history.annotator,
        answered=len(history.codes),
        unclear=int((~given).sum()),
        skipped=history.skipped,
        median_seconds=spread[1] if spread else None,
        seconds=spread,
        faster_than_clip=faster,
        agreement=_agreement(history),
        kappa=None if kappa is None else round(kappa, 6),
        alpha_without=_alpha_without(counts, own),
        gold=_gold(history),
        votes=votes.tolist(),
        confusion=confusion.tolist(),
        quarters=_quarters(history),
        suspicions=find_suspicions(history),
    )


def _agreement(history: AnnotatorHistory) -> float | None:
    other_votes = history.other_votes().sum()
    return round(float(history.agreeing_votes().sum() / other_votes), 6) if other_votes else None


def _alpha_without(counts: NDArray[np.int64], own: NDArray[np.int8]) -> float | None:
    rest = counts.copy()
    voted = np.flatnonzero(own != MISSING)
    rest[voted, own[voted]] -= 1
    value = alpha(rest)
    return None if value is None else round(value, 6)


def _gold(history: AnnotatorHistory) -> GoldAccuracy | None:
    on_gold = (history.gold != MISSING) & (history.codes != MISSING)
    answers = int(on_gold.sum())
    if not answers:
        return None
    right = int((history.codes == history.gold)[on_gold].sum())
    low, high = wilson_interval(right, answers)
    return GoldAccuracy(answers, right, round(right / answers, 6), round(low, 6), round(high, 6))


def _quarters(history: AnnotatorHistory) -> list[Quarter]:
    answers = len(history.codes)
    if answers < _MIN_ANSWERS_FOR_QUARTERS:
        return []
    edges = [answers * quarter // 4 for quarter in range(5)]
    return [_quarter(history.subset(slice(*span))) for span in pairwise(edges)]


def _quarter(history: AnnotatorHistory) -> Quarter:
    seconds = history.seconds[~np.isnan(history.seconds)]
    gold = _gold(history)
    return Quarter(
        answered=len(history.codes),
        agreement=_agreement(history),
        gold_accuracy=gold.accuracy if gold else None,
        median_seconds=round(float(np.median(seconds)), 3) if len(seconds) else None,
    )


_SPREAD: Sequence[float] = (0.1, 0.5, 0.9)
_MIN_ANSWERS_FOR_QUARTERS = 20
