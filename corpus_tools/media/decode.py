"""Decode an audio track to 16 kHz mono, piece by piece, on the file's presentation timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av import AudioFrame, AudioResampler
from av.audio.fifo import AudioFifo
from av.stream import Discard

from corpus_tools.media.errors import EmptyMediaError, TruncatedMediaError
from corpus_tools.media.levels import Samples
from corpus_tools.media.probe import open_media, probe

__all__ = ["SAMPLE_RATE", "Block", "decode", "decode_whole"]

SAMPLE_RATE = 16_000
"""Of everything that is cut, in Hz."""


@dataclass(frozen=True)
class Block:
    """A stretch of the track that follows on the one before it.

    Attributes:
        samples: int16 mono at `SAMPLE_RATE`.
        gap: whether the file has nothing here, so that the samples are zeros made up by us.
    """

    samples: Samples
    gap: bool = False


def decode(path: Path, track: int | None = None) -> Iterator[Block]:
    """Yield an audio track from time 0 of the file's presentation timeline to the track's end.

    Memory stays the same however long the file is. Channels are mixed so that nothing can clip,
    and the rate is changed by libswresample behind a filter that lets 7 kHz through (-0.1 dB) and
    takes what lies above 8.5 kHz down by more than 60 dB. Where a track starts late, or its
    time stamps leave something out, a block of zeros is marked as ``gap``.

    Args:
        path: any audio or video file.
        track: number among its audio tracks; ``None`` for the default one.

    Raises:
        MediaError: as for `probe`; `TruncatedMediaError` where the track ends too early or can't
            be decoded; `EmptyMediaError` where it holds no sample.
    """
    chosen = probe(path).track(track)
    clock = _Clock()
    blocks = _Blocks()
    with open_media(path) as container:
        stream = container.streams.audio[chosen.index]
        stream.thread_type = "NONE"
        _ignore_all_but(container, stream)
        origin = _origin(container)
        converter = _Converter(stream.codec_context.name)
        for frame in _frames(container, stream, clock):
            skip = clock.advance(frame, origin)
            if skip > 0:
                for samples in converter.flush():
                    yield from blocks.add(samples)
                yield from blocks.add_gap(skip)
            if skip >= 0:
                for samples in converter.convert(frame):
                    yield from blocks.add(samples)
        for samples in converter.flush():
            yield from blocks.add(samples)
        yield from blocks.rest()
        announced = chosen.duration if container.format.name in _EXACT else None
    if not blocks.audible:
        raise EmptyMediaError("has an audio track without a single sample; nothing can be cut")
    _refuse_early_end(clock.position, announced, origin)


def decode_whole(path: Path, track: int | None = None) -> Samples:
    """Return a short recording's samples in one array (int16 mono at `SAMPLE_RATE`).

    Raises:
        MediaError: as for `decode`.
    """
    return np.concatenate([block.samples for block in decode(path, track)])


class _Clock:
    """Where on the presentation timeline the decoded audio has got to, in seconds."""

    def __init__(self) -> None:
        self.position = 0.0

    def advance(self, frame: AudioFrame, origin: float) -> int:
        """Move past a frame.

        Returns:
            Zeros to put before it, in samples of `SAMPLE_RATE`; -1 if the frame lies in what was
            decoded already.
        """
        length = frame.samples / frame.sample_rate
        missing = 0.0 if frame.time is None else frame.time - origin - self.position
        if missing < -max(length, _TOLERANCE):
            return -1
        skip = round(missing * SAMPLE_RATE) if missing > _TOLERANCE else 0
        self.position += length + skip / SAMPLE_RATE
        return skip


class _Converter:
    """Frames of any format to samples of ours, some thousand at a time; made anew after a gap."""

    def __init__(self, codec: str) -> None:
        self._floats = codec.startswith(("pcm_f", "adpcm_f"))
        self._waiting: Any = None
        self._resampler: Any = None
        self._format: tuple[Any, ...] = ()

    def convert(self, frame: AudioFrame) -> Iterator[Samples]:
        """Yield what a frame brings out."""
        if self._floats:
            frame = _finite(frame)
        shape = (frame.sample_rate, frame.format.name, frame.layout.name)
        if shape != self._format or self._resampler is None:
            yield from self.flush()
            self._format = shape
            self._waiting = AudioFifo()
            self._resampler = AudioResampler(
                format="s16", layout="mono", rate=SAMPLE_RATE, options=dict(_FILTER)
            )
        frame.pts = None
        self._waiting.write(frame)
        if self._waiting.samples >= _TOGETHER:
            yield from self._resample(self._waiting.read())

    def flush(self) -> Iterator[Samples]:
        """Yield what still waits, and what is still in the filter."""
        if self._resampler is None:
            return
        if self._waiting.samples:
            yield from self._resample(self._waiting.read())
        yield from self._resample(None)
        self._resampler = None

    def _resample(self, frame: AudioFrame | None) -> Iterator[Samples]:
        if frame is not None:
            frame.pts = None
        for out in self._resampler.resample(frame):
            yield out.to_ndarray()[0]


class _Blocks:
    """Gathers many small arrays into blocks of about a second."""

    def __init__(self) -> None:
        self.audible = False
        self._parts: list[Samples] = []
        self._length = 0

    def add(self, samples: Samples) -> Iterator[Block]:
        self.audible = self.audible or len(samples) > 0
        self._parts.append(samples)
        self._length += len(samples)
        if self._length >= SAMPLE_RATE:
            yield from self.rest()

    def add_gap(self, length: int) -> Iterator[Block]:
        yield from self.rest()
        for start in range(0, length, SAMPLE_RATE):
            piece = min(SAMPLE_RATE, length - start)
            yield Block(np.zeros(piece, dtype=np.int16), gap=True)

    def rest(self) -> Iterator[Block]:
        if self._length:
            yield Block(np.concatenate(self._parts))
        self._parts, self._length = [], 0


def _frames(container: Any, stream: Any, clock: _Clock) -> Iterator[AudioFrame]:
    try:
        yield from container.decode(stream)
    except av.error.FFmpegError as error:
        raise TruncatedMediaError(
            f"stops decoding at {clock.position:.1f} s ({error.strerror}); "
            f"it is damaged, copy or download it again"
        ) from error


def _ignore_all_but(container: Any, wanted: Any) -> None:
    for stream in container.streams:
        if stream.index != wanted.index:
            stream.discard = Discard.all


def _origin(container: Any) -> float:
    """Return the time stamp, in seconds, at which players start the file."""
    start = container.start_time
    return 0.0 if start is None else start / av.time_base


def _refuse_early_end(end: float, said: float | None, origin: float) -> None:
    if said is not None and end < said - max(_EARLY_SECONDS, _EARLY_SHARE * said) - abs(origin):
        raise TruncatedMediaError(
            f"stops decoding at {end:.1f} s where {said:.1f} s were announced; "
            f"it is cut off or damaged, copy or download it again"
        )


def _finite(frame: AudioFrame) -> AudioFrame:
    values = frame.to_ndarray()
    if np.isfinite(values).all():
        return frame
    clean = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0)
    repaired = AudioFrame.from_ndarray(clean, format=frame.format.name, layout=frame.layout.name)
    repaired.sample_rate = frame.sample_rate
    return repaired


_FILTER = {"filter_size": "64"}
_TOGETHER = 16_384  # samples resampled in one go
_TOLERANCE = 0.05  # s; time stamps of some containers are rounded to whole milliseconds or worse
_EARLY_SECONDS, _EARLY_SHARE = 1.0, 0.01
_EXACT = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "wav", "flac", "ogg", "avi"})
"""Containers whose announced length is no estimate."""
