"""Evidence that somebody says the same thing twice in a row, from the sound alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.spans import Spans
from corpus_tools.recordings.voiceprint import Voiced
from corpus_tools.recordings.warping import prefix_distances

__all__ = ["again_and_begun"]

Floats = NDArray[np.float64]


def again_and_begun(voiced: Voiced, spans: Spans) -> tuple[Floats, Floats]:
    """Return for neighbouring spans the log-likelihood ratio of the first as said again.

    The warped distance between both is held against that of other pieces of the take. Only
    what ends at a pause is compared; other spans get a small malus.

    Args:
        voiced: sound of the take.
        spans: of the take.

    Returns:
        For a whole first reading and for a false start, shape (pieces, widths, widths) each: the
        span [p, p + w) and the w' pieces after it.
    """
    pieces, widths = len(spans), spans.widths
    again = np.full((pieces, widths, widths), _UNHEARD)
    begun = again.copy()
    heads = spans.heads()
    places = [
        (first, then)
        for then in heads[1:]
        for first in range(max(then - widths, 0), then)
        if then - first <= widths and voiced.frames(first, then) <= _LONGEST
    ]
    usual, spread = _usual(voiced, heads)
    pairs = [
        (voiced.sound(first, then), voiced.sound(then, min(then + widths, pieces)))
        for first, then in places
    ]
    for (first, then), far in zip(places, prefix_distances(pairs), strict=True):
        ends = voiced.ends(then, widths)
        whole = far[ends - 1]
        part = np.minimum.accumulate(far)[ends - 1]
        row = first, then - first - 1, slice(len(ends))
        again[row] = _ratio((usual - whole) / spread, *_AGAIN)
        begun[row] = _ratio((usual - part) / spread, *_BEGUN)
    return again, begun


def _usual(voiced: Voiced, heads: list[int]) -> tuple[float, float]:
    """Return mean and deviation of the distance between pieces that are not the same."""
    stretches = [
        voiced.sound(first, then)
        for first, then in zip(heads, [*heads[1:], voiced.pieces], strict=True)
    ]
    stretches = [one for one in stretches if len(one) >= _SHORTEST]
    pairs = [
        (stretches[at], stretches[at + lag]) for lag in _LAGS for at in range(len(stretches) - lag)
    ]
    if len(pairs) < _FEWEST:
        return _MEAN, _DEVIATION
    far = np.array([one[-1] for one in prefix_distances(pairs)])
    return float(np.median(far)), float(1.4826 * np.median(np.abs(far - np.median(far))))


def _ratio(z: NDArray[np.floating[Any]], slope: float, even: float, least: float) -> Floats:
    return np.clip(slope * (z - even), least, _MOST)


_LONGEST = 250  # frames of an earlier reading
_SHORTEST = 15  # frames of what tells the usual distance
_LAGS = (3, 5, 8)
_FEWEST = 10
_MEAN, _DEVIATION = 0.6, 0.03
_UNHEARD = -2.0
_AGAIN = 2.8, 2.4, -4.0  # slope by deviations below the usual distance, where it is even, least
_BEGUN = 2.0, 2.15, -2.5
_MOST = 8.0
