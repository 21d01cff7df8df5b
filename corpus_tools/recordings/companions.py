"""Evidence from the takes of other speakers who read the same script."""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.cepstra import Cepstra
from corpus_tools.recordings.spans import Spans
from corpus_tools.recordings.voiceprint import Voiced
from corpus_tools.recordings.warping import prefix_distances

__all__ = ["Reading", "likeness"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reading:
    """How somebody else may have read a line.

    Attributes:
        sound: features of the reading.
        trust: probability that it is that line.
        pace: log of how much longer it takes than its letters say.
    """

    sound: Cepstra
    trust: float
    pace: float = 0.0


def likeness(
    voiced: Voiced,
    spans: Spans,
    plausible: NDArray[np.bool_],
    companions: Sequence[Mapping[int, Sequence[Reading]]],
) -> tuple[Floats, Floats]:
    """Return how much spans sound like other people's readings of lines, and like their beginnings.

    Args:
        voiced: sound of the take.
        spans: of the take.
        plausible: whether a reading of a line may begin at a piece, shape (pieces, lines).
        companions: for each other take, by line, what may be its reading.

    Returns:
        Log-likelihood ratios, shape (pieces, widths, lines) each; 0 where nothing is known.
    """
    whole = np.zeros((len(spans), spans.widths, plausible.shape[1]))
    part = whole.copy()
    for readings in companions:
        listener = _Listener(voiced, spans, readings)
        for line in sorted(readings):
            for first in np.flatnonzero(plausible[:, line]):
                listener.ask(int(first), line)
        listener.answer(whole, part)
    return whole, part


class _Listener:
    """Compares a take with the readings of one other."""

    def __init__(
        self, voiced: Voiced, spans: Spans, readings: Mapping[int, Sequence[Reading]]
    ) -> None:
        self._voiced, self._spans, self._readings = voiced, spans, readings
        self._heads = spans.heads()
        self._places: list[tuple[int, int, Reading]] = []
        self._cuts: list[tuple[int, int, int, Reading]] = []

    def ask(self, first: int, line: int) -> None:
        """Note that a reading of a line, or a false start, may begin at a piece."""
        ends = self._heads[bisect.bisect_right(self._heads, first) :]
        for reading in self._readings[line]:
            self._places.append((first, line, reading))
            self._cuts += [
                (first, then, line, reading)
                for then in ends
                if then - first <= self._spans.widths
                and self._voiced.frames(first, then) <= _LARGEST_PART * len(reading.sound)
            ]

    def answer(self, whole: Floats, part: Floats) -> None:
        """Add what was found to the evidence for readings and for false starts.

        Of several things that may be the other's reading one is it, or none.
        """
        usual = self._usual()
        odds, odds_of_part = np.zeros_like(whole), np.zeros_like(part)
        far = prefix_distances([self._pair(first, one) for first, _, one in self._places])
        for (first, line, reading), one in zip(self._places, far, strict=True):
            ends = self._voiced.ends(first, self._spans.widths)
            near = ends <= len(one)
            ratio = np.full(len(ends), _WHOLE[2])
            ratio[near] = _ratio(usual[line] - one[ends[near] - 1], *_WHOLE)
            odds[first, : len(ends), line] += reading.trust * np.exp(ratio)
        far = prefix_distances(
            [(self._voiced.sound(first, then), one.sound) for first, then, _, one in self._cuts]
        )
        for (first, then, line, reading), one in zip(self._cuts, far, strict=True):
            ratio = _ratio(usual[line] - one.min(), *_PART)
            odds_of_part[first, then - first - 1, line] += reading.trust * np.exp(ratio)
        for line, readings in self._readings.items():
            none = max(1 - sum(one.trust for one in readings), 0.0)
            for total, found in ((whole, odds[..., line]), (part, odds_of_part[..., line])):
                asked = found > 0
                total[..., line][asked] += _WEIGHT * np.log(found[asked] + none)

    def _pair(self, first: int, reading: Reading) -> tuple[Cepstra, Cepstra]:
        sound = reading.sound
        after = self._voiced.sound(first, min(first + self._spans.widths, len(self._spans)))
        return sound, after[: _LONGER * len(sound)]

    def _usual(self) -> dict[int, float]:
        """Return how far readings of each line are from what is not it, at about their length."""
        asked: dict[int, set[int]] = {line: set() for line in self._readings}
        for first, line, _ in self._places:
            asked[line].add(first)
        pairs, of_line = [], []
        for line, readings in sorted(self._readings.items()):
            others = [one for one in self._heads if one not in asked[line]]
            for first in others[:: max(1, len(others) // _STRANGERS)][:_STRANGERS]:
                of_line.append(line)
                pairs.append(self._pair(first, readings[0]))
        found: dict[int, list[float]] = {line: [] for line in self._readings}
        for line, one in zip(of_line, prefix_distances(pairs), strict=True):
            length = len(self._readings[line][0].sound)
            found[line].append(float(one[min(length, len(one)) - 1]))
        known = [far for values in found.values() for far in values]
        anyhow = float(np.median(known)) if known else _MEAN
        return {
            line: float(np.median(values)) if len(values) >= _FEWEST else anyhow
            for line, values in found.items()
        }


def _ratio(nearer: Any, slope: float, even: float, least: float) -> Any:
    return np.clip(slope * (nearer / _DEVIATION - even), least, _MOST)


_STRANGERS, _FEWEST = 10, 5
_LONGER = 2  # times as long as another reading is a span at most
_LARGEST_PART = 0.8  # of another reading in a false start
_MEAN, _DEVIATION = 0.6, 0.03
_WHOLE = 2.2, 1.4, -2.5  # slope by deviations below the usual distance, where it is even, least
_PART = 1.5, 1.8, -2.0
_MOST = 6.0
_WEIGHT = 0.7  # companions are not independent of each other
