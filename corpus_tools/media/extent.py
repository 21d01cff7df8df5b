"""Checks of a file's structure, without decoding it: is it as long as its header says, is it one.

For other containers than these, `decode` compares the announced with the decoded length.
"""

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from corpus_tools.media.chains import check_flac, check_ogg, is_whole_ogg
from corpus_tools.media.errors import TruncatedMediaError

__all__ = ["check_extent", "duration", "is_unsized", "is_whole", "refuse_missing_index"]


def check_extent(path: Path, container: str, byte_rate: float) -> list[str]:
    """Return what is slightly wrong with the sizes in a file's header, for warnings.

    ``container`` is libavformat's name of the format. The sizes 0 and from 0x7ffff000, which
    programs write into a pipe, mean "to the end of the file".

    Raises:
        TruncatedMediaError: if the file ends well before, or after, the end in its header.
        MediaError: if it is several recordings one after the other which can't be read as one.
    """
    check = _CHECKS.get(container)
    if check is None:
        return []
    with path.open("rb") as stream:
        return check(stream, os.fstat(stream.fileno()).st_size, byte_rate) or []


def is_whole(path: Path, container: str) -> bool:
    """Return whether a file's structure shows that its end isn't missing; False if unknown."""
    check = _WHOLE.get(container)
    if check is None:
        return False
    with path.open("rb") as stream:
        return check(stream, os.fstat(stream.fileno()).st_size)


def is_unsized(path: Path) -> bool:
    """Return whether a file is an RF64 that was written into a pipe, without its size."""
    with path.open("rb") as stream:
        head = stream.read(36)
    return head[:4] in (b"RF64", b"BW64") and head[12:16] == b"ds64" and head[28:] == bytes(8)


def refuse_missing_index(path: Path) -> None:
    """Raise `TruncatedMediaError` for an MP4 or MOV without its index (box ``moov``)."""
    with path.open("rb") as stream:
        boxes = {name for name, _ in _boxes(stream, os.fstat(stream.fileno()).st_size)}
    if boxes & {b"ftyp", b"mdat"} and b"moov" not in boxes:
        raise TruncatedMediaError(
            "is an MP4 or MOV without its index, mostly because its end is cut off; "
            "copy or download it again"
        )


def _boxes(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Yield the name and the end of an MP4's top-level boxes."""
    at = 0
    while at + _SMALLEST_BOX <= size:
        stream.seek(at)
        length, name, long_length = _BOX.unpack(stream.read(_BOX.size).ljust(_BOX.size, b"\0"))
        length = long_length if length == 1 else length
        at = at + length if length >= _SMALLEST_BOX else size
        yield name, at


def _is_whole_mp4(stream: BinaryIO, size: int) -> bool:
    """Whether all boxes end in the file; one in fragments needs the index behind the last."""
    boxes = list(_boxes(stream, size))
    names = {name for name, _ in boxes}
    closed = b"mfra" in names or b"moof" not in names
    return b"moov" in names and closed and all(end <= size for _, end in boxes)


def _is_whole_matroska(stream: BinaryIO, size: int) -> bool:
    """Whether the segment, which holds everything but a short header, ends in the file."""
    head = stream.read(_EBML_HEAD)
    at = head.find(_SEGMENT)
    if at < 0 or len(head) < at + 12:
        return False
    first = head[at + 4]
    width = 9 - first.bit_length()
    start = at + 4 + width
    length = int.from_bytes(head[at + 4 : start]) & ((1 << 7 * width) - 1)
    return length != (1 << 7 * width) - 1 and start + length <= size


def _is_whole_avi(stream: BinaryIO, size: int) -> bool:
    ends = [start + length for _, start, length in _chunks(stream, 0, size, _RIFF)]
    return bool(ends) and max(ends) <= size


def _avi(stream: BinaryIO, size: int, byte_rate: float) -> None:
    """Check the top-level chunks (an AVI of more than a gigabyte has several)."""
    for name, start, length in _chunks(stream, 0, size, _RIFF):
        if name != b"RIFF":
            return
        if size < start + length:
            raise _shorter(size, start + length)


@dataclass(frozen=True)
class _Layout:
    """Chunks of a format: where the first begins, their header, and the name of the samples'."""

    first: int  # bytes
    header: struct.Struct  # name, length
    samples: bytes
    open_length: int  # bytes; longer ones mean "to the end of the file"
    counted: int = 0  # bytes of the header that the length includes
    align: int = 1  # bytes


def _pcm(layout: _Layout) -> Callable[[BinaryIO, int, float], list[str]]:
    def check(stream: BinaryIO, size: int, byte_rate: float) -> list[str]:
        """Check the chunk with the samples, and that only other chunks follow it."""
        for name, start, length in _chunks(stream, layout.first, size, layout):
            if name == layout.samples:
                missing = start + length - size
                if missing > _TOLERATED * byte_rate:
                    raise _shorter(size, start + length)
                if missing > 0:
                    return [_slightly_shorter(missing, byte_rate)]
                return _check_rest(stream, start + length, size, byte_rate, layout)
        return []

    return check


def _check_rest(
    stream: BinaryIO, end: int, size: int, byte_rate: float, layout: _Layout
) -> list[str]:
    """Check that what follows the samples is chunks, silence, or short."""
    end += -end % layout.align
    for name, start, length in _chunks(stream, end, size, layout):
        if not name[:4].isascii() or not name[:4].decode().isprintable() or name in _WHOLE_FILES:
            break
        if start + length > size:
            break
        end = start + length + -(start + length) % layout.align
    seconds = (size - end) / byte_rate if byte_rate else 0.0
    if seconds > _LONGEST_REST:
        raise TruncatedMediaError(
            f"goes on for {seconds:.1f} s after its header says it ends; "
            f"export it again so that the header is right"
        )
    stream.seek(end)
    rest = stream.read(size - end) if seconds else b""
    if rest.strip(b"\0"):
        return [
            f"goes on for {len(rest):,} bytes ({duration(seconds)}) after its header says it ends, "
            f"which were not used; export it again if they are sound"
        ]
    return []


def _chunks(
    stream: BinaryIO, at: int, size: int, layout: _Layout
) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, content start and announced bytes of chunks up to one of unknown length."""
    header, announced = layout.header, None
    while at + header.size <= size:
        stream.seek(at)
        name, length = header.unpack(stream.read(header.size).ljust(header.size, b"\0"))
        start = at + header.size
        length -= layout.counted
        if name == b"ds64":
            announced = int.from_bytes(stream.read(16)[8:], "little")
        if name == b"data" and length == _IN_DS64 and announced:
            length = announced
        elif (name in _ENDLESS and not length) or not 0 <= length < layout.open_length:
            return
        yield name, start, length
        at = start + length + -(start + length) % layout.align


def _xing(stream: BinaryIO, size: int, byte_rate: float) -> list[str]:
    """Check the file size given by the Xing header in an MP3's first frame."""
    head = stream.read(_ID3_HEADER)
    if head[:3] == b"ID3" and len(head) == _ID3_HEADER:
        tag = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], _ID3_SHIFTS, strict=True))
        stream.seek(_ID3_HEADER + tag)
    else:
        stream.seek(0)
    first = stream.tell()
    frame = stream.read(_LONGEST_SIDE)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or len(frame) < at + 16:
        return []
    flags = struct.unpack_from(">I", frame, at + 4)[0]
    if not flags & _HAS_BYTES:
        return []
    announced = struct.unpack_from(">I", frame, at + (12 if flags & _HAS_FRAMES else 8))[0]
    missing = first + announced - size
    if missing > max(_MP3_SLACK * announced, _TOLERATED * byte_rate):
        raise _shorter(size, first + announced)
    if missing > _MP3_WARNED * byte_rate:
        return [_slightly_shorter(missing, byte_rate)]
    return []


