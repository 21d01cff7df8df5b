"""Cuts at the edges between adjacent manual regions of different speakers."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, runs
from corpus_tools.segmentation.choices import Choices
from corpus_tools.segmentation.planning import Cut, Line
from manifests.records import Choice, SubtitleLine

__all__ = ["prefer_covering_cuts", "with_region_edges"]


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
    """Return the cuts planned with region edges, except where they lose speech of a region.

    Each part between closed frames is decided separately.

    Args:
        plain: cuts planned without the speakers of regions.
        careful: cuts planned with them.
        speech: whether somebody speaks in each frame.
        closed: frames that no clip may touch.
        choices: manual regions of the source.
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
