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

import itertools
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.cut import Cut
from corpus_tools.segmentation.intake.selections import Choices
from corpus_tools.segmentation.planning.costs import (
    Floats,
    Joins,
    Line,
    PlanWeights,
    cumulative_value,
    depth_in_lines,
    edge_costs,
    joins_of,
    loudness_at_edges,
)
from corpus_tools.segmentation.voice.activity import Activity, runs
from corpus_tools.segmentation.voice.base import FRAME_MS
from manifests.storage.records import Choice, SubtitleLine

__all__ = ["best_starts", "plan_cuts", "prefer_covering_cuts", "with_region_edges"]


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
    """Return the best cuts of a source, which don't overlap and touch no gap or closed frame.

    Lines are in any order, cuts in order of time. ``margin_ms`` is the silence preferred at edges.
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
        """Return speech before each edge, and the terms of a clip's value, closing - opening."""
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


def best_starts(
    opening: Sequence[float], closing: Sequence[float], first: Sequence[int], behind: Sequence[int]
) -> list[int]:
    """Return for each edge the start of the clip that ends there in the best plan so far, or -1.

    Args:
        opening: cost of beginning a clip at each edge.
        closing: gain from ending a clip at each edge.
        first: index of the first edge at which a clip that ends here may begin; never decreases.
        behind: index after the last edge at which such a clip may begin; never decreases.

    Example:
        >>> best_starts([1, 1, 1], [0, 3, 2], first=[0, 0, 0], behind=[0, 1, 2])
        [-1, 0, 1]
    """
    chosen = [-1] * len(opening)
    best = 0.0  # value of the best plan so far
    ready: list[float] = []  # value of the best plan up to each edge if a clip begins there
    open_edges: deque[int] = deque()  # possible starts by decreasing value
    added = 0
    for at in range(len(opening)):
        for edge in range(added, behind[at]):
            while open_edges and ready[open_edges[-1]] < ready[edge]:
                open_edges.pop()
            open_edges.append(edge)
        added = behind[at]
        while open_edges and open_edges[0] < first[at]:
            open_edges.popleft()
        if open_edges and ready[open_edges[0]] + closing[at] > best + _TIE:
            chosen[at] = open_edges[0]
            best = ready[chosen[at]] + closing[at]
        ready.append(best - opening[at])
    return chosen


def with_region_edges(lines: Sequence[SubtitleLine], choices: Choices) -> list[Line]:
    """Return the planner's subtitle lines, with the edges between regions of different speakers.

    An edge becomes two lines of no length, so that joining its sides has a cost and cutting near it
    has none. Subtitles in a region get its speaker. Without such edges only subtitles are returned.
    """
    edges = [
        Line(place, place, speaker)
        for before, after in itertools.pairwise(_kept(choices))
        for place in _edge_between(before, after)
        for speaker in (before.speaker, after.speaker)
    ]
    regions = choices if edges else Choices()
    return [*(_planner_line(line, regions) for line in lines), *edges]


def prefer_covering_cuts(
    plain: Sequence[Cut],
    careful: Sequence[Cut],
    speech: NDArray[np.bool_],
    closed: NDArray[np.bool_],
    choices: Choices,
) -> list[Cut]:
    """Return the cuts planned with speakers of regions, except where they lose speech of a region.

    There the ``plain`` cuts stay; each part between closed frames is decided separately.
    """
    cuts: list[Cut] = []
    gained = _covered(careful, speech).astype(np.int64) - _covered(plain, speech)
    regions = [(_frame(row.start), _frame(row.end)) for row in _kept(choices)]
    for first, last in runs(~closed):
        parts = (gained[max(start, first) : min(end, last)] for start, end in regions)
        better = plain if any(part.sum() < 0 for part in parts) else careful
        span = Cut(int(first) * FRAME_MS, int(last) * FRAME_MS)
        cuts += [cut for cut in better if span.start_ms <= cut.start_ms < span.end_ms]
    return cuts


def _planner_line(line: SubtitleLine, choices: Choices) -> Line:
    speakers = choices.speakers(line.start, line.end)
    speaker = speakers.pop() if len(speakers) == 1 else line.speaker
    return Line(round(line.start * 1000), round(line.end * 1000), speaker)


def _kept(choices: Choices) -> list[Choice]:
    return [row for row in choices.regions if row.decision == "keep"]


def _edge_between(before: Choice, after: Choice) -> list[int]:
    """Return the edge in ms if two regions of different speakers meet, else nothing."""
    meet = -(-round(after.start * 1000) // FRAME_MS) <= round(before.end * 1000) // FRAME_MS
    if not (meet and before.speaker and after.speaker and before.speaker != after.speaker):
        return []
    return [round((before.end + after.start) * 500)]


def _covered(cuts: Sequence[Cut], speech: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inside = np.zeros(len(speech), dtype=np.bool_)
    for cut in cuts:
        inside[cut.start_ms // FRAME_MS : -(-cut.end_ms // FRAME_MS)] = True
    return inside & speech


def _frame(seconds: float) -> int:
    return round(seconds * 1000) // FRAME_MS


_GRID = 10  # frames between candidate edges in silence
_BLOCK = 20  # frames of speech that share one candidate edge
_TIE = 1e-9  # gain that isn't worth a clip
