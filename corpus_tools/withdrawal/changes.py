"""Scope of a withdrawal, and file changes that carry it out."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.ledger.commit import source_of
from manifests.base.csv_tables import csv_text, read_rows
from manifests.base.encodings import read_bytes
from manifests.base.errors import DataError
from manifests.storage.checksums import (
    CHECKSUMS,
    checksum_lines,
    name_by_content,
    read_checksums,
)
from manifests.storage.copies import without_copies
from manifests.storage.store import canonical_json
from manifests.storage.tombstones import Tombstone

__all__ = [
    "OTHER_ID",
    "Change",
    "Removal",
    "clip_interval",
    "csv_change",
    "csv_rows",
    "files",
    "filter_rows",
    "scrub",
    "sealed",
    "without_intervals",
    "word_pattern",
]

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """File to rewrite with new data or, if None, file or folder to delete.

    ``count`` is the number of records, for the sum of the ``place``.
    """

    path: Path
    data: bytes | None
    place: str
    count: int


@dataclass(frozen=True)
class Removal:
    """Scope of a withdrawal: the tombstone that lists the clips and sources.

    ``milliseconds`` are those withdrawn from each partly kept source, by all withdrawals so far;
    ``aliases`` are other names of the person or film in files: addresses, names of media.
    """

    corpus: Path
    tombstone: Tombstone
    milliseconds: Mapping[str, int]
    aliases: frozenset[str] = frozenset()

    @cached_property
    def clips(self) -> frozenset[str]:
        """Ids of the withdrawn clips."""
        return frozenset(self.tombstone.clips)

    @cached_property
    def sources(self) -> frozenset[str]:
        """Ids of the sources withdrawn as a whole."""
        return frozenset(source.source_id for source in self.tombstone.sources)

    @cached_property
    def affected_sources(self) -> frozenset[str]:
        """Ids of the sources with any withdrawn data."""
        return self.sources | {source_of(clip) for clip in self.clips}

    @property
    def speaker(self) -> str | None:
        """Id of the withdrawn speaker, if any."""
        return self.tombstone.id if self.tombstone.kind == "speaker" else None

    @property
    def annotator(self) -> str | None:
        """Id of the withdrawn annotator, if any."""
        return self.tombstone.id if self.tombstone.kind == "annotator" else None

    @cached_property
    def ids(self) -> frozenset[str]:
        """Ids of withdrawn clips and sources, which are unique in the corpus."""
        return self.clips | self.sources

    def covers(self, clip_id: object) -> bool:
        """Return True if a clip is withdrawn."""
        return isinstance(clip_id, str) and (
            clip_id in self.clips or source_of(clip_id) in self.sources
        )

    def mentions(self, text: str) -> bool:
        """Return True if a text contains the name, or one of the ids, as a separate word."""
        if self._id_pattern.search(text) or any(alias in text for alias in self.aliases):
            return True
        return any(self.covers(clip_id) for clip_id in _CLIP.findall(text)) or any(
            re.search(rf"{re.escape(source)}(?!{OTHER_ID})", text)
            for source in self.sources
            if source in text
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """The id in both Unicode forms, to search for as a word."""
        forms = (unicodedata.normalize(form, self.tombstone.id) for form in ("NFC", "NFD"))
        return frozenset({self.tombstone.id, *forms})

    @cached_property
    def _id_pattern(self) -> re.Pattern[str]:
        return re.compile(
            "|".join(word_pattern(name, re.escape(name)) for name in sorted(self.names))
        )


def word_pattern(name: str, escaped: str) -> str:
    """Return the pattern of a name as a separate word, with ``escaped`` as its escaped form.

    Numbers and single letters are names only in quotes, or beside what says so.

    Example:
        >>> [bool(re.search(word_pattern("01", "01"), text)) for text in ("actor 01", "on 01.12.")]
        [True, False]
    """
    if len(name) > 1 and not name.isdigit():
        return rf"{escaped}(?<![\w-]{escaped})(?![\w-])"  # fast, as it begins with a literal
    return rf"(?:[\"'>]|(?:speaker|spk|actor|annotator)[\W_]{{1,3}}){escaped}(?![\w-])"


def sealed(corpus: Path, changes: Iterable[Change]) -> Iterator[Change]:
    """Yield changes of files so that each keeps fitting its checksum.

    The ``SHA256SUMS`` of a folder comes before its files, and a file of judgements gets the name of
    its new content before the old one goes, so an interrupted withdrawal can be done again.
    """
    listed: dict[Path, dict[str, str]] = {}
    waiting = []
    for change in changes:
        path, data = change.path, change.data
        named = path if data is None else path.with_name(name_by_content(path.name, data))
        waiting.append(replace(change, path=named))
        if named != path:
            waiting.append(replace(change, data=None, count=0))
        for folder in path.parents:
            if folder == corpus or not folder.is_relative_to(corpus):
                break  # a list in the corpus folder itself is its owner's
            if path.name == CHECKSUMS or not (folder / CHECKSUMS).is_file():
                continue
            files = listed.setdefault(folder, read_checksums(folder))
            name = path.relative_to(folder).as_posix()
            if name in files and data is None:
                del files[name]
            elif name in files and data is not None:
                files[name] = hashlib.sha256(data).hexdigest()
    gone = {change.path for change in waiting if change.data is None}
    for folder, files in listed.items():
        if files != read_checksums(folder) and folder / CHECKSUMS not in gone:
            yield Change(folder / CHECKSUMS, checksum_lines(files).encode(), "checksums", 0)
    yield from waiting


def clip_interval(clip_id: str) -> tuple[float, float]:
    """Return the start and end of a clip in seconds, from its id.

    Example:
        >>> clip_interval("E01-12d5117605b5-00000600-00003620")
        (0.6, 3.62)
    """
    _, start, end = clip_id.rsplit("-", 2)
    return int(start) / 1000, int(end) / 1000


def filter_rows(path: Path, change: Callable[[Row], Row | None]) -> tuple[bytes, int, int]:
    """Return a JSON Lines file's content with its rows filtered, and the rows changed and left.

    ``change`` returns a row unchanged (it stays byte for byte), a replacement, or None to delete
    it. Raise DataError naming the line that is not a JSON object.
    """
    kept: list[bytes] = []
    changed = 0
    for number, line in enumerate(read_bytes(path).splitlines(keepends=True), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number}: not valid JSON; restore the file") from error
        new = change(row)
        changed += new is not row
        if new is not None:
            kept.append(line if new is row else f"{canonical_json(new)}\n".encode())
    return b"".join(kept), changed, len(kept)


def csv_rows(path: Path) -> list[list[str]]:
    """Return the rows of a CSV file, none if there is no file; DataError if it isn't CSV."""
    if not path.is_file():
        return []
    return [row for _, row in read_rows(path)]


