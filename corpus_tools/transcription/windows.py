"""Windows: consecutive clips of a source, heard by a recogniser as one stretch of sound."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.decode import SAMPLE_RATE
from manifests.records import Clip

__all__ = ["MAX_WINDOW_S", "WINDOW_VERSION", "ClipSpan", "join_clips", "plan_windows"]

WINDOW_VERSION = 1
"""Raised whenever the same clips would be heard otherwise."""

MAX_WINDOW_S = 30.0
"""Seconds that a window may last; Whisper hears no more at once."""

ClipSpan = tuple[float, float]
"""Where a clip lies in its window: seconds from the window's beginning."""


def plan_windows(clips: Sequence[Clip], longest: float = MAX_WINDOW_S) -> list[list[Clip]]:
    """Return the clips of a source in windows, in the order of time.

    A window takes clips as long as they fit with the silence between them, so it ends at the edge
    of a clip, which lies in a pause. A clip that is longer than a window has one to itself.

    Args:
        clips: of one source, in any order.
        longest: seconds that a window may last.
    """
    windows: list[list[Clip]] = []
    seconds = 0.0
    for clip in sorted(clips, key=lambda one: (one.start, one.end, one.clip_id)):
        silence = _silence(windows[-1][-1], clip) if windows else 0.0
        seconds += silence + clip.duration
        if windows and seconds <= longest:
            windows[-1].append(clip)
        else:
            windows.append([clip])
            seconds = clip.duration
    return windows


def join_clips(
    clips: Sequence[Clip], waves: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], list[ClipSpan]]:
    """Return a window's sound, and where each clip lies in it.

    Clips that follow each other without a gap are joined as they were in the film. Of what was
    said between others there is no recording in the corpus: a gap becomes silence, and a long one
    is shortened to 0.5 s, which is pause enough to hear two sentences and leaves room for speech.

    Args:
        clips: of a window, in the order of time.
        waves: their samples at 16 kHz; shape (samples,) each.
    """
    silences = [0.0, *(_silence(one, other) for one, other in pairwise(clips))]
    parts: list[NDArray[np.float32]] = []
    spans: list[ClipSpan] = []
    position = 0
    for silence, wave in zip(silences, waves, strict=True):
        gap = round(silence * SAMPLE_RATE)
        spans.append(((position + gap) / SAMPLE_RATE, (position + gap + len(wave)) / SAMPLE_RATE))
        parts += [np.zeros(gap, np.float32), wave]
        position += gap + len(wave)
    return np.concatenate(parts), spans


def _silence(one: Clip, other: Clip) -> float:
    """Return the seconds of silence that stand for what lies between two clips."""
    return min(max(other.start - one.end, 0.0), _MOST_SILENCE)


_MOST_SILENCE = 0.5  # seconds
