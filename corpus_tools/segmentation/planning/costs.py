"""Objective of the cut planner: value of speech, costs of edges and of what a clip spans."""

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.planning.speaker_change import change_probabilities
from corpus_tools.segmentation.voice.activity import Activity, runs, widened
from corpus_tools.segmentation.voice.base import FRAME_MS

__all__ = [
    "Floats",
    "Joins",
    "Line",
    "PlanWeights",
    "cumulative_value",
    "depth_in_lines",
    "edge_costs",
    "joins_of",
    "loudness_at_edges",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PlanWeights:
    """Weights of the planner's objective, in seconds of speech.

    Attributes:
        clip: cost of each clip.
        silence: cost of each second of silence in a clip.
        pause: cost of each second by which a pause in a clip exceeds ``free_pause``.
        free_pause: length in seconds up to which a pause is part of speaking.
        dearest_pause: maximum cost of one pause.
        line: cost of joining two subtitle lines.
        speaker: cost of joining two speakers, times the probability of a change if unknown.
        within_line: cost of an edge half a second or more inside a subtitle line.
        cut: cost of an edge in the loudest speech; half of it in the weakest.
        margin: cost of an edge in a pause that touches the clip's own speech.
        neighbour: cost of an edge in a pause that touches the speech outside.
        lead: cost of each square second of silence between an edge and the clip's own speech;
            centres the speech.
        doubtful_speech: added value of each second of speech, at full uncertainty.
        doubtful_silence: value of each second near speech that is not speech, at full uncertainty.
        doubtful_edge: cost of an edge outside speech at full uncertainty, if nearly as loud as
            speech; less where it is quieter.
    """

    clip: float = 0.1
    silence: float = 0.03
    pause: float = 0.5
    free_pause: float = 0.25
    dearest_pause: float = 1.5
    line: float = 0.15
    speaker: float = 1.2
    within_line: float = 0.4
    cut: float = 2.0
    margin: float = 0.3
    neighbour: float = 0.2
    lead: float = 0.02
    doubtful_speech: float = 8.0
    doubtful_silence: float = 4.0
    doubtful_edge: float = 0.5


def cumulative_value(
    speech: NDArray[np.bool_], uncertainty: Floats, weights: PlanWeights
) -> Floats:
    """Return the total value of the frames before each boundary between two frames.

    The value of a clip is the difference between its edges. In a loud background (``uncertainty``)
    some speech is missed: near speech all frames then have a value, and speech has more.
    """
    uncertainty = np.where(widened(speech, _NEARBY, _NEARBY), uncertainty, 0)
    silence = weights.doubtful_silence * uncertainty - weights.silence * (1 - uncertainty)
    value = np.where(speech, 1 + weights.doubtful_speech * uncertainty, silence)
    return np.concatenate(([0.0], np.cumsum(value * (FRAME_MS / 1000))))


def loudness_at_edges(prominence: NDArray[np.float32]) -> Floats:
    """Return the loudness around each boundary of two frames: 0 background, 1 speech.

    It is that of the loudest frame within 40 ms, so that the closure of a plosive is no pause.
    """
    padded = np.pad(prominence, _EDGE_REACH, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _EDGE_REACH)
    loudness: Floats = np.clip(windows.max(axis=1), 0, 1).astype(np.float64)
    return loudness


def edge_costs(
    speech: NDArray[np.bool_],
    loudness: Floats,
    uncertainty: Floats,
    edges: NDArray[np.int64],
    margin: float,
    weights: PlanWeights,
) -> tuple[Floats, Floats]:
    """Return the costs of a clip's left and right edge at each candidate.

    Edges and the preferred silence between an edge and speech (``margin``) are in frames;
    ``loudness`` comes from `loudness_at_edges`.
    """
    to_next, to_last = _distances(speech)
    after, before = to_next[edges], to_last[edges]
    within = (after == 0) & (before == 0)
    cut = weights.cut * (1 + loudness[edges]) / 2
    doubtful = np.append(uncertainty, 0.0)[edges] * np.minimum(loudness[edges] / _AUDIBLE, 1)
    close_after = np.maximum(1 - after / max(margin, 1e-9), 0)
    close_before = np.maximum(1 - before / max(margin, 1e-9), 0)
    left = weights.margin * close_after + weights.neighbour * close_before + _lead(after, weights)
    right = weights.margin * close_before + weights.neighbour * close_after + _lead(before, weights)
    left, right = (side + weights.doubtful_edge * doubtful for side in (left, right))
    return np.where(within, cut, left), np.where(within, cut, right)


def _lead(distance: Floats, weights: PlanWeights) -> Floats:
    seconds = np.minimum(distance * FRAME_MS / 1000, _LONGEST_LEAD)
    costs: Floats = weights.lead * seconds * seconds
    return costs


def _distances(speech: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the frames from each boundary to the next and the last speech; inf if none."""
    length = len(speech)
    places = np.arange(length + 1, dtype=np.float64)
    following = np.full(length + 1, np.inf)
    following[:-1][speech] = places[:-1][speech]
    to_next = np.minimum.accumulate(following[::-1])[::-1] - places
    past = np.full(length + 1, -np.inf)
    past[1:][speech] = places[1:][speech]
    to_last = places - np.maximum.accumulate(past)
    return np.asarray(to_next), np.asarray(to_last)


@dataclass(frozen=True)
class Line:
    """Subtitle line: when it is shown, and its speaker if known.

    Clips should end between two lines, above all where the speaker changes, and not inside a line.
    """

    start_ms: int
    end_ms: int
    speaker: str | None = None


@dataclass(frozen=True)
class Joins:
    """Costs of spanning [start, end) in frames from one side to the other, in order of end."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    cost: Floats

    def within(self, first: int, last: int) -> "Joins":
        """Return the joins in the frames [first, last), counted from ``first``."""
        inside = (self.start >= first) & (self.end <= last)
        return Joins(self.start[inside] - first, self.end[inside] - first, self.cost[inside])

    def cost_ended_before(self, edges: NDArray[np.int64]) -> Floats:
        """Return the cost of all joins that end before each edge."""
        total = np.concatenate(([0.0], np.cumsum(self.cost)))
        costs: Floats = total[np.searchsorted(self.end, edges, side="left")]
        return costs

    def cost_begun_by(self, edges: NDArray[np.int64]) -> Floats:
        """Return the cost of all joins that begin at or before each edge."""
        order = np.argsort(self.start, kind="stable")
        total = np.concatenate(([0.0], np.cumsum(self.cost[order])))
        costs: Floats = total[np.searchsorted(self.start[order], edges, side="right")]
        return costs


def joins_of(activity: Activity, lines: Sequence[Line], weights: PlanWeights) -> Joins:
    """Return the costs of joining speech across pauses and subtitle boundaries.

    Speaker changes at pauses are estimated from sound where subtitles don't name the speakers.
    """
    pauses = [(int(start), int(end)) for start, end in runs(~activity.speech)]
    starts = [start for start, _ in pauses]
    silence = dict(zip(pauses, _pause_costs(pauses, activity, weights), strict=True))
    changes = _change_costs(pauses, activity, weights)
    known: dict[tuple[int, int], float] = {}
    for before, after in itertools.pairwise(_in_order(lines)):
        place = _pause_at((before.end_ms + after.start_ms) // (2 * FRAME_MS), pauses, starts)
        known[place] = known.get(place, 0.0) + weights.line
        if before.speaker and after.speaker:
            changes[place] = 0.0
            if before.speaker != after.speaker:
                known[place] += weights.speaker - weights.line
    ordered = sorted(silence.keys() | known.keys(), key=lambda place: (place[1], place[0]))
    return Joins(
        np.array([start for start, _ in ordered], dtype=np.int64),
        np.array([end for _, end in ordered], dtype=np.int64),
        np.array(
            [sum(cost.get(place, 0.0) for cost in (silence, known, changes)) for place in ordered],
            dtype=np.float64,
        ),
    )


def _pause_costs(
    pauses: Sequence[tuple[int, int]], activity: Activity, weights: PlanWeights
) -> list[float]:
    """Return the cost of each pause for its length, less where it may be missed speech."""
    costs = []
    for start, end in pauses:
        excess = max((end - start) * FRAME_MS / 1000 - weights.free_pause, 0)
        cost = min(excess * weights.pause, weights.dearest_pause)
        uncertainty = (
            0.0 if activity.uncertainty is None else float(activity.uncertainty[start:end].mean())
        )
        costs.append(cost * (1 - uncertainty))
    return costs


def _change_costs(
    pauses: Sequence[tuple[int, int]], activity: Activity, weights: PlanWeights
) -> dict[tuple[int, int], float]:
    """Return the cost of a likely speaker change at each pause between two runs of speech."""
    inner = [(start, end) for start, end in pauses if start > 0 and end < len(activity)]
    changes = change_probabilities(activity.speech, activity.bands)
    costs = (weights.speaker * changes).tolist()
    return dict(zip(inner, costs, strict=True))


def _in_order(lines: Sequence[Line]) -> list[Line]:
    return sorted(set(lines), key=lambda line: (line.start_ms, line.end_ms, line.speaker or ""))


def _pause_at(middle: int, pauses: list[tuple[int, int]], starts: list[int]) -> tuple[int, int]:
    """Return the pause near a frame, or the frame; subtitles change tenths of a second off."""
    at = bisect.bisect_right(starts, middle)
    near = [
        (max(start - middle, middle - end, 0), start, end)
        for start, end in pauses[max(at - 2, 0) : at + 2]
    ]
    distance, start, end = min(near, default=(_NEAR_FRAMES + 1, 0, 0))
    return (start, end) if distance <= _NEAR_FRAMES else (middle, middle)


def depth_in_lines(lines: Sequence[Line], length: int) -> Floats:
    """Return each frame boundary's depth in a line: 0 outside and at ends, 1 from 0.5 s inside."""
    depth = np.zeros(length + 1)
    for line in lines:
        first, last = max(line.start_ms // FRAME_MS, 0), min(line.end_ms // FRAME_MS, length)
        places = np.arange(first, last + 1)
        inside = np.minimum(places - line.start_ms / FRAME_MS, line.end_ms / FRAME_MS - places)
        depth[first : last + 1] = np.maximum(depth[first : last + 1], inside)
    return np.minimum(depth / _DEEP, 1)


_DEEP = 50  # frames inside a line
_NEAR_FRAMES = 40  # distance from a pause at which a subtitle boundary still belongs to it
_NEARBY = 150  # frames from speech within which some may be missed
_AUDIBLE = 0.25  # prominence of the quietest speech
_EDGE_REACH = 4  # frames on either side of an edge that should be quiet
_LONGEST_LEAD = 3.0  # s
