"""Whether two channels cancel out when they are mixed, because one is the other upside down."""

from typing import Any

import numpy as np
from av import AudioFrame
from av.audio.frame import format_dtypes
from numpy.typing import NDArray

__all__ = ["PolarityMeter"]


class PolarityMeter:
    """Compares what two channels have with what is left of them in their mean.

    It looks at a short excerpt of each of the first frames that it is told of, then of one in
    eight, which takes no time to speak of. Frames of one channel, or more than two, don't count.

    Attributes:
        heard: excerpts with sound in them.
        cancelled: those of them whose mean is at least 20 dB below the channels themselves. Of
            channels that have nothing in common it is 3 dB, of an echo or a surround channel now
            and then more.
    """

    def __init__(self) -> None:
        self.excerpts = self.cancelled = 0
        self._frames = 0

    @property
    def share(self) -> float:
        """Share of the sound that cancels out, from 0 to 1."""
        return self.cancelled / self.excerpts if self.excerpts else 0.0

    def add(self, frame: AudioFrame) -> None:
        """Take in a frame before its channels are mixed."""
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
                for channel in _channels(frame, dtype)
            )
            own = float(left @ left + right @ right) / 2
            mixed = float(np.square(left + right).sum()) / 4
        full_scale = 1.0 if dtype.kind == "f" else float(np.iinfo(dtype).max)
        if own > _AUDIBLE * _EXCERPT * full_scale**2:
            self.excerpts += 1
            self.cancelled += mixed < own * _REMAINING


def _channels(frame: AudioFrame, dtype: Any) -> list[NDArray[Any]]:
    """Return views of a frame's two channels."""
    if frame.format.is_planar:
        return [np.frombuffer(plane, dtype, frame.samples) for plane in frame.planes]
    both = np.frombuffer(frame.planes[0], dtype, 2 * frame.samples)
    return [both[::2], both[1::2]]


_ALL_OF_FIRST, _EVERY = 64, 8  # frames
_EXCERPT = 2048  # samples of a frame
_AUDIBLE = 10 ** (-50 / 10)  # mean square, 1.0 is full scale
_REMAINING = 10 ** (-20 / 10)
