"""Conversion of decoded frames to 16 kHz mono, and their place on the file's timeline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import soxr
from av import AudioFrame, AudioResampler
from av.audio.fifo import AudioFifo
from av.error import FFmpegError
from numpy.typing import NDArray

from corpus_tools.media.errors import LongMediaError, MediaError
from corpus_tools.media.polarity import PolarityMeter
from corpus_tools.media.samples import Samples
from manifests.storage.records import Channel

__all__ = ["SAMPLE_RATE", "Clock", "Converter"]

SAMPLE_RATE = 16_000
"""Sample rate of all clips, in Hz."""


class Clock:
    """Places one decoded frame after the other on the timeline.

    Where time stamps jump back by more than a second or ahead by more than an hour (a spliced
    recording, an overflowed counter, a wrong stamp), the timeline goes on from where it is: no gap
    is inserted and no sound is lost. In seconds: ``origin``, the time stamp at which players start
    the file; ``position``, timeline so far; ``stamp``, end of the last frame by its own time stamp.
    """

    def __init__(self, origin: float) -> None:
        self.position = self.stamp = 0.0
        self._start = self._origin = origin

    def advance(self, frame: AudioFrame) -> int:
        """Move past a frame and return the number of zero samples to insert before it.

        It is -1 if the frame repeats what was decoded already. `LongMediaError` if the timeline
        gets longer than a clip's id can express.
        """
        length = frame.samples / frame.sample_rate
        time = frame.time
        skip = 0
        if time is not None:
            self.stamp = time - self._start + length
            missing = time - self._origin - self.position
            if not -_TOLERANCE <= missing <= _TOLERANCE:
                skip = self._skip(missing, length)
                if skip < 0:
                    return skip
        self.position += length + skip / SAMPLE_RATE
        if self.position > _LONGEST:
            raise LongMediaError(
                f"lasts longer than {_LONGEST // 3600} h by its time stamps; split it into files"
            )
        return skip

    def _skip(self, missing: float, length: float) -> int:
        """Return the result of `advance` for a frame that doesn't follow directly on the last."""
        if not -_REPEATED <= missing <= _LONGEST_GAP:
            self._origin += missing
            return 0
        if missing > 0:
            return round(missing * SAMPLE_RATE)
        return -1 if missing < -length else 0


_TOLERANCE = 0.05  # s; time stamps of some containers are rounded to whole milliseconds or worse
_REPEATED = 1.0  # s; packets of a stream may overlap by this much
_LONGEST_GAP = 3600  # s
_LONGEST = 27 * 3600  # s; a clip's id has 8 digits of milliseconds


