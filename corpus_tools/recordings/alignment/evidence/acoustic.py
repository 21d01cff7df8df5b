"""Acoustic evidence: similarity of a span to the next (a retake) and to other takes' readings."""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.alignment.evidence.spans import Spans
from corpus_tools.recordings.alignment.evidence.voiceprint import (
    Cepstra,
    SpeechFeatures,
    prefix_distances,
)

__all__ = ["Reading", "cross_speaker_evidence", "retake_evidence"]

Floats = NDArray[np.float64]


def retake_evidence(voiced: SpeechFeatures, spans: Spans) -> tuple[Floats, Floats]:
    """Return the log-likelihood ratio of each span being repeated by the pieces after it.

    The warped distance between both is compared with that of other pieces of the take. Only spans
    that end at a pause are compared; others get a small penalty. The ratios are for a whole first
    reading and for a false start, for the span [p, p + w) and the w' pieces after it, shape
    (pieces, widths, widths) each.
    """
    pieces, widths = len(spans), spans.widths
    retake = np.full((pieces, widths, widths), _NO_PAUSE_RATIO)
    restart = retake.copy()
    heads = spans.heads()
    places = [
        (first, then)
        for then in heads[1:]
        for first in range(max(then - widths, 0), then)
        if then - first <= widths and voiced.frames(first, then) <= _LONGEST
    ]
    typical, spread = _distance_statistics(voiced, heads)
    pairs = [
        (voiced.sound(first, then), voiced.sound(then, min(then + widths, pieces)))
        for first, then in places
    ]
    for (first, then), far in zip(places, prefix_distances(pairs), strict=True):
        ends = voiced.ends(then, widths)
        whole = far[ends - 1]
        part = np.minimum.accumulate(far)[ends - 1]
        row = first, then - first - 1, slice(len(ends))
        retake[row] = _retake_ratio((typical - whole) / spread, *_RETAKE)
        restart[row] = _retake_ratio((typical - part) / spread, *_RESTART)
    return retake, restart


def _distance_statistics(voiced: SpeechFeatures, heads: list[int]) -> tuple[float, float]:
    """Return centre and deviation of the distance between different stretches of speech."""
    stretches = [
        voiced.sound(first, then)
        for first, then in zip(heads, [*heads[1:], voiced.pieces], strict=True)
    ]
    stretches = [stretch for stretch in stretches if len(stretch) >= _SHORTEST]
    pairs = [
        (stretches[at], stretches[at + lag]) for lag in _LAGS for at in range(len(stretches) - lag)
    ]
    if len(pairs) < _FEWEST_PAIRS:
        return _RETAKE_MEAN, _RETAKE_DEVIATION
    far = np.array([distances[-1] for distances in prefix_distances(pairs)])
    return float(np.median(far)), float(1.4826 * np.median(np.abs(far - np.median(far))))


def _retake_ratio(z: NDArray[np.floating[Any]], slope: float, even: float, least: float) -> Floats:
    return np.clip(slope * (z - even), least, _RETAKE_MAX)


_LONGEST = 250  # frames of an earlier reading
_SHORTEST = 15  # frames of a stretch used for the statistics
_LAGS = (3, 5, 8)
_FEWEST_PAIRS = 10
_RETAKE_MEAN, _RETAKE_DEVIATION = 0.6, 0.03
_NO_PAUSE_RATIO = -2.0
# slope by deviations below the typical distance, deviations at ratio 0, least ratio
_RETAKE = 2.8, 2.4, -4.0
_RESTART = 2.0, 2.15, -2.5
_RETAKE_MAX = 8.0


@dataclass(frozen=True, eq=False)
class Reading:
    """Candidate reading of a line in another take.

    Attributes:
        sound: features of the reading.
        trust: probability that it is a reading of that line.
        pace: log-ratio of its duration to the one expected from its letters.
    """

    sound: Cepstra
    trust: float
    pace: float = 0.0


def cross_speaker_evidence(
    voiced: SpeechFeatures,
    spans: Spans,
    plausible: NDArray[np.bool_],
    other_takes: Sequence[Mapping[int, Sequence[Reading]]],
) -> tuple[Floats, Floats]:
    """Compare spans with other takes' readings of the lines, and with the beginnings of those.

    Return log-likelihood ratios of readings and of false starts, shape (pieces, widths, lines)
    each; 0 where nothing is known. ``plausible`` is True where a reading of a line may begin at a
    piece, shape (pieces, lines); ``other_takes`` have candidate readings by line.
    """
    whole = np.zeros((len(spans), spans.widths, plausible.shape[1]))
    part = whole.copy()
    for readings in other_takes:
        comparison = _TakeComparison(voiced, spans, readings)
        for line in sorted(readings):
            for first in np.flatnonzero(plausible[:, line]):
                comparison.add_candidate(int(first), line)
        comparison.add_evidence_to(whole, part)
    return whole, part


