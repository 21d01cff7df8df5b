"""Stage shards: the records of one stage for one source, in one atomically written file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from manifests.base.errors import DataError
from manifests.storage.copies import without_copies
from manifests.storage.record import Record
from manifests.storage.records import (
    SCHEMA,
    Clip,
    Fingerprint,
    LedgerEntry,
    Screen,
    Source,
    SubtitleLine,
    Transcript,
    check_schema,
)
from manifests.storage.store import fingerprint, inside, read_jsonl, write_jsonl

__all__ = [
    "STAGES",
    "Header",
    "Stage",
    "read_header",
    "read_shard",
    "read_stage",
    "shard_paths",
    "write_shard",
]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Stage:
    """A processing stage with one shard per source below ``stages/NAME/``.

    ``algorithm`` is raised whenever the same inputs would give another result.
    """

    name: str
    record: type[Record]
    algorithm: int

    def path(self, corpus: Path, source_id: str) -> Path:
        """Return the path of a source's shard in a corpus folder."""
        return corpus / "stages" / self.name / f"{source_id}.jsonl"

    def fingerprint(self, inputs: dict[str, Any]) -> str:
        """Return the fingerprint of a result: stage, schema, algorithm and inputs."""
        return fingerprint(
            {"stage": self.name, "schema": SCHEMA, "algorithm": self.algorithm, "inputs": inputs}
        )


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("sources", Source, 1),
        Stage("segments", Clip, 3),
        Stage("fingerprints", Fingerprint, 1),
        Stage("screen", Screen, 3),
        Stage("ledger", LedgerEntry, 1),
        Stage("transcripts", Transcript, 1),
        Stage("subtitles", SubtitleLine, 2),
    )
}


@dataclass(frozen=True)
class Header:
    """Line 1 of a shard."""

    stage: str
    schema: int
    algorithm: int
    fingerprint: str
    inputs: dict[str, Any]
    n: int


def write_shard(
    corpus: Path,
    stage: Stage,
    source_id: str,
    records: Sequence[Record],
    inputs: dict[str, Any],
) -> Path:
    """Write a source's shard and return its path; JSON-ready ``inputs`` determine the result."""
    path = inside(corpus, stage.path(corpus, source_id).relative_to(corpus).as_posix())
    head = {
        "stage": stage.name,
        "schema": SCHEMA,
        "algorithm": stage.algorithm,
        "fingerprint": stage.fingerprint(inputs),
        "inputs": inputs,
        "n": len(records),
    }
    write_jsonl(path, [{"_": head}, *(record.row() for record in records)])
    return path


def read_header(path: Path) -> Header:
    """Return line 1 of a shard; DataError if there is none, or it is of a newer schema."""
    return _header(path, next(read_jsonl(path, _RESTORE_SHARD), {}))


def read_shard(path: Path, record: type[R]) -> list[R]:
    """Return the records of a shard; DataError names file and line of an invalid or missing row."""
    rows = read_jsonl(path, _RESTORE_SHARD)
    header = _header(path, next(rows, {}))
    records: list[R] = [
        record.parse(row, f"{path}, line {number}") for number, row in enumerate(rows, start=2)
    ]
    if len(records) != header.n:
        raise DataError(
            f"{path}: {len(records)} rows where its header says {header.n}; {_RESTORE_SHARD}"
        )
    return records


def read_stage(corpus: Path, stage: Stage, record: type[R]) -> Iterator[R]:
    """Yield a stage's records of all sources, in the order of source ids."""
    for path in shard_paths(corpus, stage):
        yield from read_shard(path, record)


def shard_paths(corpus: Path, stage: Stage) -> Iterable[Path]:
    """Return a stage's shards in the order of source ids, without partial writes and copies."""
    return without_copies((corpus / "stages" / stage.name).glob("*.jsonl"))


def _header(path: Path, row: dict[str, Any]) -> Header:
    head = row.get("_")
    if isinstance(head, dict):
        check_schema(head.get("schema"), path)
    if not isinstance(head, dict) or set(head) != set(Header.__dataclass_fields__):
        raise DataError(f"{path}: no stage header in line 1; {_RESTORE_SHARD}")
    return Header(**head)


_RESTORE_SHARD = "restore it from a copy, or delete the file and run the step again"
