"""Audio of a source's previous page, for use when its film is missing."""

import base64
import binascii
import json
import mmap
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from corpus_tools.review.contents import Run, SoundMap
from corpus_tools.review.page_audio import PageAudio
from manifests.base.errors import DataError
from manifests.storage.records import Source

__all__ = ["PreviousPage", "previous_page_audio", "read_previous_page"]


@dataclass(frozen=True)
class PreviousPage:
    """Page that was written from the film, with its sound map and envelope.

    ``sound`` is the byte range [first, last) of the encoded audio in the page.
    """

    path: Path
    sound_map: SoundMap
    envelope: bytes
    sound: tuple[int, int]


def read_previous_page(path: Path, source: Source) -> PreviousPage | None:
    """Return a source's previous page if it holds the whole film's audio, else None.

    A ``source_id`` identifies the film's content, so any page of it has the right audio.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as page:
            first, last = _element(page, b"data")
            data = json.loads(page[first:last])
            first, last = _element(page, b"envelope")
            envelope = base64.b64decode(page[first:last], validate=True)
            sound = _element(page, b"sound")
        if data["source"]["id"] != source.source_id or data["whole"] is not True:
            return None
        sound_map = SoundMap(
            pieces=[(0.0, source.duration, 0.0)],
            whole=True,
            speech=_parse_runs(data["speech"]),
            gaps=_parse_runs(data["gaps"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return PreviousPage(path, sound_map, envelope, sound)


@contextmanager
def previous_page_audio(page: PreviousPage, folder: Path) -> Iterator[PageAudio]:
    """Extract a previous page's audio to an unnamed file; DataError if it is damaged."""
    with tempfile.TemporaryFile(dir=folder) as mp3:
        with page.path.open("rb") as file:
            _decode(file, mp3, *page.sound)
        yield PageAudio(page.sound_map, page.envelope, mp3)


def _decode(file: BinaryIO, out: BinaryIO, first: int, last: int) -> None:
    file.seek(first)
    try:
        for start in range(first, last, _BASE64_BLOCK):
            out.write(base64.b64decode(file.read(min(_BASE64_BLOCK, last - start)), validate=True))
    except binascii.Error as error:
        raise DataError(
            f"its previous page {file.name} is damaged; delete it, or name the film"
        ) from error


def _element(page: mmap.mmap, name: bytes) -> tuple[int, int]:
    """Return the byte range of a script element's text."""
    mark = b'id="' + name + b'">'
    found = page.find(mark)
    last = page.find(b"</script>", found)
    if found < 0 or last < 0:
        raise ValueError("no such element")
    return found + len(mark), last


def _parse_runs(value: Any) -> list[Run]:
    return [(int(start), int(end)) for start, end in value]


_BASE64_BLOCK = 4 * 64 * 1024  # characters of base64; a multiple of four
