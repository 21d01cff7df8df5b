"""Where two stretches meet that a person kept for different speakers."""

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
    """Return subtitles as a plan takes them, with the borders between kept stretches among them.

    A border is two lines of no length, so that it costs to join its sides but not to cut near it.
    Subtitles in a stretch are its speaker's. Without borders there are but the subtitles.
    """
    borders = [
        Line(place, place, speaker)
        for before, after in itertools.pairwise(_kept(choices))
        for place in _border(before, after)
        for speaker in (before.speaker, after.speaker)
    ]
    minded = choices if borders else Choices()
    return [*(_line(line, minded) for line in lines), *borders]


def prefer_covering_cuts(
    plain: Sequence[Cut],
    careful: Sequence[Cut],
    speech: NDArray[np.bool_],
    closed: NDArray[np.bool_],
    choices: Choices,
) -> list[Cut]:
    """Return careful cuts, and plain ones wherever these keep more of the speech in some stretch.

    Args:
        plain: cuts planned as if no stretch had a speaker.
        careful: those that mind the borders.
        speech: where somebody speaks, by frame.
        closed: frames that no clip touches; what lies between them is settled by itself.
        choices: what a person kept.
    """
    found: list[Cut] = []
    gained = _covered(careful, speech).astype(np.int64) - _covered(plain, speech)
    rows = [(_frame(row.start), _frame(row.end)) for row in _kept(choices)]
    for first, last in runs(~closed):
        parts = (gained[max(start, first) : min(end, last)] for start, end in rows)
        better = plain if any(part.sum() < 0 for part in parts) else careful
        span = Cut(int(first) * FRAME_MS, int(last) * FRAME_MS)
        found += [cut for cut in better if span.start_ms <= cut.start_ms < span.end_ms]
    return found


def _line(line: SubtitleLine, choices: Choices) -> Line:
    told = choices.speakers(line.start, line.end)
    speaker = told.pop() if len(told) == 1 else line.speaker
    return Line(round(line.start * 1000), round(line.end * 1000), speaker)


def _kept(choices: Choices) -> list[Choice]:
    return [row for row in choices.regions if row.decision == "keep"]


def _border(before: Choice, after: Choice) -> list[int]:
    """Return where two stretches meet, in milliseconds; nothing if they don't, or needn't."""
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