class Converter:
    """Mixes channels so that nothing can clip, then resamples.

    Two channels are averaged, unless one of them is wanted. libswresample mixes more of them, with
    weights that add up to at most 1, and converts integer formats. libsoxr resamples: it passes
    7 kHz (with a loss below 0.1 dB) and attenuates what lies above 8.2 kHz by more than 120 dB. NaN
    become silence and infinite samples full scale, but silence where no sample is finite for 10 ms.

    Attributes:
        unreal_seconds: duration of the samples so far that were not finite numbers.
        holes: ranges of 10 ms or more without a finite number, as [start, end) in samples of the
            whole output; a caller may remove those that it has used.
    """

    def __init__(
        self, polarity: PolarityMeter | None = None, channel: Channel | None = None
    ) -> None:
        self._polarity = polarity
        self._channel = channel
        self._fifo: Any = None
        self._mixer: Any = None
        self._resampler: Any = None
        self._rate = SAMPLE_RATE
        self._output_length = self._output_start = self._mixed_length = 0
        self.unreal_seconds = 0.0
        self.holes: list[tuple[int, int]] = []

    def convert(self, frame: AudioFrame) -> Sequence[Samples]:
        """Return the output for a frame, which may differ in format from the one before."""
        frame.pts = None
        if self._fifo is None:
            self._begin(frame)
        try:
            self._fifo.write(frame)
        except ValueError:  # another format
            return [*self.flush(), *self.convert(frame)]
        if self._fifo.samples < _CHUNK:
            return ()
        return (self._resampled(self._mixed(self._fifo.read())),)

    def flush(self) -> Sequence[Samples]:
        """Return the rest of the output, from queue and filter, and reset the converter."""
        if self._fifo is None:
            return ()
        rest = self._mixed(self._fifo.read() if self._fifo.samples else None)
        self._fifo = None
        return (self._resampled(rest, last=True),)

    def _begin(self, frame: AudioFrame) -> None:
        rate = frame.sample_rate
        if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
            raise MediaError(
                f"has a sample rate of {rate} Hz, which no recording has; it is damaged"
            )
        self._fifo = AudioFifo()
        self._rate = rate
        self._output_start, self._mixed_length = self._output_length, 0
        plain = frame.format.name == "fltp" and frame.layout.nb_channels <= 2
        layout = "mono" if self._channel is None else "stereo"
        self._mixer = (
            None
            if plain
            else AudioResampler(format="fltp", layout=layout, rate=rate, options=dict(_MIX))
        )
        self._resampler = (
            None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, "float32")
        )

    def _mixed(self, frame: AudioFrame | None) -> NDArray[np.float32]:
        if frame is None:
            return _NOTHING
        if self._polarity is not None:
            self._polarity.add(frame)
        if self._mixer is None:
            return self._finite(_mono(frame, self._channel))
        frame.pts = None
        try:
            parts = [_mono(out, self._channel) for out in self._mixer.resample(frame)]
        except (FFmpegError, ValueError) as error:
            raise MediaError(
                f"has {frame.layout.nb_channels} channels in an unknown layout; "
                f"mix them down to two and give that"
            ) from error
        return self._finite(np.concatenate([*parts, _NOTHING]))

    def _finite(self, mono: NDArray[np.float32]) -> NDArray[np.float32]:
        with np.errstate(over="ignore", invalid="ignore"):
            total = mono.sum()  # not finite if any sample isn't
        if not np.isfinite(total):
            unreal = ~np.isfinite(mono)
            self.unreal_seconds += np.count_nonzero(unreal) / self._rate
            np.nan_to_num(mono, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
            self._note_holes(mono, unreal)
        self._mixed_length += len(mono)
        return mono

    def _note_holes(self, mono: NDArray[np.float32], unreal: NDArray[np.bool_]) -> None:
        """Silence long runs of unreal samples, and those at an edge, which may be longer."""
        framed = np.concatenate([[False], unreal, [False]])
        starts, ends = np.flatnonzero(framed[1:] != framed[:-1]).reshape(-1, 2).T
        wide = (ends - starts >= self._rate // 100) | (starts == 0) | (ends == len(mono))
        for start, end in zip(starts[wide].tolist(), ends[wide].tolist(), strict=True):
            mono[start:end] = 0
            low, high = self._output_index(start), self._output_index(end)
            if self.holes and self.holes[-1][1] == low:
                low, _ = self.holes.pop()
            self.holes.append((low, high))

    def _output_index(self, sample: int) -> int:
        """Return the index in the output of a sample that is being mixed."""
        return self._output_start + round((self._mixed_length + sample) * SAMPLE_RATE / self._rate)

    def _resampled(self, mono: NDArray[np.float32], *, last: bool = False) -> Samples:
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(mono, last=last)
        scaled = mono * np.float32(32768)
        np.rint(scaled, out=scaled)
        np.clip(scaled, -32768, 32767, out=scaled)
        samples: Samples = scaled.astype(np.int16)
        self._output_length += len(samples)
        return samples


def _mono(frame: AudioFrame, channel: Channel | None) -> NDArray[np.float32]:
    """Return the mean of a frame's one or two planes, or one of them."""
    first, *other = (np.frombuffer(plane, np.float32, frame.samples) for plane in frame.planes)
    if not other or channel == "left":
        return first.copy()
    if channel == "right":
        return other[0].copy()
    mono: NDArray[np.float32] = first + other[0]
    mono *= np.float32(0.5)
    return mono


_CHUNK = 32_768  # samples converted at once
_LOWEST_RATE, _HIGHEST_RATE = 2_000, 768_000  # Hz
_MIX = {"rematrix_maxval": "1"}
_NOTHING = np.zeros(0, dtype=np.float32)
