"""Objective of the cut planner: value of the speech in clips, and costs of their edges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, widened

__all__ = ["Floats", "PlanWeights", "cumulative_value", "edge_costs", "loudness_at_edges"]

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

    The value of a clip is the difference between its edges. In a loud background some speech is
    missed: near speech all frames then have a value, and speech has more.

    Args:
        speech: whether somebody speaks in each frame.
        uncertainty: as in `Activity`.
        weights: ``silence``, ``doubtful_speech`` and ``doubtful_silence``.
    """
    uncertainty = np.where(widened(speech, _NEARBY, _NEARBY), uncertainty, 0)
    silence = weights.doubtful_silence * uncertainty - weights.silence * (1 - uncertainty)
    value = np.where(speech, 1 + weights.doubtful_speech * uncertainty, silence)
    return np.concatenate(([0.0], np.cumsum(value * (FRAME_MS / 1000))))


def loudness_at_edges(prominence: NDArray[np.float32]) -> Floats:
    """Return the loudness around each boundary between two frames: 0 background, 1 speech.

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
    """Return the costs of a clip's left edge and right edge at each candidate.

    Args:
        speech: whether somebody speaks in each frame.
        loudness: as from `loudness_at_edges`.
        uncertainty: as in `Activity`.
        edges: candidate edges, in frames.
        margin: preferred silence between an edge and speech, in frames.
        weights: ``cut``, ``margin``, ``neighbour``, ``lead`` and ``doubtful_edge``.
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


_NEARBY = 150  # frames from speech within which some may be missed
_AUDIBLE = 0.25  # prominence of the quietest speech
_EDGE_REACH = 4  # frames on either side of an edge that should be quiet
_LONGEST_LEAD = 3.0  # s
