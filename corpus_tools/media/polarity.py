"""Detection of two channels in opposite polarity, which cancel out when they are mixed."""

from typing import Any

import numpy as np
from av import AudioFrame
from av.audio.frame import format_dtypes
from numpy.typing import NDArray

__all__ = ["PolarityMeter", "channels_of"]


class PolarityMeter:
    """Compares the power of two channels with that of their mean; other frames don't count.

    Measures a short excerpt of each of the first frames, then of every eighth, which costs hardly
    any time. ``excerpts`` counts those that aren't silent, ``cancelled`` those in which the mean is
    at least 20 dB below the channels. For unrelated channels it is 3 dB below, for an echo or a
    surround channel sometimes more.
    """

    def __init__(self) -> None:
        self.excerpts = self.cancelled = 0
        self._frames = 0

    @property
    def share(self) -> float:
        """Share of the sound that cancels out, from 0 to 1."""
        return self.cancelled / self.excerpts if self.excerpts else 0.0

    def add(self, frame: AudioFrame) -> None:
        """Add a frame, before its channels are mixed."""
        self._frames += 1
        if self._frames > _ALL_OF_FIRST and self._frames % _EVERY:
            return
        dtype = np.dtype(format_dtypes.get(frame.format.name, "u1"))
        if frame.layout.nb_channels != 2 or frame.samples < _EXCERPT or dtype.kind == "u":
            return
        start = (frame.samples - _EXCERPT) // 2
        with np.errstate(over="ignore", invalid="ignore"):
            left, right = (
                channel[start : start + _EXCERPT].astype(np.float32)
                for channel in channels_of(frame, dtype)
            )
            separate = float(left @ left + right @ right) / 2
            mixed = float(np.square(left + right).sum()) / 4
        full_scale = 1.0 if dtype.kind == "f" else float(np.iinfo(dtype).max)
        if separate > _AUDIBLE * _EXCERPT * full_scale**2:
            self.excerpts += 1
            self.cancelled += mixed < separate * _REMAINING


def channels_of(frame: AudioFrame, dtype: Any) -> list[NDArray[Any]]:
    """Return views of a frame's two channels."""
    if frame.format.is_planar:
        return [np.frombuffer(plane, dtype, frame.samples) for plane in frame.planes]
    interleaved = np.frombuffer(frame.planes[0], dtype, 2 * frame.samples)
    return [interleaved[::2], interleaved[1::2]]


_ALL_OF_FIRST, _EVERY = 64, 8  # frames
_EXCERPT = 2048  # samples measured of a frame
_AUDIBLE = 10 ** (-50 / 10)  # mean square, 1.0 is full scale
_REMAINING = 10 ** (-20 / 10)
