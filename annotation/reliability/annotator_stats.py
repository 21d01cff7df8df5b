"""Statistics of each annotator: agreement, gold accuracy, speed and suspicious patterns.

Suspicious patterns are reasons to ask, not proofs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from annotation.labels.votes import MISSING, VoteTable
from annotation.reliability.metrics import alpha, cohen_kappa, wilson_interval
from annotation.reliability.report import AnnotatorRow, GoldAccuracy, Quarter, Suspicion
from manifests.base.emotions import EMOTIONS, UNCLEAR
from manifests.storage.records import Judgement

__all__ = [
    "AnnotatorHistory",
    "annotator_histories",
    "annotator_row",
    "find_suspicions",
    "longest_run",
    "run_chance",
]


@dataclass(frozen=True)
class AnnotatorHistory:
    """The N answers of one annotator in chronological order, and the number of skipped clips.

    ``codes`` and ``gold``, (N,), are the class indices of the votes (``MISSING`` for ``unclear``)
    and of the gold classes (or ``MISSING``). ``seconds`` are answering times, ``durations`` those
    of the clips in seconds, (N,) each, NaN where unknown. ``others``, (N, K), are the other
    annotators' votes on each clip.
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

    The table was made from the judgements. ``gold``, (C,), are class indices, or ``MISSING``; the
    durations, in seconds by clip id, are given where known.
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
    """Return an upper bound of the probability of a run of that length among independent answers.

    A run of class *k* begins with the first answer or after another class; the sum over both cases
    and over classes bounds the probability. ``frequencies`` are the classes' relative frequencies.

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


def annotator_row(
    history: AnnotatorHistory, counts: NDArray[np.int64], own: NDArray[np.int8]
) -> AnnotatorRow:
    """Return an annotator's statistics.

    ``counts``, (C, K), are the votes of all annotators; ``own``, (C,), are this one's or
    ``MISSING``.
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
