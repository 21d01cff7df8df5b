"""Traces of what is withdrawn in files of any kind: voice, texts, ids and names."""

import bz2
import codecs
import gzip
import io
import json
import lzma
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import quote

import numpy as np

from annotation.judgements.store import read_judgements
from corpus_tools.media.errors import MediaError
from corpus_tools.media.wav import read_wav
from corpus_tools.withdrawal.byte_search import SHORTEST, ByteSearch, sound_pieces
from corpus_tools.withdrawal.changes import OTHER_ID, Removal, word_pattern
from corpus_tools.withdrawal.stage_records import is_removed, withdrawn_intervals
from manifests.storage.records import SubtitleLine, Transcript
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import read_jsonl
from manifests.versions.manifest import ENTRIES, versions

__all__ = ["Trace", "Traces", "withdrawn_sounds", "withdrawn_texts"]

Trace = Literal["voice", "text", "name", "closed"]
"""What was found: a clip's sound, a text, an id or name; or a file that can't be looked into."""


class Traces:
    """Search for the ids and names of a removal, and for texts and sounds if they are given.

    ``sounds`` are pieces of PCM by clip, of which two must be found. Packed files (gzip, bzip2, xz,
    zstd, zip with its spreadsheets, Parquet) are unpacked, lossless sound is decoded. Sound that
    was compressed with loss or resampled isn't recognised. ``in_records``, names are whole values:
    what others say there may have the same word.
    """

    def __init__(
        self,
        removal: Removal,
        texts: Iterable[str] = (),
        sounds: Mapping[str, list[bytes]] | None = None,
        *,
        in_records: bool = False,
    ) -> None:
        self._removal = removal
        self._in_records = in_records
        self._ids = {
            form
            for one in removal.ids | removal.aliases
            for form in _forms(one)
            if len(form) >= SHORTEST
        }
        self._texts = {form[:_LONGEST] for text in texts for form in _forms(text)}
        self._clip_of = {piece: clip for clip, pieces in (sounds or {}).items() for piece in pieces}

    def in_file(self, path: Path) -> Trace | None:
        """Return the first trace in a file, None if there is none."""
        try:
            with path.open("rb") as stream:
                return self._in_stream(stream, max(path.stat().st_size, _MOST))
        except OSError:
            return "closed"

    def in_bytes(self, data: bytes) -> Trace | None:
        """Return the first trace in a file's new content."""
        return self._in_stream(io.BytesIO(data), _MOST)

    def _in_stream(self, stream: IO[bytes], most: int) -> Trace | None:
        pieces: set[bytes] = set()
        read = 0
        try:
            for plain in _plain_streams(stream, 0):
                rest = b""
                while block := plain.read(_BLOCK):
                    read += len(block)
                    found = self._in_block(rest + block, pieces)
                    if found or read > most:
                        return found or "closed"
                    rest = (rest + block)[-self._overlap :]
        except _ClosedError:
            return "closed"
        except _UNREADABLE:
            return "closed"
        return None

    def _in_block(self, data: bytes, pieces: set[bytes]) -> Trace | None:
        """Return the first trace in a block; ``pieces`` are those found in the stream so far."""
        found = self._search.find(data)
        pieces |= found.keys() & self._clip_of.keys()
        counts = Counter(self._clip_of[piece] for piece in pieces)
        if any(number >= _ENOUGH for number in counts.values()):
            return "voice"
        for one in found.keys() & self._ids:
            if any(not _OTHER_ID.match(data, end) for end in found[one]):
                return "name"
        if found.keys() & self._texts:
            return "text"
        names = self._names if b"\0" not in data[:_BLOCK] else self._long_names
        named = any(form in data and pattern.search(data) for form, pattern in names)
        return "name" if named else None

    @cached_property
    def _search(self) -> ByteSearch:
        return ByteSearch({*self._ids, *self._texts, *self._clip_of})

    @property
    def _overlap(self) -> int:
        return max(self._search.longest, _LONGEST)

    @cached_property
    def _names(self) -> list[tuple[bytes, re.Pattern[bytes]]]:
        return _patterns(self._removal.names, in_records=self._in_records)

    @cached_property
    def _long_names(self) -> list[tuple[bytes, re.Pattern[bytes]]]:
        """Patterns of the names that don't occur by chance in what isn't text."""
        return _patterns(name for name in self._removal.names if len(name.encode()) > _BY_CHANCE)


def _patterns(
    names: Iterable[str], *, in_records: bool = False
) -> list[tuple[bytes, re.Pattern[bytes]]]:
    """Return the forms of names, each with the pattern of that form as a word or value."""
    found = []
    for name in sorted(names):
        word = r'[":/]@"|speaker:@(?![\w-])' if in_records else word_pattern(name, "@")
        for form in sorted(_forms(name)):
            found.append((form, re.compile(word.encode().replace(b"@", re.escape(form)))))
    return found


