"""Ogg and FLAC files that are several recordings one after the other.

Where sample rate or channels change in between, libavformat stops, or goes on at a wrong speed.
"""

import mmap
from collections.abc import Iterator
from typing import BinaryIO

from corpus_tools.media.errors import MediaError, TruncatedMediaError

__all__ = ["check_flac", "check_ogg", "is_whole_ogg"]


def check_ogg(stream: BinaryIO, size: int, byte_rate: float = 0) -> None:
    """Check that the last page of an Ogg is whole, and that recordings in a chain have one format.

    Raise `TruncatedMediaError` and `MediaError`.
    """
    first: set[bytes] = set()
    formats: set[bytes] = set()
    headers = 0
    end = size
    for at, flags, format_of in _pages(stream, size):
        end = at
        if not flags & _FIRST_PAGE:
            headers = 0
            continue
        if not headers:
            first, formats = first or formats, set()
        headers += 1
        formats |= {format_of} - {b""}
        if first and not formats <= first:
            raise MediaError(_CHANGES)
    if end > size:
        raise TruncatedMediaError(
            "ends in the middle of a page; it is cut off, copy or download it again"
        )


def _pages(stream: BinaryIO, size: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield the end of each Ogg page, its flags, and of a stream's first the format of its sound.

    After damage, go on with the next page.
    """
    at = 0
    while at < size:
        stream.seek(at)
        head = stream.read(_LARGEST_PAGE_HEADER)
        if not head.startswith(b"OggS"):
            stream.seek(at)
            found = stream.read(_LARGEST_PAGE).find(b"OggS", 1)
            at += found if found > 0 else _LARGEST_PAGE - 3
            continue
        segments = (
            head[_PAGE_HEADER : _PAGE_HEADER + head[26]] if len(head) >= _PAGE_HEADER else b""
        )
        whole = len(head) >= _PAGE_HEADER and len(segments) == head[26]
        start = at + _PAGE_HEADER + len(segments)
        at = start + sum(segments) if whole else size + 1
        flags = head[5] if len(head) > 5 else 0
        stream.seek(start)
        yield at, flags, _ogg_format(stream.read(64)) if flags & _FIRST_PAGE else b""


def _ogg_format(packet: bytes) -> bytes:
    """Return what must not change in a chain: codec, sample rate and channels; empty for others."""
    for magic, part in _OGG_FORMATS.items():
        if packet.startswith(magic):
            return magic + packet[part]
    return b""


def check_flac(stream: BinaryIO, size: int, byte_rate: float = 0) -> None:
    """Check that FLAC files joined into one have one format; raise `MediaError` if not."""
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = first = data.find(_FLAC)
        while at >= 0:
            if data[at + 18 : at + 21] != data[first + 18 : first + 21]:
                raise MediaError(_CHANGES)
            at = data.find(_FLAC, at + 1)


def is_whole_ogg(stream: BinaryIO, size: int) -> bool:
    """Return whether the last page of an Ogg is marked as the last."""
    flags = [flags for _, flags, _ in _pages(stream, size)]
    return bool(flags) and bool(flags[-1] & _LAST_PAGE)


_LARGEST_PAGE = 65_307  # bytes
_PAGE_HEADER, _LARGEST_PAGE_HEADER = 27, 27 + 255
_FIRST_PAGE, _LAST_PAGE = 2, 4
_OGG_FORMATS = {
    b"OpusHead": slice(9, 10),
    b"\x01vorbis": slice(11, 16),
    b"\x7fFLAC": slice(27, 30),
    b"Speex   ": slice(36, 52),
}
"""First bytes of a codec's header, and the bytes with sample rate and channels (Opus: channels)."""
_FLAC = b"fLaC\0\0\0\x22"
_CHANGES = (
    "is several recordings one after the other, which differ in codec, sample rate or channels; "
    "give each as a file of its own, or convert the whole to WAV with another program"
)