def _shorter(size: int, announced: int) -> TruncatedMediaError:
    return TruncatedMediaError(
        f"has {size:,} of the {announced:,} bytes that its header announces; "
        f"it is cut off or damaged, copy or download it again"
    )


def _slightly_shorter(missing: int, byte_rate: float) -> str:
    return (
        f"ends {missing:,} bytes ({duration(missing / byte_rate)}) before its header says; "
        f"used as far as it goes, but copy it again if its end is missing"
    )


def duration(seconds: float) -> str:
    """Return a short duration for a message."""
    return f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds * 1000:.2g} ms"


_TOLERATED = 0.5  # s that may be missing at the end
_LONGEST_REST = 1.0  # s of something else that may follow
_BOX = struct.Struct(">I4sQ")
_SMALLEST_BOX = 8
_EBML_HEAD = 4096  # bytes
_SEGMENT = bytes.fromhex("18538067")
_RIFF = _Layout(12, struct.Struct("<4sI"), b"data", 0x7FFF_F000, align=2)
_WAVE64 = _Layout(
    40,
    struct.Struct("<16sQ"),
    b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a"),
    1 << 62,
    counted=24,
    align=8,
)
_CORE_AUDIO = _Layout(8, struct.Struct(">4sQ"), b"data", 1 << 62)
_IN_DS64 = 0xFFFF_FFFF
_ENDLESS = (b"RIFF", b"data")
_WHOLE_FILES = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_ID3_HEADER, _ID3_SHIFTS = 10, (21, 14, 7, 0)
_LONGEST_SIDE = 192  # bytes before and in a Xing header
_HAS_FRAMES, _HAS_BYTES = 1, 2
_MP3_SLACK = 0.01
_MP3_WARNED = 0.1  # s; encoders count a frame more or less
_CHECKS: dict[str, Callable[[BinaryIO, int, float], list[str] | None]] = {
    "wav": _pcm(_RIFF),
    "w64": _pcm(_WAVE64),
    "caf": _pcm(_CORE_AUDIO),
    "avi": _avi,
    "ogg": check_ogg,
    "flac": check_flac,
    "mp3": _xing,
}
_WHOLE: dict[str, Callable[[BinaryIO, int], bool]] = {
    "mov,mp4,m4a,3gp,3g2,mj2": _is_whole_mp4,
    "matroska,webm": _is_whole_matroska,
    "avi": _is_whole_avi,
    "ogg": is_whole_ogg,
}
