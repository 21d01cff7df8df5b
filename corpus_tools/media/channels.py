"""Excerpts of both channels of a track, to tell whether they hold two programmes."""

from typing import Any

import numpy as np
import soxr
from av import AudioFrame
from av.audio.frame import format_dtypes
from numpy.typing import NDArray

from corpus_tools.media.polarity import PolarityMeter, channels_of
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import FULL_SCALE, Samples

__all__ = ["ChannelMeter"]


class ChannelMeter(PolarityMeter):
    """Collects ``pairs`` of excerpts, of at most a second, from all over a track of two channels.

    Each is left and right, int16 at `SAMPLE_RATE`. Memory doesn't grow with the track's length: of
    many pairs every second is dropped, and taken from then on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[Samples, Samples]] = []
        self._seen, self._every = 0, 1

    def add(self, frame: AudioFrame) -> None:
        """Add a frame, before its channels are mixed."""
        super().add(frame)
        if frame.layout.nb_channels != 2:
            return
        self._seen += 1
        if self._seen % self._every:
            return
        dtype = np.dtype(format_dtypes.get(frame.format.name, "u1"))
        left, right = (
            _excerpt(side[: frame.sample_rate], frame.sample_rate)
            for side in channels_of(frame, dtype)
        )
        self.pairs.append((left, right))
        if len(self.pairs) >= _MOST:
            self.pairs, self._every = self.pairs[1::2], 2 * self._every


def _excerpt(side: NDArray[Any], rate: int) -> Samples:
    """Return samples of any type and rate as int16 at `SAMPLE_RATE`."""
    scale = 1.0 if side.dtype.kind == "f" else float(np.iinfo(side.dtype).max + 1)
    values = side.astype(np.float32) / scale
    if side.dtype.kind == "u":
        values = 2 * values - 1
    values = soxr.resample(np.nan_to_num(values, nan=0, posinf=0, neginf=0), rate, SAMPLE_RATE)
    samples: Samples = np.clip(np.rint(values * FULL_SCALE), -32768, 32767).astype(np.int16)
    return samples


_MOST = 96  # pairs, 6 MB