def withdrawn_texts(removal: Removal) -> set[str]:
    """Return the texts of what is withdrawn, but for short ones and those that others have, too."""
    own: set[str] = set()
    kept: set[str] = set()
    for row in read_stage(removal.corpus, STAGES["transcripts"], Transcript):
        (own if removal.covers(row.clip_id) else kept).update((row.text, row.text_raw))
    for source, lines in groupby(
        read_stage(removal.corpus, STAGES["subtitles"], SubtitleLine), lambda line: line.source_id
    ):
        intervals = withdrawn_intervals(removal, source)
        for line in lines:
            goes = source in removal.sources or is_removed(line, removal, intervals)
            (own if goes else kept).add(line.text)
    for answer in read_judgements(removal.corpus):
        by_them = removal.annotator is not None and answer.annotator == removal.annotator
        (own if by_them or removal.covers(answer.clip_id) else kept).add(answer.transcript or "")
    for folder in versions(removal.corpus):
        for entry in read_jsonl(folder / ENTRIES):
            (own if removal.covers(entry.get("clip_id")) else kept).add(entry.get("text") or "")
    same = {text.strip() for text in kept}
    return {
        text.strip()
        for text in own
        if len(text.strip().encode()) >= _SHORTEST_TEXT and text.strip() not in same
    }


def withdrawn_sounds(removal: Removal) -> dict[str, list[bytes]]:
    """Return pieces of the PCM of the withdrawn clips that are still there, by clip."""
    sounds: dict[str, list[bytes]] = {}
    for source in sorted(removal.affected_sources):
        for path in sorted((removal.corpus / "clips" / source).glob("*.wav")):
            if removal.covers(path.stem):
                try:
                    sounds[path.stem] = sound_pieces(read_wav(path))
                except (MediaError, OSError):
                    continue
    return sounds


def _forms(text: str) -> set[bytes]:
    """Return a text as files spell it: encoded, escaped in JSON, quoted in an address."""
    forms = {text.encode("utf-8", "replace"), text.encode("utf-16-le", "replace")}
    if not text.isascii():
        forms |= {text.encode("gb18030", "replace"), quote(text).encode()}
        forms.add(json.dumps(text)[1:-1].encode())
    return forms


def _plain_streams(stream: IO[bytes], depth: int) -> Iterator[IO[bytes]]:
    """Yield what is in a file, as it is and, if it is packed or sound, unpacked or decoded."""
    head = stream.read(_HEAD)
    stream.seek(0)
    kind = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    if kind == "closed" or (kind in _PACKED and depth > _DEEPEST):
        raise _ClosedError
    if kind == "zip":
        with zipfile.ZipFile(stream) as archive:
            for member in archive.infolist():
                if member.flag_bits & 1:
                    raise _ClosedError
                yield io.BytesIO(member.filename.encode())
                with archive.open(member) as unpacked:
                    yield from _plain_streams(unpacked, depth + 1)
    elif kind == "parquet":
        yield from _parquet_streams(stream)
    elif kind in _OPENERS:
        with _OPENERS[kind](stream) as unpacked:
            yield from _plain_streams(unpacked, depth + 1)
    elif kind == "arrow":
        import pyarrow

        name = "zstd" if head.startswith(_ZSTD) else "lz4"
        with pyarrow.CompressedInputStream(pyarrow.PythonFile(stream, "r"), name) as unpacked:
            yield unpacked
    elif kind == "utf-16":
        yield codecs.EncodedFile(stream, "utf-8", "utf-16", "replace")
    else:
        yield stream
        if kind == "sound":
            stream.seek(0)
            yield from _decoded_sound(stream)


def _parquet_streams(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    import pyarrow.parquet

    for batch in pyarrow.parquet.ParquetFile(stream).iter_batches(batch_size=_ROWS):
        yield io.BytesIO(b"\n".join(_values(batch.to_pylist())))


def _values(value: Any) -> Iterator[bytes]:
    """Yield the texts and bytes in nested rows."""
    match value:
        case str():
            yield value.encode("utf-8", "replace")
        case bytes():
            yield value
        case dict():
            for name, item in value.items():
                yield from _values(name)
                yield from _values(item)
        case list() | tuple():
            for item in value:
                yield from _values(item)


def _decoded_sound(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield the samples of the first channel of lossless sound, as 16-bit PCM."""
    import soundfile

    try:
        with soundfile.SoundFile(stream) as sound:
            for block in sound.blocks(_SAMPLES, dtype="float32", always_2d=True):
                samples = np.clip(np.rint(block[:, 0] * 32768), -32768, 32767)
                yield io.BytesIO(samples.astype("<i2").tobytes())
    except soundfile.LibsndfileError:
        return


class _ClosedError(Exception):
    """A file that can't be looked into."""


_ZSTD = b"\x28\xb5\x2f\xfd"
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"PAR1": "parquet",
    _ZSTD: "arrow",
    b"\x04\x22\x4d\x18": "arrow",
    b"7z\xbc\xaf\x27\x1c": "closed",
    b"Rar!": "closed",
    b"Salted__": "closed",
    b"-----BEGIN PGP MESSAGE": "closed",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    **dict.fromkeys((b"fLaC", b"RIFF", b"RF64", b"FORM", b"caff", b".snd", b"riff"), "sound"),
}
_OPENERS: Mapping[str | None, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
_PACKED = {"zip", "gzip", "bzip2", "xz"}
_UNREADABLE = (
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, lzma.LZMAError, MemoryError, KeyError),
)
"""Errors of damaged packed files; pyarrow's are ValueError and OSError."""
_OTHER_ID = re.compile(OTHER_ID.encode())
_HEAD, _DEEPEST = 32, 3
_BLOCK = 1 << 24  # bytes
_MOST = 1 << 32  # bytes of one file, unpacked
_LONGEST = 512  # bytes of a text
_SHORTEST_TEXT = 15  # bytes: five Chinese characters
_BY_CHANCE = 4  # bytes
_ENOUGH = 2  # pieces of a clip
_ROWS = 256
_SAMPLES = 1 << 22
