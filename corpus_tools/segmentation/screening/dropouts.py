"""Detection of dropouts, as lost packets, bad cables and hard edits leave them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples, frame_powers
from corpus_tools.segmentation.voice.activity import runs

__all__ = ["dropout_count"]


def dropout_count(samples: Samples) -> int:
    """Return the number of dropouts of 10 to 300 ms in a clip.

    A dropout begins and ends within a few milliseconds in the middle of sound and is unlike any
    pause of the clip: all its samples are equal, or it lies 15 dB below the clip's quietest tenth,
    as dropouts do that a lossy codec has blurred. The closure of a plosive, which has room tone, is
    no dropout; nor is a pause that fades to digital silence.

    Example:
        >>> tone = (3000 * np.sin(np.arange(16_000) / 5)).astype(np.int16)
        >>> broken = tone.copy()
        >>> broken[8_000:8_800] = 0
        >>> dropout_count(tone), dropout_count(broken)
        (0, 1)
    """
    power = frame_powers(samples, _FRAME)
    if len(power) < _LONGEST:
        return 0
    quiet = np.percentile(power, 10)
    faint = runs((power < _QUIETER * quiet) & (quiet > _AUDIBLE)) * _FRAME
    constant = _constant_runs(samples)
    dropouts = [
        (start, end)
        for start, end in [*_of_fitting_length(constant), *_of_fitting_length(faint)]
        if _abrupt(samples, start, end)
    ]
    return _count_separate(dropouts)


def _count_separate(ranges: Sequence[tuple[int, int]]) -> int:
    """Return the number of ranges, counting those that touch or overlap as one."""
    count = reach = 0
    for start, end in sorted(ranges):
        if not count or start > reach:
            count += 1
        reach = max(reach, end)
    return count


def _constant_runs(samples: Samples) -> NDArray[np.intp]:
    """Return the [start, end) of each run of equal samples, if any run fills a frame."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    maybe = frames[frames[:, 0] == frames[:, _PROBE]]
    if not (maybe[:, :1] == maybe).all(axis=1).any():
        return np.zeros((0, 2), dtype=np.intp)
    still = runs(np.diff(samples) == 0)
    still[:, 1] += 1
    return still


def _of_fitting_length(ranges: NDArray[np.intp]) -> NDArray[np.intp]:
    length = ranges[:, 1] - ranges[:, 0]
    fitting = (length >= _SHORTEST * _FRAME) & (length <= _LONGEST * _FRAME)
    return ranges[fitting]


def _abrupt(samples: Samples, start: int, end: int) -> bool:
    """Return whether there is sound right before and after a range, without a fade."""
    sides = samples[max(start - _SIDE, 0) : start][::-1], samples[end : end + _SIDE]
    return all(_stops(side) for side in sides)


def _stops(side: Samples) -> bool:
    """Return whether sound reaches the start of ``side``, where the dropout is."""
    if len(side) < _SIDE:
        return False
    power = frame_powers(side, _FRAME)
    return float(power.mean()) > _LOUD and float(power[0]) > _NO_FADE * float(power.mean())


_FRAME = SAMPLE_RATE * 5 // 1000
_PROBE = 7  # sample of a frame that is compared first
_SHORTEST, _LONGEST = 2, 60  # frames
_SIDE = 4 * _FRAME
_QUIETER = 10 ** (-15 / 10)
_AUDIBLE = 10 ** (-75 / 10)
_LOUD = 10 ** (-45 / 10)
_NO_FADE = 10 ** (-9 / 10)
