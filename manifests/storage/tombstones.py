"""Tombstones: the records of finished withdrawals, in ``withdrawn.jsonl``."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from manifests.base.errors import ConfigurationError
from manifests.base.voices import person_key
from manifests.storage.record import Record, record
from manifests.storage.store import read_sealed, sealed_jsonl, write_bytes

__all__ = [
    "TOMBSTONES",
    "Kind",
    "Tombstone",
    "Withdrawn",
    "WithdrawnSource",
    "put_tombstone",
    "read_tombstones",
    "unknown_id_error",
]

TOMBSTONES = "withdrawn.jsonl"

Kind = Literal["speaker", "source", "annotator"]


@record
class WithdrawnSource(Record):
    """A source withdrawn as a whole; its sha256 identifies it if it is added again."""

    source_id: str
    sha256: str | None


@record
class Tombstone(Record):
    """Record of a withdrawal: ids and counts, no text and no address.

    Attributes:
        kind, id: kind and id of the withdrawn speaker, source or annotator.
        created: time of the first request.
        finished: all data are deleted; until then every writing command refuses.
        clips: ids of the deleted clips.
        sources: sources deleted as a whole.
        milliseconds: duration of the clips deleted from each source that keeps others.
        accounts: server and user id of an annotator, not imported again.
        answers: server and annotation id of their annotations, not imported again.
        versions: clips and votes deleted from each manifest version.
        counts: number of deleted items by place.
        to_do: what its owner has to do by hand, in sentences; empty when it is finished.
    """

    kind: Kind
    id: str
    created: str
    reason: str | None = None
    finished: bool = False
    clips: list[str] = Field(default_factory=list)
    sources: list[WithdrawnSource] = Field(default_factory=list)
    milliseconds: dict[str, int] = Field(default_factory=dict)
    accounts: list[tuple[str, int]] = Field(default_factory=list)
    answers: list[tuple[str, int]] = Field(default_factory=list)
    versions: dict[str, dict[str, int]] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    to_do: list[str] = Field(default_factory=list)

    @property
    def summary(self) -> str:
        """Withdrawn item and date, for messages."""
        return f"{self.kind} '{self.id}', withdrawn on {self.created[:10]} ({TOMBSTONES})"


@dataclass(frozen=True)
class Withdrawn:
    """Look-up tables over all tombstones of a corpus, oldest first."""

    tombstones: tuple[Tombstone, ...]

    @classmethod
    def of(cls, corpus: Path) -> "Withdrawn":
        """Read the tombstones of a corpus folder; DataError if the file can't be read."""
        return cls(tuple(read_tombstones(corpus)))

    @cached_property
    def clips(self) -> dict[str, Tombstone]:
        """Tombstones by deleted clip."""
        return {clip: stone for stone in self.tombstones for clip in stone.clips}

    @cached_property
    def media(self) -> dict[str, Tombstone]:
        """Tombstones of sources deleted as a whole, by sha256 of the file."""
        return {
            source.sha256: stone
            for stone in self.tombstones
            for source in stone.sources
            if source.sha256
        }

    @cached_property
    def partly(self) -> dict[str, Tombstone]:
        """Tombstones of sources that lost some of their clips, by source id."""
        return {name: stone for stone in self.tombstones for name in stone.milliseconds}

    @cached_property
    def speakers(self) -> dict[str, Tombstone]:
        """Tombstones of speakers, by id."""
        return self._of_kind("speaker")

    def speaker(self, name: str) -> Tombstone | None:
        """Return the tombstone of a speaker, in whatever spelling the id was withdrawn."""
        return self._by_person.get(person_key(name))

    @cached_property
    def _by_person(self) -> dict[str, Tombstone]:
        return {person_key(name): stone for name, stone in self.speakers.items()}

    @cached_property
    def annotators(self) -> dict[str, Tombstone]:
        """Tombstones of annotators, by pseudonym."""
        return self._of_kind("annotator")

    @cached_property
    def accounts(self) -> frozenset[tuple[str, int]]:
        """Server and user id of withdrawn annotators."""
        return frozenset(account for stone in self.tombstones for account in stone.accounts)

    @cached_property
    def answers(self) -> frozenset[tuple[str, int]]:
        """Server and id of deleted annotations."""
        return frozenset(answer for stone in self.tombstones for answer in stone.answers)

    def unfinished(self) -> Tombstone | None:
        """Return an interrupted withdrawal, if there is one."""
        return next((stone for stone in self.tombstones if not stone.finished), None)

    def _of_kind(self, kind: Kind) -> dict[str, Tombstone]:
        return {stone.id: stone for stone in self.tombstones if stone.kind == kind}


def read_tombstones(corpus: Path) -> list[Tombstone]:
    """Return the tombstones of a corpus, empty without withdrawals; DataError names a bad line."""
    path = corpus / TOMBSTONES
    if not path.is_file():
        return []
    return [
        Tombstone.parse(row, f"{path}, line {number}")
        for number, row in enumerate(read_sealed(path), start=1)
    ]


def put_tombstone(corpus: Path, tombstone: Tombstone) -> None:
    """Replace the tombstone of the same kind and id, or append it; DataError as in reading."""
    key = (tombstone.kind, tombstone.id)
    stones = {(stone.kind, stone.id): stone for stone in read_tombstones(corpus)} | {key: tombstone}
    write_bytes(corpus / TOMBSTONES, sealed_jsonl(stone.row() for stone in stones.values()))


def unknown_id_error(kind: str, given: str, known: Iterable[str]) -> ConfigurationError:
    """Return the error for an unknown id, naming the most similar known ones."""
    near = difflib.get_close_matches(given, sorted(known), n=_NEAREST, cutoff=0.0)
    hint = f"the nearest are {', '.join(near)}" if near else "the corpus has none"
    return ConfigurationError(f"no {kind} {given!r}: {hint}")


_NEAREST = 4
