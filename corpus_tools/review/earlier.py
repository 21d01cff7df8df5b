"""The sound that an earlier page of a source holds, for when its film is not at hand."""

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

from corpus_tools.review.contents import Heard, Run
from corpus_tools.review.listening import Recording
from manifests.errors import DataError
from manifests.records import Source

__all__ = ["EarlierPage", "of_page", "read_page"]


@dataclass(frozen=True)
class EarlierPage:
    """A page that was made with the film.

    Attributes:
        path: the page.
        heard: what its sound is, and what was found in it.
        envelope: the sound's outline, as bytes.
        sound: first byte of the encoded sound in the page, and the one after its last.
    """

    path: Path
    heard: Heard
    envelope: bytes
    sound: tuple[int, int]


def read_page(path: Path, source: Source) -> EarlierPage | None:
    """Return a source's earlier page if it holds the whole film's sound, else ``None``.

    A ``source_id`` names the film's content, so the sound of any page of it is the right one.

    Args:
        path: where the page would be.
        source: whose page.
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
        heard = Heard(
            pieces=[(0.0, source.duration, 0.0)],
            whole=True,
            speech=_runs(data["speech"]),
            gaps=_runs(data["gaps"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return EarlierPage(path, heard, envelope, sound)


@contextmanager
def of_page(page: EarlierPage, folder: Path) -> Iterator[Recording]:
    """Take the sound out of an earlier page; memory does not grow with its length.

    Args:
        page: as `read_page` found it.
        folder: on whose disk the sound waits, in a file without a name.

    Raises:
        DataError: if the sound is damaged.
    """
    with tempfile.TemporaryFile(dir=folder) as mp3:
        with page.path.open("rb") as file:
            _decode(file, mp3, *page.sound)
        yield Recording(page.heard, page.envelope, mp3)


def _decode(file: BinaryIO, out: BinaryIO, first: int, last: int) -> None:
    file.seek(first)
    try:
        for start in range(first, last, _PIECE):
            out.write(base64.b64decode(file.read(min(_PIECE, last - start)), validate=True))
    except binascii.Error as error:
        raise DataError(
            f"its earlier page {file.name} is damaged; delete that, or name the film"
        ) from error


def _element(page: mmap.mmap, name: bytes) -> tuple[int, int]:
    """Return where the text of a script element begins and ends."""
    mark = b'id="' + name + b'">'
    found = page.find(mark)
    last = page.find(b"</script>", found)
    if found < 0 or last < 0:
        raise ValueError("no such element")
    return found + len(mark), last


def _runs(value: Any) -> list[Run]:
    return [(int(start), int(end)) for start, end in value]


_PIECE = 4 * 64 * 1024  # characters of base64; a multiple of four
