"""What a plan of cuts is worth: the speech in its clips, and where their edges lie."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, widened

__all__ = ["Floats", "PlanWeights", "cumulative_value", "edge_costs", "loudness_at_edges"]

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
        doubtful_speech: what each second of speech is worth besides, in full uncertainty.
        doubtful_silence: what each second near speech is worth there that is not called speech.
        doubtful_edge: for an edge where it is not called speech, in full uncertainty, if it is nearly
            loud enough; less where it is quieter.
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
    """Return what all that lies before each place between two frames is worth in a clip.

    A clip's worth is the difference between its edges. Where the background is loud, some of what
    is not called speech is speech; so near speech all is worth having, and speech is dear.

    Args:
        speech: where somebody speaks.
        uncertainty: as in `Activity`.
        weights: ``silence``, ``doubtful_speech`` and ``doubtful_silence``.
    """
    uncertainty = np.where(widened(speech, _NEARBY, _NEARBY), uncertainty, 0)
    silence = weights.doubtful_silence * uncertainty - weights.silence * (1 - uncertainty)
    worth = np.where(speech, 1 + weights.doubtful_speech * uncertainty, silence)
    return np.concatenate(([0.0], np.cumsum(worth * (FRAME_MS / 1000))))


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
    uncertainty: Floats,
    edges: NDArray[np.int64],
    margin: float,
    weights: PlanWeights,
) -> tuple[Floats, Floats]:
    """Return what a clip's left edge, and its right edge, cost at each place.

    Args:
        speech: where somebody speaks.
        loudness: as from `loudness_at_edges`.
        uncertainty: as in `Activity`.
        edges: places, in frames.
        margin: frames of silence wanted between an edge and speech.
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


_NEARBY = 150  # frames from speech in which more of it may be
_AUDIBLE = 0.25  # prominence from which it is speech
_EDGE_REACH = 4  # frames on either side of an edge that should be weak
_LONGEST_LEAD = 3.0  # s
