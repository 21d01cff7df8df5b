"""Envelope of a track for drawing: the peak of each hundredth of a second."""

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.levels import Samples

__all__ = ["PER_SECOND", "Envelope"]

PER_SECOND = 100
"""Values per second."""


class Envelope:
    """Envelope of a track that is added block by block.

    Args:
        seconds: duration of the track; parts without a block stay 0.

    Example:
        >>> envelope = Envelope(0.03)
        >>> envelope.add(0, np.full(320, -8192, dtype=np.int16))
        >>> envelope.values.tolist()
        [128, 128, 0]
    """

    def __init__(self, seconds: float) -> None:
        self.values: NDArray[np.uint8] = np.zeros(-(-round(seconds * 1000) // 10), dtype=np.uint8)

    def add(self, start: int, samples: Samples) -> None:
        """Add a block.

        Args:
            start: index of its first sample in the track.
            samples: int16 mono at 16 kHz.
        """
        lead = start % _STEP
        tail = -(lead + len(samples)) % _STEP
        padded = np.pad(np.abs(samples.astype(np.int32)), (lead, tail))
        peaks = padded.reshape(-1, _STEP).max(axis=1) / _FULL_SCALE
        first = start // _STEP
        known = self.values[first : first + len(peaks)]
        heights = np.round(255 * np.sqrt(np.minimum(peaks, 1))).astype(np.uint8)
        np.maximum(known, heights[: len(known)], out=known)


_STEP = SAMPLE_RATE // PER_SECOND
_FULL_SCALE = 32768
