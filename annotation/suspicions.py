"""Suspicious patterns in an annotator's answers: reasons to ask, not proofs."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from annotation.agreement_report import Suspicion
from annotation.reliability import cohen_kappa
from annotation.votes import MISSING
from annotation.work import AnnotatorHistory
from manifests.emotions import EMOTIONS, UNCLEAR

__all__ = ["find_suspicions", "longest_run", "run_chance"]


def find_suspicions(history: AnnotatorHistory) -> list[Suspicion]:
    """Return the suspicious patterns of an annotator; none below 20 answers.

    - ``one class``: 90 % of the votes are for one class, which the others give these clips at least
      20 percentage points less often.
    - ``no better than chance``: κ between the annotator's votes and the others' is below 0.1.
    - ``faster than the clip``: five answers and 10 % of those timed took less than the clip lasts.
    - ``long run``: a run of one answer with a chance probability below 1 in 10,000, given the
      annotator's own class frequencies.
    - ``falling agreement``: agreement with the others is lower over the last quarter of the answers
      than over the first by more than three standard errors.
    """
    if len(history.codes) < _MIN_ANSWERS:
        return []
    return [
        finding
        for find in (_one_class, _chance, _faster, _long_run, _falling)
        for finding in find(history)
    ]


def longest_run(values: NDArray[np.int8]) -> tuple[int, int]:
    """Return length and value of the longest run of equal values; the first if several.

    Example:
        >>> longest_run(np.array([1, 2, 2, 2, 1, 1], dtype=np.int8))
        (3, 2)
    """
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    lengths = np.diff(np.r_[starts, len(values)])
    longest = int(lengths.argmax())
    return int(lengths[longest]), int(values[starts[longest]])


def run_chance(frequencies: NDArray[np.float64], answers: int, length: int) -> float:
    """Return an upper bound of the probability of such a run among independent answers.

    A run of class *k* begins with the first answer or after another class; the sum over both cases
    and over classes bounds the probability.

    Args:
        frequencies: relative frequencies of the classes.
        answers: number of answers.
        length: length of the run.

    Example:
        >>> run_chance(np.array([0.5, 0.5]), 3, 2)
        0.75
    """
    expected = frequencies**length * (1 + (answers - length) * (1 - frequencies))
    return float(min(1, expected.sum()))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _one_class(history: AnnotatorHistory) -> Iterator[Suspicion]:
    given = history.codes[history.codes != MISSING]
    if len(given) < _MIN_ANSWERS:
        return
    counts = np.bincount(given, minlength=len(EMOTIONS))
    most = int(counts.argmax())
    share = counts[most] / len(given)
    others = history.others[history.codes != MISSING].sum(axis=0)
    theirs = others[most] / others.sum() if others.any() else 0.0
    if share >= _ONE_CLASS and theirs <= share - _EXCESS_SHARE:
        yield Suspicion(
            "one class",
            f"{_percent(share)} of the votes are '{EMOTIONS[most]}'; of the others' votes on the "
            f"same clips {_percent(theirs)}",
        )


def _chance(history: AnnotatorHistory) -> Iterator[Suspicion]:
    confusion = history.confusion()
    kappa = cohen_kappa(confusion)
    if confusion.sum() >= _MIN_ANSWERS and kappa is not None and kappa < _CHANCE_KAPPA:
        observed = np.trace(confusion) / confusion.sum()
        yield Suspicion(
            "no better than chance",
            f"agrees with {_percent(observed)} of the others' votes, κ {kappa:.2f}",
        )


def _faster(history: AnnotatorHistory) -> Iterator[Suspicion]:
    timed = ~np.isnan(history.seconds) & ~np.isnan(history.durations)
    faster, answers = int((history.seconds < history.durations)[timed].sum()), int(timed.sum())
    if faster >= _FASTER and faster >= _FASTER_SHARE * answers:
        yield Suspicion(
            "faster than the clip",
            f"{faster} of {answers} timed answers took less than the clip lasts",
        )


def _long_run(history: AnnotatorHistory) -> Iterator[Suspicion]:
    answers = len(history.codes)
    length, code = longest_run(history.codes)
    frequencies = np.bincount(history.codes + 1, minlength=len(EMOTIONS) + 1) / answers
    if run_chance(frequencies, answers, length) < _RUN_CHANCE:
        name = UNCLEAR if code == MISSING else EMOTIONS[code]
        yield Suspicion("long run", f"'{name}' {length} times in a row")


def _falling(history: AnnotatorHistory) -> Iterator[Suspicion]:
    quarter = len(history.codes) // 4
    shares = []
    for places in (slice(0, quarter), slice(-quarter, None)):
        subset = history.subset(places)
        other_votes = subset.other_votes()
        if (other_votes > 0).sum() < _MIN_ANSWERS:
            return
        shares.append(subset.agreeing_votes()[other_votes > 0] / other_votes[other_votes > 0])
    first, last = (float(share.mean()) for share in shares)
    error = float(np.sqrt(sum(share.var(ddof=1) / len(share) for share in shares)))
    if first - last > _FALLING * error:
        yield Suspicion(
            "falling agreement",
            f"agreed with {_percent(first)} of the others' votes over the first quarter of the "
            f"answers, with {_percent(last)} over the last",
        )


_MIN_ANSWERS = 20  # or votes or clips, below which there is no finding
_ONE_CLASS = 0.9  # share of the votes
_EXCESS_SHARE = 0.2  # above the others' share
_CHANCE_KAPPA = 0.1
_FASTER, _FASTER_SHARE = 5, 0.1  # answers, share of those timed
_RUN_CHANCE = 1e-4
_FALLING = 3.0  # standard errors
