"""Decode an audio track to 16 kHz mono, block by block, on the file's presentation timeline."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av import AudioFrame

from corpus_tools.media.errors import (
    EmptyMediaError,
    MediaError,
    ProtectedMediaError,
    TruncatedMediaError,
)
from corpus_tools.media.extent import check_extent, duration, is_whole
from corpus_tools.media.polarity import PolarityMeter
from corpus_tools.media.probe import open_media, origin_of, probe, select_stream
from corpus_tools.media.resample import SAMPLE_RATE, Clock, Converter
from corpus_tools.media.samples import Samples
from manifests.storage.records import Channel

__all__ = ["Block", "decode", "decode_whole"]


def _unheard(warning: str) -> None:
    """Ignore a warning."""


@dataclass(frozen=True)
class Block:
    """Consecutive int16 mono samples at `SAMPLE_RATE`; each block follows directly on the last.

    ``gap``: the file has no audio here, and the samples are inserted zeros. ``unreal_seconds`` is
    the duration of the samples that are not finite numbers in the file; ``holes`` are ranges of
    only such samples, as [start, end) in ``samples``.
    """

    samples: Samples
    gap: bool = False
    unreal_seconds: float = 0.0
    holes: tuple[tuple[int, int], ...] = ()


def decode(
    path: Path,
    track: int | None = None,
    polarity: PolarityMeter | None = None,
    *,
    channel: Channel | None = None,
    warn: Callable[[str], None] = _unheard,
) -> Iterator[Block]:
    """Yield an audio track, by default the file's, from time 0 of its presentation timeline on.

    Memory doesn't grow with the file's length. `Converter` mixes the channels, or takes one of two,
    and changes the rate;
    ``polarity`` receives every frame before. Where a track starts late, its time stamps skip ahead,
    or a few packets are damaged, a block of zeros marked as ``gap`` is inserted. ``warn`` receives
    what is wrong with the file's length, as a sentence without its subject.

    Raises:
        MediaError: as for `probe`; `TruncatedMediaError` if the track ends too early or can't be
            decoded; `EmptyMediaError` if it has no samples; `ProtectedMediaError` if it is
            encrypted; `LongMediaError` if it lasts longer than 27 h.
    """
    chosen = probe(path).track(track)
    converter = Converter(None if channel else polarity, channel)
    blocks = _BlockBuffer(converter)
    with open_media(path) as container:
        stream = container.streams.audio[chosen.index]
        for slight in check_extent(path, container.format.name, (stream.bit_rate or 0) / 8):
            warn(slight)
        stream.thread_type = "NONE"
        select_stream(container, stream)
        clock = Clock(origin_of(container))
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
        yield from blocks.flush()
        announced = chosen.duration if container.format.name in _EXACT else None
        origin, name = origin_of(container), container.format.name
    if not blocks.audible:
        raise EmptyMediaError("has an audio track without a single sample; nothing can be cut")
    if announced is not None:
        _check_end(path, name, max(clock.position, clock.stamp), announced, origin, warn)


def decode_whole(path: Path, track: int | None = None) -> Samples:
    """Return a short recording's samples (int16 mono at `SAMPLE_RATE`); errors as for `decode`."""
    return np.concatenate([block.samples for block in decode(path, track)])


