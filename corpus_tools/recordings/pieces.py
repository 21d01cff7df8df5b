"""Smallest pieces of speech in a take, divided at pauses and at weak places."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, Activity, runs

__all__ = ["speech_pieces"]


def speech_pieces(activity: Activity) -> NDArray[np.intp]:
    """Return the start and end of each piece of speech, in order of time.

    Speech is divided at pauses, and within stretches of speech at places so weak that one line may
    end and the next begin there without a pause.

    Args:
        activity: voice activity of the take.

    Returns:
        Milliseconds, shape (pieces, 2).
    """
    pieces: list[tuple[int, int]] = []
    level = np.convolve(np.pad(activity.prominence, _SMOOTH // 2, mode="edge"), _KERNEL, "valid")
    for start, end in runs(activity.speech):
        edges = [int(start), *_weak_places(level, int(start), int(end)), int(end)]
        pieces += pairwise(edges)
    return np.array(pieces, dtype=np.intp).reshape(-1, 2) * FRAME_MS


def _weak_places(level: NDArray[np.float64], start: int, end: int) -> list[int]:
    """Return the frames that divide a stretch of speech, choosing the weakest places first."""
    inside = np.arange(start + _SHORTEST, end - _SHORTEST + 1)
    if not len(inside):
        return []
    least = (level[inside] <= level[inside - 1]) & (level[inside] < level[inside + 1])
    chosen: list[int] = []
    for at in sorted(inside[least], key=lambda frame: (level[frame], frame)):
        if level[at] > _WEAK:
            break
        if all(abs(at - other) >= _SHORTEST for other in chosen):
            chosen.append(int(at))
    return sorted(chosen)


_SHORTEST = 20  # frames between a weak place and the next edge
_WEAK = 0.45  # prominence below which a stretch may be divided
_SMOOTH = 3  # frames
_KERNEL = np.full(_SMOOTH, 1 / _SMOOTH)
