"""Costs of spanning pauses, subtitle boundaries and speaker changes."""

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, Activity, runs
from corpus_tools.segmentation.changes import change_probabilities
from corpus_tools.segmentation.plan_costs import Floats, PlanWeights

__all__ = ["Joins", "Line", "depth_in_lines", "joins_of"]


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

    Speaker changes at pauses are estimated from the sound where subtitles don't name the speakers.
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
    """Return the pause at or near a frame, or the frame itself if there is none.

    Subtitles appear and disappear some tenths of a second off the speech.
    """
    at = bisect.bisect_right(starts, middle)
    near = [
        (max(start - middle, middle - end, 0), start, end)
        for start, end in pauses[max(at - 2, 0) : at + 2]
    ]
    distance, start, end = min(near, default=(_NEAR_FRAMES + 1, 0, 0))
    return (start, end) if distance <= _NEAR_FRAMES else (middle, middle)


def depth_in_lines(lines: Sequence[Line], length: int) -> Floats:
    """Return the depth in a subtitle line of each boundary between two of ``length`` frames.

    It is 0 outside a line and at its ends, and 1 from half a second inside.
    """
    depth = np.zeros(length + 1)
    for line in lines:
        first, last = max(line.start_ms // FRAME_MS, 0), min(line.end_ms // FRAME_MS, length)
        places = np.arange(first, last + 1)
        inside = np.minimum(places - line.start_ms / FRAME_MS, line.end_ms / FRAME_MS - places)
        depth[first : last + 1] = np.maximum(depth[first : last + 1], inside)
    return np.minimum(depth / _DEEP, 1)


_DEEP = 50  # frames inside a line
_NEAR_FRAMES = 40  # distance from a pause at which a subtitle boundary still belongs to it