class _BlockBuffer:
    """Collects a converter's output into blocks of about `_BLOCK` samples."""

    def __init__(self, converter: Converter) -> None:
        self._converter = converter
        self._reported_unreal = 0.0
        self._yielded = 0
        self.audible = False
        self._parts: list[Samples] = []
        self._length = 0

    def add(self, samples: Samples) -> Iterator[Block]:
        self.audible = self.audible or len(samples) > 0
        self._parts.append(samples)
        self._length += len(samples)
        if self._length >= _BLOCK:
            yield from self.flush()

    def add_gap(self, length: int) -> Iterator[Block]:
        yield from self.flush()
        for start in range(0, length, _BLOCK):
            size = min(_BLOCK, length - start)
            yield Block(np.zeros(size, dtype=np.int16), gap=True)

    def flush(self) -> Iterator[Block]:
        if self._length:
            unreal = self._converter.unreal_seconds
            holes = self._holes() if self._converter.holes else ()
            yield Block(np.concatenate(self._parts), False, unreal - self._reported_unreal, holes)
            self._reported_unreal = unreal
            self._yielded += self._length
        self._parts, self._length = [], 0

    def _holes(self) -> tuple[tuple[int, int], ...]:
        """Take this block's share of the converter's holes and leave it the rest."""
        end = self._yielded + self._length
        holes = self._converter.holes
        self._converter.holes = [(max(low, end), high) for low, high in holes if high > end]
        return tuple(
            (low - self._yielded, min(high, end) - self._yielded)
            for low, high in holes
            if low < end
        )


def _frames(container: Any, stream: Any, clock: Clock) -> Iterator[AudioFrame]:
    """Yield the frames of a track, without its packets that can't be decoded if these are few."""
    packets = damaged = 0
    decoded = stream.codec_context.decode
    try:
        for packet in container.demux(stream):
            if not packets and packet.has_sidedata("encryption_info"):
                raise ProtectedMediaError("is encrypted (DRM); give a copy without protection")
            packets += 1
            try:
                frames = decoded(packet)
            except av.error.InvalidDataError:
                damaged += 1
                continue
            yield from frames
    except av.error.PatchWelcomeError as error:
        raise MediaError(
            f"changes its format at {clock.position:.1f} s, which can't be followed; give what "
            f"follows as a file of its own, or convert the whole to WAV with another program"
        ) from error
    except av.error.FFmpegError as error:
        raise _broken(clock, error.strerror) from error
    if damaged > max(_DAMAGED_PACKETS, _DAMAGED_SHARE * packets):
        raise _broken(clock, f"{damaged} of {packets} packets can't be decoded")


def _broken(clock: Clock, reason: str) -> MediaError:
    return TruncatedMediaError(
        f"stops decoding at {clock.position:.1f} s ({reason}); "
        f"it is damaged, copy or download it again"
    )


def _check_end(
    path: Path,
    container: str,
    end: float,
    announced: float,
    origin: float,
    warn: Callable[[str], None],
) -> None:
    """Warn if a track ends before its announced end; refuse it if the file may be cut off."""
    early = announced - end - abs(origin)
    if early > max(_EARLY_SECONDS, _EARLY_SHARE * announced):
        if not is_whole(path, container):
            raise TruncatedMediaError(
                f"stops decoding at {end:.1f} s where {announced:.1f} s were announced; "
                f"it is cut off or damaged, copy or download it again"
            )
        warn(
            f"ends at {end:.1f} s where {announced:.1f} s were announced, but nothing is cut off "
            f"its file; all its sound was used, play its end to make sure"
        )
    elif container in _TO_THE_SAMPLE and early > _HALF_SAMPLE:
        warn(
            f"ends {duration(early)} before its header says; used as far as it goes, but copy it "
            f"again if its end is missing"
        )


_BLOCK = 4 * SAMPLE_RATE  # long enough to make the overhead per block negligible
_DAMAGED_PACKETS, _DAMAGED_SHARE = 2, 0.01
_EARLY_SECONDS, _EARLY_SHARE = 1.0, 0.01
_EXACT = {
    *("aiff", "au", "avi", "flac", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "ogg", "tta", "wav"),
}
"""Containers that announce an exact length."""
_TO_THE_SAMPLE, _HALF_SAMPLE = {"aiff", "au", "flac", "tta"}, 1e-5
_UNTIMED = {"aac", "ac3", "dts", "eac3", "loas", "mp3"}
"""Containers without time stamps; libavformat derives them from a constant bit rate."""
