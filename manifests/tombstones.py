"""What was taken back: ``withdrawn.jsonl``, all that stays of a person who withdrew."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from manifests.errors import ConfigurationError
from manifests.record import Record, record
from manifests.store import read_jsonl, write_jsonl

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
    """A source of which nothing is left; by its content it is known if it comes again."""

    source_id: str
    sha256: str | None


@record
class Tombstone(Record):
    """What was taken back, when, and how much it was: ids and counts, no text and no address.

    Attributes:
        kind: whose withdrawal it is.
        id: of the speaker, the source or the annotator.
        created: when it was first asked for.
        reason: as given, if one was.
        finished: whether nothing of it is left; until then every writing command refuses.
        clips: those that went.
        sources: those that went whole.
        milliseconds: of the clips that went from sources of which others stay, by source.
        accounts: server and user number of an annotator, whose answers are not taken again.
        answers: server and number of their annotations, likewise.
        versions: clips and votes that went from each version of the manifest.
        counts: what went, by place.
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

    @property
    def summary(self) -> str:
        """Who withdrew and when, for a sentence."""
        return f"{self.kind} '{self.id}', withdrawn on {self.created[:10]} ({TOMBSTONES})"


@dataclass(frozen=True)
class Withdrawn:
    """All tombstones of a corpus, to look things up in.

    Attributes:
        tombstones: in the order in which they were made.
    """

    tombstones: tuple[Tombstone, ...]

    @classmethod
    def of(cls, corpus: Path) -> "Withdrawn":
        """Read them from a corpus folder.

        Raises:
            DataError: if the file can't be read.
        """
        return cls(tuple(read_tombstones(corpus)))

    @cached_property
    def clips(self) -> dict[str, Tombstone]:
        """Clips that went."""
        return {clip: one for one in self.tombstones for clip in one.clips}

    @cached_property
    def media(self) -> dict[str, Tombstone]:
        """Sources that went whole, by the sha256 of their file."""
        return {gone.sha256: one for one in self.tombstones for gone in one.sources if gone.sha256}

    @cached_property
    def partly(self) -> dict[str, Tombstone]:
        """Sources from which clips went while others stayed, by id."""
        return {name: one for one in self.tombstones for name in one.milliseconds}

    @cached_property
    def speakers(self) -> dict[str, Tombstone]:
        """Speakers who withdrew, by id."""
        return self._of_kind("speaker")

    @cached_property
    def annotators(self) -> dict[str, Tombstone]:
        """Annotators who withdrew, by pseudonym."""
        return self._of_kind("annotator")

    @cached_property
    def accounts(self) -> frozenset[tuple[str, int]]:
        """Server and user number of the annotators who withdrew."""
        return frozenset(account for one in self.tombstones for account in one.accounts)

    @cached_property
    def answers(self) -> frozenset[tuple[str, int]]:
        """Server and number of annotations that went with their annotator."""
        return frozenset(answer for one in self.tombstones for answer in one.answers)

    def unfinished(self) -> Tombstone | None:
        """Return a withdrawal that was interrupted, if there is one."""
        return next((one for one in self.tombstones if not one.finished), None)

    def _of_kind(self, kind: Kind) -> dict[str, Tombstone]:
        return {one.id: one for one in self.tombstones if one.kind == kind}


def read_tombstones(corpus: Path) -> list[Tombstone]:
    """Return the tombstones of a corpus, none if nobody ever withdrew.

    Raises:
        DataError: naming the line that is wrong.
    """
    path = corpus / TOMBSTONES
    if not path.is_file():
        return []
    return [
        Tombstone.parse(row, f"{path}, line {number}")
        for number, row in enumerate(read_jsonl(path), start=1)
    ]


def put_tombstone(corpus: Path, tombstone: Tombstone) -> None:
    """Write a tombstone in the place of that of the same person or source, else after the others.

    Raises:
        DataError: if the file can't be read.
    """
    key = (tombstone.kind, tombstone.id)
    stones = {(one.kind, one.id): one for one in read_tombstones(corpus)} | {key: tombstone}
    write_jsonl(corpus / TOMBSTONES, [one.row() for one in stones.values()])


def unknown_id_error(what: str, given: str, known: Iterable[str]) -> ConfigurationError:
    """Return the error for an id that there isn't, naming the nearest that there are."""
    near = difflib.get_close_matches(given, sorted(known), n=_NEAREST, cutoff=0.0)
    there = f"the nearest are {', '.join(near)}" if near else "the corpus has none"
    return ConfigurationError(f"no {what} {given!r}: {there}")


_NEAREST = 4
