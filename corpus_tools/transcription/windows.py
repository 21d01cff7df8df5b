"""Windows: consecutive clips of a source, transcribed together."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.resample import SAMPLE_RATE
from manifests.storage.records import Clip

__all__ = ["MAX_WINDOW_S", "WINDOW_VERSION", "ClipSpan", "join_clips", "plan_windows"]

WINDOW_VERSION = 3
"""Version of the algorithm, raised whenever clips are joined or words assigned differently."""

MAX_WINDOW_S = 30.0
"""Maximum duration of a window in seconds, that of Whisper's input."""

ClipSpan = tuple[float, float]
"""Start and end of a clip in seconds from the beginning of its window."""


def plan_windows(clips: Sequence[Clip], longest: float = MAX_WINDOW_S) -> list[list[Clip]]:
    """Group the clips of a source into windows of at most ``longest`` seconds, in order of time.

    A window takes as many clips as fit with the silence between them. A clip that is longer than a
    window has one to itself.
    """
    windows: list[list[Clip]] = []
    seconds = 0.0
    for clip in sorted(clips, key=lambda one: (one.start, one.end, one.clip_id)):
        silence = _silence_between(windows[-1][-1], clip) if windows else 0.0
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
    """Join the samples (16 kHz) of a window's clips in order, and return the span of each clip too.

    Adjacent clips are joined as in the film. The sound between other clips isn't in the corpus: a
    gap becomes silence of at most 0.5 s, enough to separate two sentences.
    """
    silences = [0.0, *(_silence_between(one, other) for one, other in pairwise(clips))]
    parts: list[NDArray[np.float32]] = []
    spans: list[ClipSpan] = []
    position = 0
    for silence, wave in zip(silences, waves, strict=True):
        gap = round(silence * SAMPLE_RATE)
        spans.append(((position + gap) / SAMPLE_RATE, (position + gap + len(wave)) / SAMPLE_RATE))
        parts += [np.zeros(gap, np.float32), wave]
        position += gap + len(wave)
    return np.concatenate(parts), spans


def _silence_between(one: Clip, other: Clip) -> float:
    """Return the seconds of silence that replace the sound between two clips."""
    return min(max(other.start - one.end, 0.0), _MOST_SILENCE)


_MOST_SILENCE = 0.5  # seconds
