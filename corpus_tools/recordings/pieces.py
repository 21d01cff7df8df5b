"""The smallest pieces of speech that a take is made of, between pauses and weak places."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, Activity, runs

__all__ = ["pieces_of"]


def pieces_of(activity: Activity) -> NDArray[np.intp]:
    """Return where the pieces of speech begin and end, in order of time.

    Stretches of speech end at pauses; within them lie further edges at places that are weak enough
    for one line to end and the next to begin there without a pause.

    Args:
        activity: of the take.

    Returns:
        Milliseconds, shape (pieces, 2).
    """
    found: list[tuple[int, int]] = []
    level = np.convolve(np.pad(activity.prominence, _SMOOTH // 2, mode="edge"), _KERNEL, "valid")
    for start, end in runs(activity.speech):
        edges = [int(start), *_weak_places(level, int(start), int(end)), int(end)]
        found += pairwise(edges)
    return np.array(found, dtype=np.intp).reshape(-1, 2) * FRAME_MS


def _weak_places(level: NDArray[np.float64], start: int, end: int) -> list[int]:
    """Return the frames at which a stretch of speech may be divided, weakest first chosen."""
    inside = np.arange(start + _SHORTEST, end - _SHORTEST + 1)
    if not len(inside):
        return []
    least = (level[inside] <= level[inside - 1]) & (level[inside] < level[inside + 1])
    chosen: list[int] = []
    for at in sorted(inside[least], key=lambda one: (level[one], one)):
        if level[at] > _WEAK:
            break
        if all(abs(at - one) >= _SHORTEST for one in chosen):
            chosen.append(int(at))
    return sorted(chosen)


_SHORTEST = 20  # frames of a piece that a weak place cuts off
_WEAK = 0.45  # prominence at which a stretch may be divided
_SMOOTH = 3  # frames
_KERNEL = np.full(_SMOOTH, 1 / _SMOOTH)
