"""Decode an audio track to 16 kHz mono, piece by piece, on the file's presentation timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av import AudioFrame, AudioResampler
from av.audio.fifo import AudioFifo

from corpus_tools.media.clock import SAMPLE_RATE, Clock
from corpus_tools.media.errors import (
    EmptyMediaError,
    MediaError,
    ProtectedMediaError,
    TruncatedMediaError,
)
from corpus_tools.media.extent import refuse_cut_off
from corpus_tools.media.levels import Samples
from corpus_tools.media.probe import ignore_all_but, open_media, origin_of, probe

__all__ = ["SAMPLE_RATE", "Block", "decode", "decode_whole"]


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
    takes what lies above 8.5 kHz down by more than 60 dB. Where a track starts late, its time
    stamps leave something out, or a few packets are damaged, a block of zeros is marked as ``gap``.

    Args:
        path: any audio or video file.
        track: number among its audio tracks; ``None`` for the default one.

    Raises:
        MediaError: as for `probe`; `TruncatedMediaError` where the track ends too early or can't
            be decoded; `EmptyMediaError` where it holds no sample; `ProtectedMediaError` where it
            is encrypted; `LongMediaError` where it lasts longer than 27 h.
    """
    chosen = probe(path).track(track)
    blocks = _Blocks()
    with open_media(path) as container:
        refuse_cut_off(path, container.format.name)
        stream = container.streams.audio[chosen.index]
        stream.thread_type = "NONE"
        ignore_all_but(container, stream)
        clock = Clock(origin_of(container))
        converter = _Converter(stream.codec_context.name)
        timed = container.format.name not in _UNTIMED
        for frame in _frames(container, stream, clock):
            if not timed:
                frame.pts = None
            skip = clock.advance(frame)
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
        origin = origin_of(container)
    if not blocks.audible:
        raise EmptyMediaError("has an audio track without a single sample; nothing can be cut")
    _refuse_early_end(max(clock.position, clock.stamp), announced, origin)


def decode_whole(path: Path, track: int | None = None) -> Samples:
    """Return a short recording's samples in one array (int16 mono at `SAMPLE_RATE`).

    Raises:
        MediaError: as for `decode`.
    """
    return np.concatenate([block.samples for block in decode(path, track)])


class _Converter:
    """Frames of any format to samples of ours, some thousand at a time; made anew after a gap."""

    def __init__(self, codec: str) -> None:
        self._floats = codec.startswith(("pcm_f", "wavpack"))
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


def _frames(container: Any, stream: Any, clock: Clock) -> Iterator[AudioFrame]:
    """Yield the frames of a track; packets that can't be decoded are left out if they are few."""
    packets = damaged = 0
    try:
        for packet in container.demux(stream):
            if packet.has_sidedata("encryption_info"):
                raise ProtectedMediaError("is encrypted (DRM); give a copy without protection")
            packets += 1
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                damaged += 1
                continue
            yield from frames
    except av.error.FFmpegError as error:
        raise _broken(clock, error.strerror) from error
    if damaged > max(_DAMAGED_PACKETS, _DAMAGED_SHARE * packets):
        raise _broken(clock, f"{damaged} of {packets} packets can't be decoded")


def _broken(clock: Clock, reason: str) -> MediaError:
    return TruncatedMediaError(
        f"stops decoding at {clock.position:.1f} s ({reason}); "
        f"it is damaged, copy or download it again"
    )


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
_DAMAGED_PACKETS, _DAMAGED_SHARE = 2, 0.01
_EARLY_SECONDS, _EARLY_SHARE = 1.0, 0.01
_EXACT = {
    *("aiff", "au", "avi", "flac", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "ogg", "tta", "wav"),
}
"""Containers whose announced length is no estimate."""
_UNTIMED = {"aac", "ac3", "dts", "eac3", "loas", "mp3"}
"""Containers without time stamps; libavformat makes them up as if the rate never changed."""
