"""Checks that a file is as long as its header says, without decoding it."""

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from corpus_tools.media.errors import TruncatedMediaError

__all__ = ["refuse_missing_index", "refuse_truncated"]


def refuse_truncated(path: Path, container: str) -> None:
    """Raise `TruncatedMediaError` if a file ends before, or well after, the end in its header.

    Checks WAV, AVI, Ogg, and MP3 with a Xing header (``container`` is libavformat's name of the
    format). The sizes 0 and from 0x7ffff000, which programs write into a pipe, mean "to the end of
    the file". For other containers, `decode` compares the announced with the decoded length.
    """
    check = _CHECKS.get(container)
    if check is None:
        return
    with path.open("rb") as stream:
        check(stream, os.fstat(stream.fileno()).st_size)


def refuse_missing_index(path: Path) -> None:
    """Raise `TruncatedMediaError` for an MP4 or MOV without its index (box ``moov``)."""
    with path.open("rb") as stream:
        boxes = set(_boxes(stream, os.fstat(stream.fileno()).st_size))
    if boxes & {b"ftyp", b"mdat"} and b"moov" not in boxes:
        raise TruncatedMediaError(
            "is an MP4 or MOV without its index, mostly because its end is cut off; "
            "copy or download it again"
        )


def _boxes(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the names of an MP4's top-level boxes."""
    at = 0
    while at + _BOX.size <= size:
        stream.seek(at)
        length, name, long_length = _BOX.unpack(stream.read(_BOX.size).ljust(_BOX.size, b"\0"))
        yield name
        length = long_length if length == 1 else length
        if length < _SMALLEST_BOX:
            return
        at += length


def _riff(stream: BinaryIO, size: int) -> None:
    """Check the top-level chunks (an AVI of more than a gigabyte has several)."""
    for name, start, length in _chunks(stream, 0, size):
        if name != b"RIFF":
            return
        _refuse_shorter(size, start + length)


def _wave(stream: BinaryIO, size: int) -> None:
    """Check the chunk with the samples, and that only other chunks follow it."""
    byte_rate = 0
    for name, start, length in _chunks(stream, _RIFF_HEADER, size):
        if name == b"fmt " and length >= _FORMAT.size:
            stream.seek(start)
            byte_rate = _FORMAT.unpack(stream.read(_FORMAT.size).ljust(_FORMAT.size, b"\0"))[0]
        if name == b"data":
            _refuse_shorter(size, start + length)
            _refuse_longer(stream, start + length + length % 2, size, byte_rate)
            return


def _refuse_longer(stream: BinaryIO, end: int, size: int, byte_rate: int) -> None:
    for name, start, length in _chunks(stream, end, size):
        if not (name.isascii() and name.decode().isprintable()) or start + length > size:
            break
        end = start + length + length % 2
    if byte_rate and size - end > byte_rate:
        raise TruncatedMediaError(
            f"goes on for {(size - end) / byte_rate:.1f} s after its header says it ends; "
            f"export it again so that the header is right"
        )


def _chunks(stream: BinaryIO, at: int, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, content start and announced bytes of RIFF chunks up to one of unknown length."""
    while at + _CHUNK.size <= size:
        stream.seek(at)
        name, length = _CHUNK.unpack(stream.read(_CHUNK.size).ljust(_CHUNK.size, b"\0"))
        start = at + _CHUNK.size
        if (name in _ENDLESS and not length) or length >= _OPEN_LENGTH:
            return
        yield name, start, length
        at = start + length + length % 2


def _ogg(stream: BinaryIO, size: int) -> None:
    """Check that the last page is whole."""
    stream.seek(max(size - _LARGEST_PAGE, 0))
    tail = stream.read()
    at = tail.rfind(b"OggS")
    header = tail[at : at + _PAGE_HEADER]
    segments = tail[at + _PAGE_HEADER : at + _PAGE_HEADER + (header[-1] if header else 0)]
    whole = len(header) == _PAGE_HEADER and len(segments) == header[-1]
    if at >= 0 and not (whole and at + _PAGE_HEADER + len(segments) + sum(segments) <= len(tail)):
        raise TruncatedMediaError(
            "ends in the middle of a page; it is cut off, copy or download it again"
        )


def _xing(stream: BinaryIO, size: int) -> None:
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
        return
    flags = struct.unpack_from(">I", frame, at + 4)[0]
    if flags & _HAS_BYTES:
        announced = struct.unpack_from(">I", frame, at + (12 if flags & _HAS_FRAMES else 8))[0]
        _refuse_shorter(size, first + int(announced * (1 - _MP3_SLACK)))


def _refuse_shorter(size: int, announced: int) -> None:
    if size < announced:
        raise TruncatedMediaError(
            f"has {size:,} of the {announced:,} bytes that its header announces; "
            f"it is cut off or damaged, copy or download it again"
        )


_CHECKS: dict[str, Callable[[BinaryIO, int], None]] = {
    "wav": _wave,
    "avi": _riff,
    "ogg": _ogg,
    "mp3": _xing,
}
_BOX = struct.Struct(">I4sQ")
_SMALLEST_BOX = 8
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<8xI")
_RIFF_HEADER = 12
_ENDLESS = (b"RIFF", b"data")
_OPEN_LENGTH = 0x7FFF_F000  # bytes
_LARGEST_PAGE = 65_307  # bytes
_PAGE_HEADER = 27
_ID3_HEADER, _ID3_SHIFTS = 10, (21, 14, 7, 0)
_LONGEST_SIDE = 192  # bytes before and in a Xing header
_HAS_FRAMES, _HAS_BYTES = 1, 2
_MP3_SLACK = 0.01
