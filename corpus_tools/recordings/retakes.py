"""Retake evidence: acoustic similarity of a span to the next one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.spans import Spans
from corpus_tools.recordings.voiceprint import SpeechFeatures
from corpus_tools.recordings.warping import prefix_distances

__all__ = ["retake_evidence"]

Floats = NDArray[np.float64]


def retake_evidence(voiced: SpeechFeatures, spans: Spans) -> tuple[Floats, Floats]:
    """Return the log-likelihood ratio of each span being repeated by the pieces after it.

    The warped distance between both is compared with that of other pieces of the take. Only spans
    that end at a pause are compared; others get a small penalty.

    Args:
        voiced: speech features of the take.
        spans: spans of the take.

    Returns:
        Ratios for a whole first reading and for a false start, for the span [p, p + w) and the w'
        pieces after it, shape (pieces, widths, widths) each.
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