class _TakeComparison:
    """Comparison of a take with the readings of one other take."""

    def __init__(
        self, voiced: SpeechFeatures, spans: Spans, readings: Mapping[int, Sequence[Reading]]
    ) -> None:
        self._voiced, self._spans, self._readings = voiced, spans, readings
        self._heads = spans.heads()
        self._starts: list[tuple[int, int, Reading]] = []
        self._false_starts: list[tuple[int, int, int, Reading]] = []

    def add_candidate(self, first: int, line: int) -> None:
        """Register that a reading or false start of a line may begin at a piece."""
        ends = self._heads[bisect.bisect_right(self._heads, first) :]
        for reading in self._readings[line]:
            self._starts.append((first, line, reading))
            self._false_starts += [
                (first, then, line, reading)
                for then in ends
                if then - first <= self._spans.widths
                and self._voiced.frames(first, then) <= _MAX_PART * len(reading.sound)
            ]

    def add_evidence_to(self, whole: Floats, part: Floats) -> None:
        """Add the log-likelihood ratios; at most one candidate is the other take's reading."""
        typical = self._typical_distances()
        odds, odds_of_part = np.zeros_like(whole), np.zeros_like(part)
        distances = prefix_distances([self._pair(first, one) for first, _, one in self._starts])
        for (first, line, reading), distance in zip(self._starts, distances, strict=True):
            ends = self._voiced.ends(first, self._spans.widths)
            near = ends <= len(distance)
            ratio = np.full(len(ends), _CROSS_WHOLE[2])
            ratio[near] = _cross_ratio(typical[line] - distance[ends[near] - 1], *_CROSS_WHOLE)
            odds[first, : len(ends), line] += reading.trust * np.exp(ratio)
        distances = prefix_distances(
            [
                (self._voiced.sound(first, then), reading.sound)
                for first, then, _, reading in self._false_starts
            ]
        )
        for (first, then, line, reading), distance in zip(
            self._false_starts, distances, strict=True
        ):
            ratio = _cross_ratio(typical[line] - distance.min(), *_CROSS_PART)
            odds_of_part[first, then - first - 1, line] += reading.trust * np.exp(ratio)
        for line, readings in self._readings.items():
            none = max(1 - sum(one.trust for one in readings), 0.0)
            for total, line_odds in ((whole, odds[..., line]), (part, odds_of_part[..., line])):
                compared = line_odds > 0
                total[..., line][compared] += _CROSS_WEIGHT * np.log(line_odds[compared] + none)

    def _pair(self, first: int, reading: Reading) -> tuple[Cepstra, Cepstra]:
        sound = reading.sound
        after = self._voiced.sound(first, min(first + self._spans.widths, len(self._spans)))
        return sound, after[: _MAX_LENGTH * len(sound)]

    def _typical_distances(self) -> dict[int, float]:
        """Return the distance of each line's reading to other speech of about its length."""
        candidates: dict[int, set[int]] = {line: set() for line in self._readings}
        for first, line, _ in self._starts:
            candidates[line].add(first)
        pairs, of_line = [], []
        for line, readings in sorted(self._readings.items()):
            others = [head for head in self._heads if head not in candidates[line]]
            for first in others[:: max(1, len(others) // _MAX_OTHERS)][:_MAX_OTHERS]:
                of_line.append(line)
                pairs.append(self._pair(first, readings[0]))
        by_line: dict[int, list[float]] = {line: [] for line in self._readings}
        for line, distance in zip(of_line, prefix_distances(pairs), strict=True):
            length = len(self._readings[line][0].sound)
            by_line[line].append(float(distance[min(length, len(distance)) - 1]))
        known = [distance for values in by_line.values() for distance in values]
        overall = float(np.median(known)) if known else _CROSS_MEAN
        return {
            line: float(np.median(values)) if len(values) >= _MIN_OTHERS else overall
            for line, values in by_line.items()
        }


def _cross_ratio(nearer: Any, slope: float, even: float, least: float) -> Any:
    return np.clip(slope * (nearer / _CROSS_DEVIATION - even), least, _CROSS_MAX)


_MAX_OTHERS, _MIN_OTHERS = 10, 5  # other places compared for a line's typical distance
_MAX_LENGTH = 2  # length of a span, in lengths of the other reading
_MAX_PART = 0.8  # share of another reading in a false start
_CROSS_MEAN, _CROSS_DEVIATION = 0.6, 0.03
# slope by deviations below the typical distance, deviations at ratio 0, least ratio
_CROSS_WHOLE = 2.2, 1.4, -2.5
_CROSS_PART = 1.5, 1.8, -2.0
_CROSS_MAX = 6.0
_CROSS_WEIGHT = 0.7  # other takes are not independent of each other