def csv_change(path: Path, place: str, is_removed: Callable[[list[str]], bool]) -> Iterator[Change]:
    """Yield the change that deletes rows of a CSV file below its header, if it has such rows."""
    rows = csv_rows(path)
    kept = [row for number, row in enumerate(rows) if number == 0 or not is_removed(row)]
    if len(kept) < len(rows):
        yield Change(path, csv_text(kept).encode(), place, len(rows) - len(kept))


def scrub(value: Any, ids: Set[str]) -> Any:
    """Return a JSON value without mentions of ids.

    List elements that name one (by themselves, as a field or an item) are deleted, and so are keys;
    a field of the outermost object becomes null.

    Example:
        >>> scrub({"first": "c1", "lines": [["c1", "a"], ["c2", "b"]]}, {"c1"})
        {'first': None, 'lines': [['c2', 'b']]}
    """
    if isinstance(value, dict):
        return {
            key: None if _is_id(item, ids) else scrub(item, ids)
            for key, item in value.items()
            if key not in ids
        }
    if isinstance(value, list):
        return [scrub(item, ids) for item in value if not _names_any(item, ids)]
    return value


def without_intervals(rows: list[Any], intervals: Set[tuple[float, float]]) -> list[Any]:
    """Return rows that begin with a start and an end, except those of given intervals."""
    return [row for row in rows if tuple(row[:2]) not in intervals]


def _names_any(item: Any, ids: Set[str]) -> bool:
    fields = item.values() if isinstance(item, dict) else item if isinstance(item, list) else [item]
    return any(_is_id(field, ids) for field in fields)


def _is_id(item: Any, ids: Set[str]) -> bool:
    return isinstance(item, str) and item in ids


def files(folder: Path, pattern: str, *, copies: bool = False) -> Iterator[Path]:
    """Yield files in order, without hidden ones, nor ``copies`` of sync services if not wanted."""
    for _, found in groupby(sorted(folder.glob(pattern)), lambda path: path.parent):
        paths = [path for path in found if path.is_file()]
        yield from paths if copies else without_copies(paths)


OTHER_ID = r"-t\d|-left|-right|\w"
"""Continuation of a source's id to that of another track or channel."""
_CLIP = re.compile(r"[\w.-]+-\d{8}-\d{8}")
