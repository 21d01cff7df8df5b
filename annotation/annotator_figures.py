"""The figures of each annotator: how they agree, how right they are, how fast, and what is odd."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from annotation.agreement_report import AnnotatorRow, Gold, Quarter
from annotation.reliability import alpha, cohen_kappa, wilson_interval
from annotation.suspicions import suspicions
from annotation.votes import MISSING
from annotation.work import Work

__all__ = ["annotator_row"]


def annotator_row(work: Work, counts: NDArray[np.int64], own: NDArray[np.int8]) -> AnnotatorRow:
    """Return an annotator's figures.

    Args:
        work: what they did.
        counts: (C, K) everybody's votes.
        own: (C,) theirs, or ``MISSING``.
    """
    seconds = work.seconds[~np.isnan(work.seconds)]
    spread = np.quantile(seconds, _SPREAD).round(3).tolist() if len(seconds) else None
    timed = ~np.isnan(work.seconds) & ~np.isnan(work.durations)
    faster = int((work.seconds[timed] < work.durations[timed]).sum()) if timed.any() else None
    given = work.codes != MISSING
    votes = np.bincount(work.codes[given], minlength=counts.shape[1])
    confusion = work.confusion()
    kappa = cohen_kappa(confusion)
    return AnnotatorRow(
        annotator=work.annotator,
        answered=len(work.codes),
        unclear=int((~given).sum()),
        skipped=work.skipped,
        median_seconds=spread[1] if spread else None,
        seconds=spread,
        faster_than_clip=faster,
        agreement=_agreement(work),
        kappa=None if kappa is None else round(kappa, 6),
        alpha_without=_alpha_without(counts, own),
        gold=_gold(work),
        votes=votes.tolist(),
        confusion=confusion.tolist(),
        quarters=_quarters(work),
        suspicions=suspicions(work),
    )


def _agreement(work: Work) -> float | None:
    paired = work.paired().sum()
    return round(float(work.same().sum() / paired), 6) if paired else None


def _alpha_without(counts: NDArray[np.int64], own: NDArray[np.int8]) -> float | None:
    rest = counts.copy()
    voted = np.flatnonzero(own != MISSING)
    rest[voted, own[voted]] -= 1
    value = alpha(rest)
    return None if value is None else round(value, 6)


def _gold(work: Work) -> Gold | None:
    asked = (work.gold != MISSING) & (work.codes != MISSING)
    answers = int(asked.sum())
    if not answers:
        return None
    right = int((work.codes == work.gold)[asked].sum())
    low, high = wilson_interval(right, answers)
    return Gold(answers, right, round(right / answers, 6), round(low, 6), round(high, 6))


def _quarters(work: Work) -> list[Quarter]:
    answers = len(work.codes)
    if answers < _LEAST_FOR_QUARTERS:
        return []
    edges = [answers * quarter // 4 for quarter in range(5)]
    return [_quarter(work.part(slice(*span))) for span in pairwise(edges)]


def _quarter(work: Work) -> Quarter:
    seconds = work.seconds[~np.isnan(work.seconds)]
    gold = _gold(work)
    return Quarter(
        answered=len(work.codes),
        agreement=_agreement(work),
        gold_accuracy=gold.accuracy if gold else None,
        median_seconds=round(float(np.median(seconds)), 3) if len(seconds) else None,
    )


_SPREAD: Sequence[float] = (0.1, 0.5, 0.9)
_LEAST_FOR_QUARTERS = 20  # answers
