"""What a plan of cuts pays for: pauses and boundaries joined in a clip, and where edges lie."""

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, Activity, runs
from corpus_tools.segmentation.changes import change_probabilities

__all__ = [
    "Floats",
    "Joins",
    "Line",
    "PlanWeights",
    "depth_in_lines",
    "edge_costs",
    "joins_of",
    "loudness_at_edges",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PlanWeights:
    """What the plan pays for, in seconds of speech.

    Attributes:
        clip: for each clip.
        silence: for each second of silence in a clip.
        pause: for each second that a pause inside a clip lasts longer than ``free_pause``.
        free_pause: seconds; a shorter pause is part of speaking.
        dearest_pause: most that one pause can cost.
        line: for joining two subtitle lines.
        speaker: for joining lines of two speakers; times its probability where they aren't known.
        within_line: for an edge half a second or more inside a subtitle line.
        cut: for an edge in the midst of the loudest speech; half of it at the weakest point.
        margin: for an edge in a pause that touches the clip's own speech.
        neighbour: for an edge in a pause that touches the speech outside.
        lead: for each square second of silence between an edge and the clip's own speech; makes
            the speech lie in the middle.
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


@dataclass(frozen=True)
class Line:
    """A subtitle line: when it is shown, and who says it if that is known.

    Clips had better end between two lines, all the more if the speaker changes there, and not
    inside one.
    """

    start_ms: int
    end_ms: int
    speaker: str | None = None


@dataclass(frozen=True)
class Joins:
    """What it costs a clip to reach over a stretch on both sides; frames, in order of end."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    cost: Floats

    def within(self, first: int, last: int) -> "Joins":
        """Return those that lie in the frames [first, last), counted from ``first``."""
        inside = (self.start >= first) & (self.end <= last)
        return Joins(self.start[inside] - first, self.end[inside] - first, self.cost[inside])

    def ended(self, edges: NDArray[np.int64]) -> Floats:
        """Return the cost of all joins that end before each edge."""
        total = np.concatenate(([0.0], np.cumsum(self.cost)))
        costs: Floats = total[np.searchsorted(self.end, edges, side="left")]
        return costs

    def begun(self, edges: NDArray[np.int64]) -> Floats:
        """Return the cost of all joins that begin at or before each edge."""
        order = np.argsort(self.start, kind="stable")
        total = np.concatenate(([0.0], np.cumsum(self.cost[order])))
        costs: Floats = total[np.searchsorted(self.start[order], edges, side="right")]
        return costs


def joins_of(activity: Activity, lines: Sequence[Line], weights: PlanWeights) -> Joins:
    """Return what it costs a clip to join what pauses, or the ends of subtitle lines, separate.

    Whether the speaker changes at a pause is estimated from the sound, unless subtitles tell.
    """
    pauses = [(int(start), int(end)) for start, end in runs(~activity.speech)]
    starts = [start for start, _ in pauses]
    silence = dict(zip(pauses, _pause_costs(pauses, weights), strict=True))
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


def _pause_costs(pauses: Sequence[tuple[int, int]], weights: PlanWeights) -> list[float]:
    lengths = [(end - start) * FRAME_MS / 1000 for start, end in pauses]
    excesses = [max(length - weights.free_pause, 0) for length in lengths]
    return [min(excess * weights.pause, weights.dearest_pause) for excess in excesses]


def _change_costs(
    pauses: Sequence[tuple[int, int]], activity: Activity, weights: PlanWeights
) -> dict[tuple[int, int], float]:
    """Return what a likely change of speaker costs at each pause between two runs of speech."""
    inner = [(start, end) for start, end in pauses if start > 0 and end < len(activity)]
    chances = change_probabilities(activity.speech, activity.bands)
    costs = (weights.speaker * chances).tolist()
    return dict(zip(inner, costs, strict=True))


def _in_order(lines: Sequence[Line]) -> list[Line]:
    return sorted(set(lines), key=lambda line: (line.start_ms, line.end_ms, line.speaker or ""))


def _pause_at(middle: int, pauses: list[tuple[int, int]], starts: list[int]) -> tuple[int, int]:
    """Return the pause that lies at a frame or near, or the frame itself where there is none.

    Subtitles come and go some tenths of a second off the speech.
    """
    at = bisect.bisect_right(starts, middle)
    near = [
        (max(start - middle, middle - end, 0), start, end)
        for start, end in pauses[max(at - 2, 0) : at + 2]
    ]
    distance, start, end = min(near, default=(_NEAR_FRAMES + 1, 0, 0))
    return (start, end) if distance <= _NEAR_FRAMES else (middle, middle)


def depth_in_lines(lines: Sequence[Line], length: int) -> Floats:
    """Return how deep each place between two of ``length`` frames lies in a subtitle line.

    0 at the line's ends and outside, 1 from half a second inside.
    """
    depth = np.zeros(length + 1)
    for line in lines:
        first, last = max(line.start_ms // FRAME_MS, 0), min(line.end_ms // FRAME_MS, length)
        places = np.arange(first, last + 1)
        inside = np.minimum(places - line.start_ms / FRAME_MS, line.end_ms / FRAME_MS - places)
        depth[first : last + 1] = np.maximum(depth[first : last + 1], inside)
    return np.minimum(depth / _DEEP, 1)


def loudness_at_edges(prominence: NDArray[np.float32]) -> Floats:
    """Return how loud it is around each place between two frames: 0 background, 1 speech.

    The loudest frame within 40 ms counts, so that the closure of a plosive is no pause.
    """
    padded = np.pad(prominence, _EDGE_REACH, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _EDGE_REACH)
    loudness: Floats = np.clip(windows.max(axis=1), 0, 1).astype(np.float64)
    return loudness


def edge_costs(
    speech: NDArray[np.bool_],
    loudness: Floats,
    edges: NDArray[np.int64],
    margin: float,
    weights: PlanWeights,
) -> tuple[Floats, Floats]:
    """Return what a clip's left edge, and its right edge, cost at each place.

    Args:
        speech: where somebody speaks.
        loudness: as from `loudness_at_edges`.
        edges: places, in frames.
        margin: frames of silence wanted between an edge and speech.
        weights: ``cut``, ``margin``, ``neighbour`` and ``lead``.
    """
    to_next, to_last = _distances(speech)
    after, before = to_next[edges], to_last[edges]
    within = (after == 0) & (before == 0)
    cut = weights.cut * (1 + loudness[edges]) / 2
    close_after = np.maximum(1 - after / max(margin, 1e-9), 0)
    close_before = np.maximum(1 - before / max(margin, 1e-9), 0)
    left = weights.margin * close_after + weights.neighbour * close_before + _lead(after, weights)
    right = weights.margin * close_before + weights.neighbour * close_after + _lead(before, weights)
    return np.where(within, cut, left), np.where(within, cut, right)


def _lead(distance: Floats, weights: PlanWeights) -> Floats:
    seconds = np.minimum(distance * FRAME_MS / 1000, _LONGEST_LEAD)
    costs: Floats = weights.lead * seconds * seconds
    return costs


def _distances(speech: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the frames from each edge to the speech after it, and before it; inf where none is."""
    length = len(speech)
    places = np.arange(length + 1, dtype=np.float64)
    following = np.full(length + 1, np.inf)
    following[:-1][speech] = places[:-1][speech]
    to_next = np.minimum.accumulate(following[::-1])[::-1] - places
    past = np.full(length + 1, -np.inf)
    past[1:][speech] = places[1:][speech]
    to_last = places - np.maximum.accumulate(past)
    return np.asarray(to_next), np.asarray(to_last)


_EDGE_REACH = 4  # frames on either side of an edge that should be weak
_DEEP = 50  # frames inside a line
_NEAR_FRAMES = 40  # how far off the speech a subtitle may be
_LONGEST_LEAD = 3.0  # s
