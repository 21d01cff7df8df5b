"""Brightness of a film's frames, upright, with times on the presentation timeline."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from corpus_tools.burned_in.reader import Luma
from corpus_tools.media.errors import MediaError, TruncatedMediaError
from corpus_tools.media.probe import open_media, origin_of, select_stream

__all__ = ["Frame", "Picture", "open_picture", "sample"]


@dataclass(frozen=True)
class Frame:
    """Brightness of a frame or of some of its rows, and its time in seconds."""

    time: float
    luma: Luma


class Picture:
    """Video stream of an open file; frames are read once, from the start.

    ``damaged`` counts packets that couldn't be decoded.
    """

    def __init__(self, container: Any, stream: Any, path: Path) -> None:
        self._container, self._stream, self._path = container, stream, path
        self._origin = origin_of(container)
        self.damaged = 0

    @property
    def seconds(self) -> float:
        """Announced duration, 0 if unknown."""
        stream = self._stream
        if stream.duration:
            return float(stream.duration * stream.time_base)
        return float((self._container.duration or 0) / av.time_base)

    def frames(self, rows: slice) -> Iterator[Frame]:
        """Yield these rows of all frames in order of time; rows as in the frames of `sample`."""
        for time, frame in self._timed():
            yield Frame(time, _luma(frame, rows))

    def spread(self, times: Sequence[float]) -> list[Frame]:
        """Return the whole frames first shown from these times on, by decoding all from the start.

        Times are in order.
        """
        found: list[Frame] = []
        for time, frame in self._timed():
            if time >= times[len(found)]:
                found.append(Frame(time, _luma(frame, slice(None))))
                if len(found) == len(times):
                    break
        return found

    def jump(self, times: Iterable[float], onward: float = 0) -> list[Frame]:
        """Return the whole frames, in order of time, that players show after jumps to times.

        These are key frames, or, with ``onward``, frames so many seconds after them at most.
        """
        found: dict[float, Frame] = {}
        for wanted in times:
            try:
                self._container.seek(
                    round((wanted + self._origin) * av.time_base), backward=True, any_frame=False
                )
            except av.error.FFmpegError:
                continue
            until = None
            for time, frame in self._timed():
                if until is None:
                    until = time + ((wanted - time) % onward if onward else 0)
                if time >= until:
                    if time not in found:
                        found[time] = Frame(time, _luma(frame, slice(None)))
                    break
        return [found[time] for time in sorted(found)]

    def _timed(self) -> Iterator[tuple[float, Any]]:
        last = -np.inf
        for frame in self._decoded():
            if frame.pts is None:
                continue
            time = float(frame.pts * frame.time_base) - self._origin
            if time > last:
                last = time
                yield time, frame

    def _decoded(self) -> Iterator[Any]:
        failed = 0
        for packet in self._packets():
            try:
                yield from packet.decode()
                failed = 0
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                self.damaged += 1
                failed += 1
                if failed > _MOST_FAILED:
                    raise TruncatedMediaError(
                        f"has a picture that can't be decoded ({error.strerror}); play it to make "
                        f"sure, or convert it to H.264"
                    ) from error

    def _packets(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError as error:
                raise TruncatedMediaError(
                    f"can't be read to its end ({error.strerror}); copy or download it again"
                ) from error
            yield packet


@contextlib.contextmanager
def open_picture(path: Path) -> Iterator[Picture]:
    """Open a film's picture; `MediaError` if it has none, else as `open_media`."""
    with open_media(path) as container:
        films = [
            stream
            for stream in container.streams.video
            if not stream.disposition & Disposition.attached_pic
            and stream.codec_context is not None
            and stream.codec_context.width
        ]
        if not films:
            covers = len(container.streams.video)
            raise MediaError(
                f"has no picture{' but a cover' if covers else ''}, so nothing can be read from "
                f"it; give the film, or leave it out"
            )
        stream = next((one for one in films if one.disposition & Disposition.default), films[0])
        stream.thread_type = "AUTO"
        select_stream(container, stream)
        yield Picture(container, stream, path)


def sample(film: Path, *, onward: bool = False) -> list[Frame]:
    """Return whole frames from all over a film, in order of time; raises as `open_picture`.

    They are key frames, or, where these are too few or with ``onward``, others: key frames and
    lines may have one rhythm. For the same reason their distances are uneven.
    """
    with open_picture(film) as picture:
        seconds = picture.seconds
        count = int(min(max(seconds / _SAMPLE_EVERY, _FEWEST_SAMPLES), _MOST_SAMPLES))
        every = seconds / count if seconds else _SAMPLE_EVERY
        times = [(number + number * _UNEVEN % 1) * every for number in range(count)]
        found = picture.jump(times, _ONWARD if onward else 0)
    if onward or 2 * len(found) > count:
        return found
    with open_picture(film) as picture:
        return picture.spread(times)


def _luma(frame: Any, rows: slice) -> Luma:
    """Return rows of a frame's brightness, upright, at a fraction of a large frame's size."""
    upright = np.rot90(_brightness(frame), round(frame.rotation / 90) % 4)
    step = max(round(min(upright.shape) / _LARGEST_SIDE), 1)
    if step == 1:
        return np.array(upright[rows])  # a view would keep the whole frame
    height, width = (side // step for side in upright.shape)
    first, last, _ = rows.indices(height)
    part = upright[first * step : last * step, : width * step]
    tiles = part.reshape(last - first, step, width, step).mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(tiles, np.uint8)


def _brightness(frame: Any) -> Luma:
    layout = frame.format
    first = layout.components[0]
    planar = layout.name.startswith(("yuv", "nv", "gray", "p0"))
    if not planar or (first.bits > 8 and layout.is_big_endian) or first.bits > 16:
        found: Luma = frame.to_ndarray(format="gray")
        return found
    plane = frame.planes[0]
    size = plane.line_size * frame.height
    if first.bits == 8:
        narrow: Luma = np.frombuffer(plane, np.uint8)[:size]
        return narrow.reshape(frame.height, -1)[:, : frame.width]
    wide: NDArray[np.uint16] = np.frombuffer(plane, np.uint16)[: size // 2]
    shift = 8 if layout.name.startswith("p0") else first.bits - 8
    return np.asarray(wide.reshape(frame.height, -1)[:, : frame.width] >> shift, np.uint8)


_SAMPLE_EVERY = 5.0  # s
_FEWEST_SAMPLES, _MOST_SAMPLES = 16, 120
_ONWARD = 10.0  # s, as between key frames of x264, which are decoded for one frame
_UNEVEN = 0.618  # of the distance of frames
_LARGEST_SIDE = 1080  # pixels of the shorter side; of 4K, every other is used
_MOST_FAILED = 100  # packets in a row
