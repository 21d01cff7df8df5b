"""Planner of the cuts of a whole source.

The plan maximises, over all sets of clips that don't overlap and last from ``min_ms`` to
``max_ms``::

    sum over clips of   value of the speech in the clip, less that of the silence
                      - cost of a clip
                      - costs of its two edges
                      - costs of the pauses, subtitle boundaries and speaker changes it spans

by dynamic programming over candidate edges (a few per second, all of them near speech), in time
linear in the length of the source.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, Activity, runs
from corpus_tools.segmentation.best_starts import best_starts
from corpus_tools.segmentation.joins import Joins, Line, depth_in_lines, joins_of
from corpus_tools.segmentation.plan_costs import (
    Floats,
    PlanWeights,
    cumulative_value,
    edge_costs,
    loudness_at_edges,
)

__all__ = ["Cut", "Line", "PlanWeights", "plan_cuts"]


@dataclass(frozen=True, order=True)
class Cut:
    """Start and end of a clip in its source, in whole milliseconds."""

    start_ms: int
    end_ms: int

    @classmethod
    def at(cls, start: float, end: float) -> "Cut":
        """Return the cut with these edges in seconds.

        Example:
            >>> Cut.at(1.5, 4.83)
            Cut(start_ms=1500, end_ms=4830)
        """
        return cls(round(start * 1000), round(end * 1000))


def plan_cuts(
    activity: Activity,
    lines: Sequence[Line],
    *,
    min_ms: int,
    max_ms: int,
    margin_ms: int = 160,
    closed: NDArray[np.bool_] | None = None,
    weights: PlanWeights | None = None,
) -> list[Cut]:
    """Return the best cuts of a source, in order of time.

    Args:
        activity: activity of the source.
        lines: subtitle lines, in any order.
        min_ms: length of the shortest clip.
        max_ms: length of the longest clip.
        margin_ms: preferred silence between an edge and speech.
        closed: frames that no clip may touch, besides gaps.
        weights: weights of the objective.

    Returns:
        Cuts that don't overlap, touch no gap or closed frame, and last ``min_ms`` to ``max_ms``.
    """
    weights = weights or PlanWeights()
    joins = joins_of(activity, lines, weights)
    depth = depth_in_lines(lines, len(activity))
    cuts: list[Cut] = []
    open_frames = ~activity.gap if closed is None else ~(activity.gap | closed)
    for first, last in runs(open_frames):
        part = _OpenPart(activity, int(first), int(last), joins, depth, weights, margin_ms)
        cuts += part.best(min_ms, max_ms)
    return cuts


class _OpenPart:
    """Part of the source without gaps or closed frames, its candidate edges and their costs."""

    def __init__(
        self,
        activity: Activity,
        first: int,
        last: int,
        joins: Joins,
        depth: Floats,
        weights: PlanWeights,
        margin_ms: int,
    ) -> None:
        self._speech = activity.speech[first:last]
        self._loudness = loudness_at_edges(activity.prominence[first:last])
        uncertainty = activity.uncertainty
        self._uncertainty = (
            np.zeros(last - first) if uncertainty is None else uncertainty[first:last].astype(float)
        )
        self._first = first
        self._weights = weights
        self._margin = margin_ms // FRAME_MS
        self._joins = joins.within(first, last)
        self._within_line = weights.within_line * depth[first : last + 1]

    def best(self, min_ms: int, max_ms: int) -> list[Cut]:
        """Return the best cuts of the part."""
        edges = self._candidates(max_ms // FRAME_MS)
        times = edges * FRAME_MS
        spoken, opening, closing = self._terms(edges)
        first = np.searchsorted(times, times - max_ms, side="left")
        long_enough = np.searchsorted(times, times - min_ms, side="right")
        with_speech = np.searchsorted(spoken, spoken, side="left")
        behind = np.minimum(long_enough, with_speech)
        chosen = best_starts(opening.tolist(), closing.tolist(), first.tolist(), behind.tolist())
        return self._follow(chosen, times)

    def _follow(self, chosen: Sequence[int], times: NDArray[np.int64]) -> list[Cut]:
        offset = self._first * FRAME_MS
        cuts = []
        at = len(chosen) - 1
        while at > 0:
            start = chosen[at]
            if start < 0:
                at -= 1
            else:
                cuts.append(Cut(offset + int(times[start]), offset + int(times[at])))
                at = start
        return cuts[::-1]

    def _candidates(self, reach: int) -> NDArray[np.int64]:
        """Return the frames at which a clip may begin or end, all within ``reach`` of speech."""
        length = len(self._speech)
        places: list[NDArray[np.int64]] = [np.array([0, length])]
        for start, end in runs(~self._speech):
            quietest = start + int(np.argmin(self._loudness[start : end + 1]))
            middle = (start + end) // 2
            preferred = [start, start + self._margin, middle, quietest, end - self._margin, end]
            places.append(np.clip(np.array(preferred), start, end))
            places.append(np.arange(start, end, _GRID))
        near = np.zeros(length + 1, dtype=np.bool_)
        for start, end in runs(self._speech):
            places.append(_quietest(self._loudness, int(start), int(end)))
            near[max(start - reach, 0) : end + reach + 1] = True
        edges = np.unique(np.concatenate(places)).astype(np.int64)
        candidates: NDArray[np.int64] = edges[near[edges]]
        return candidates

    def _terms(self, edges: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Return the terms of a clip's value for each edge.

        Returns:
            Frames of speech before the edge, cost of opening a clip there, gain from closing one
            there. The value of a clip is closing - opening.
        """
        weights = self._weights
        spoken = np.concatenate(([0], np.cumsum(self._speech)))[edges]
        value = cumulative_value(self._speech, self._uncertainty, weights)[edges]
        left, right = edge_costs(
            self._speech, self._loudness, self._uncertainty, edges, self._margin, weights
        )
        within_line = self._within_line[edges]
        opening = value - self._joins.cost_begun_by(edges) + left + within_line + weights.clip
        closing = value - self._joins.cost_ended_before(edges) - right - within_line
        return spoken, opening, closing


def _quietest(loudness: Floats, start: int, end: int) -> NDArray[np.int64]:
    """Return the quietest boundary in each block of a run of speech."""
    blocks = range(start + 1, end, _BLOCK)
    return np.array(
        [block + int(np.argmin(loudness[block : min(block + _BLOCK, end)])) for block in blocks],
        dtype=np.int64,
    )


_GRID = 10  # frames between candidate edges in silence
_BLOCK = 20  # frames of speech that share one candidate edge
