"""What a withdrawal takes out of a corpus, and the changes to files that this comes to."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.publish import source_of
from manifests.errors import DataError
from manifests.store import canonical_json
from manifests.tombstones import Tombstone

__all__ = ["Change", "Removal", "edges", "files", "filtered", "scrubbed", "without"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A file to write anew or to delete.

    Attributes:
        path: which file.
        data: its new content; None to delete it.
        place: what it is counted under.
        count: how many records, or files, of the withdrawn go with it.
    """

    path: Path
    data: bytes | None
    place: str
    count: int


@dataclass(frozen=True)
class Removal:
    """What goes.

    Attributes:
        corpus: the corpus folder.
        tombstone: of this withdrawal; says which clips and sources.
        milliseconds: withdrawn from sources of which clips stay, by all withdrawals there were.
    """

    corpus: Path
    tombstone: Tombstone
    milliseconds: Mapping[str, int]

    @cached_property
    def clips(self) -> frozenset[str]:
        """Ids of the clips that go."""
        return frozenset(self.tombstone.clips)

    @cached_property
    def sources(self) -> frozenset[str]:
        """Ids of the sources that go whole."""
        return frozenset(gone.source_id for gone in self.tombstone.sources)

    @cached_property
    def touched(self) -> frozenset[str]:
        """Ids of the sources that anything goes from."""
        return self.sources | {source_of(clip) for clip in self.clips}

    @property
    def speaker(self) -> str | None:
        """The speaker who withdrew, if it was one."""
        return self.tombstone.id if self.tombstone.kind == "speaker" else None

    @property
    def annotator(self) -> str | None:
        """The annotator who withdrew, if it was one."""
        return self.tombstone.id if self.tombstone.kind == "annotator" else None

    @cached_property
    def ids(self) -> frozenset[str]:
        """Ids of all that was cut or recorded and goes: nothing else can be called so."""
        return self.clips | self.sources

    def takes(self, clip_id: object) -> bool:
        """Return whether a clip goes."""
        return isinstance(clip_id, str) and (
            clip_id in self.clips or source_of(clip_id) in self.sources
        )

    def names_it(self, text: str) -> bool:
        """Return whether a text has one of the ids as a word of its own."""
        if self._own.search(text):
            return True
        return any(self.takes(found) for found in _CLIP.findall(text)) or any(
            source in text for source in self.sources
        )

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w-]){re.escape(self.tombstone.id)}(?![\w-])")


def edges(clip_id: str) -> tuple[float, float]:
    """Return the start and end of a clip, in seconds, that its id tells.

    Example:
        >>> edges("E01-12d5117605b5-00000600-00003620")
        (0.6, 3.62)
    """
    _, start, end = clip_id.rsplit("-", 2)
    return int(start) / 1000, int(end) / 1000


def filtered(path: Path, change: Callable[[Row], Row | None]) -> tuple[bytes, int, int]:
    """Return a JSON Lines file with its rows changed, and how many went and stay.

    Args:
        path: of the file; what isn't changed in it stays byte for byte.
        change: returns a row as it is, another in its place, or None for one that goes.

    Returns:
        The content, the rows that went or were changed, and the rows that are left.

    Raises:
        DataError: naming the line that is no JSON object.
    """
    kept: list[bytes] = []
    changed = 0
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
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


def scrubbed(value: Any, ids: Set[str]) -> Any:
    """Return a JSON value without what names one of the ids.

    Elements of lists that name one (by themselves, as a field or an item) go; so do keys; a field
    of the outermost object becomes null.

    Example:
        >>> scrubbed({"first": "c1", "lines": [["c1", "a"], ["c2", "b"]]}, {"c1"})
        {'first': None, 'lines': [['c2', 'b']]}
    """
    if isinstance(value, dict):
        return {
            key: None if _is_one(item, ids) else scrubbed(item, ids)
            for key, item in value.items()
            if key not in ids
        }
    if isinstance(value, list):
        return [scrubbed(item, ids) for item in value if not _names(item, ids)]
    return value


def without(pairs: list[Any], gone: Set[tuple[float, float]]) -> list[Any]:
    """Return rows that begin with a start and an end, without those of these edges."""
    return [row for row in pairs if tuple(row[:2]) not in gone]


def _names(item: Any, ids: Set[str]) -> bool:
    fields = item.values() if isinstance(item, dict) else item if isinstance(item, list) else [item]
    return any(_is_one(field, ids) for field in fields)


def _is_one(item: Any, ids: Set[str]) -> bool:
    return isinstance(item, str) and item in ids


def files(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield files in order, without what killed writers left."""
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and not path.name.startswith("."):
            yield path


_CLIP = re.compile(r"[\w.-]+-\d{8}-\d{8}")
