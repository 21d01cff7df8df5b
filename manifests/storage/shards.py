"""Stage shards: the records of one stage for one source, in one atomically written file."""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from manifests.base.encodings import read_bytes
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
from manifests.storage.store import (
    canonical_json,
    fingerprint,
    inside,
    parse_jsonl,
    read_jsonl,
    write_bytes,
)

__all__ = [
    "STAGES",
    "Header",
    "Stage",
    "read_header",
    "read_shard",
    "read_stage",
    "shard_bytes",
    "shard_paths",
    "write_shard",
]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Stage:
    """A processing stage with one shard per source below ``stages/NAME/``.

    ``algorithm`` is raised whenever the same inputs would give another result. ``command`` writes
    the shards anew where they are missing.
    """

    name: str
    record: type[Record]
    algorithm: int
    command: str = "corpus segment (recordings: corpus add-recordings)"

    def path(self, corpus: Path, source_id: str) -> Path:
        """Return the path of a source's shard in a corpus folder."""
        return corpus / "stages" / self.name / f"{source_id}.jsonl"

    def fingerprint(self, inputs: dict[str, Any]) -> str:
        """Return the fingerprint of a result: stage, schema, algorithm and inputs."""
        return _fingerprint(self.name, SCHEMA, self.algorithm, inputs)


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("sources", Source, 1),
        Stage("segments", Clip, 3),
        Stage("fingerprints", Fingerprint, 1),
        Stage("screen", Screen, 3, "corpus screen"),
        Stage("ledger", LedgerEntry, 1, "corpus segment"),
        Stage("transcripts", Transcript, 1, "corpus transcribe"),
        Stage("subtitles", SubtitleLine, 2),
        Stage("burned_in", SubtitleLine, 2, "corpus read-subtitles"),
    )
}


@dataclass(frozen=True)
class Header:
    """Line 1 of a shard; ``sha256`` is of the bytes that follow it, null in older shards."""

    stage: str
    schema: int
    algorithm: int
    fingerprint: str
    inputs: dict[str, Any]
    n: int
    sha256: str | None = None

    def with_inputs(self, inputs: dict[str, Any]) -> "Header":
        """Return the header of a shard with other inputs, of the same algorithm."""
        own = _fingerprint(self.stage, self.schema, self.algorithm, inputs)
        return replace(self, inputs=inputs, fingerprint=own)


def write_shard(
    corpus: Path,
    stage: Stage,
    source_id: str,
    records: Sequence[Record],
    inputs: dict[str, Any],
) -> Path:
    """Write a source's shard and return its path; JSON-ready ``inputs`` determine the result."""
    path = inside(corpus, stage.path(corpus, source_id).relative_to(corpus).as_posix())
    header = Header(
        stage.name, SCHEMA, stage.algorithm, stage.fingerprint(inputs), inputs, len(records)
    )
    write_bytes(path, shard_bytes(header, records))
    return path


def shard_bytes(header: Header, records: Iterable[Record], *, hashed: bool = True) -> bytes:
    """Return the content of a shard, with its sha256 in the header unless it is an older one."""
    rows = "".join(f"{canonical_json(record.row())}\n" for record in records).encode()
    head = asdict(header) | {"sha256": hashlib.sha256(rows).hexdigest()}
    if not hashed:
        del head["sha256"]
    return f"{canonical_json({'_': head})}\n".encode() + rows


def read_header(path: Path) -> Header:
    """Return line 1 of a shard; DataError if there is none, or it is of a newer schema."""
    return _header(path, next(read_jsonl(path, _advice(path)), {}))


def read_shard(path: Path, record: type[R]) -> list[R]:
    """Return the records of a shard; DataError names a file that isn't as it was written."""
    data = read_bytes(path, _advice(path))
    rows = parse_jsonl(path, io.BytesIO(data), _advice(path))
    header = _header(path, next(rows, {}))
    if header.stage != path.parent.name:
        raise DataError(f"{path}: has the records of stage {header.stage}; {_advice(path)}")
    content = memoryview(data)[data.find(b"\n") + 1 :]
    if header.sha256 is not None and hashlib.sha256(content).hexdigest() != header.sha256:
        lines = data.count(b"\n") - 1
        damage = "cut off" if lines < header.n else "changed after it was written"
        raise DataError(f"{path}: {damage}; {_advice(path)}")
    records: list[R] | None = record.parse_lines(bytes(content))
    if records is None:
        records = [
            record.parse(row, f"{path}, line {number}") for number, row in enumerate(rows, start=2)
        ]
    if len(records) != header.n:
        raise DataError(
            f"{path}: {len(records)} rows where its header says {header.n}; {_advice(path)}"
        )
    owner = _owner(records[0]) if records else None
    if owner is not None and owner != path.stem:
        raise DataError(f"{path}: has the records of {owner}; {_advice(path)}")
    return records


def read_stage(
    corpus: Path, stage: Stage, record: type[R], naming: str | None = None
) -> Iterator[R]:
    """Yield a stage's records of all sources, in the order of source ids.

    With ``naming`` shards without that text, which has no escaped characters, are passed over.
    """
    text = None if naming is None else naming.encode()
    for path in shard_paths(corpus, stage):
        if text is None or text in read_bytes(path, _advice(path)):
            yield from read_shard(path, record)


def shard_paths(corpus: Path, stage: Stage) -> Iterable[Path]:
    """Return a stage's shards in the order of source ids, without partial writes and copies."""
    return without_copies((corpus / "stages" / stage.name).glob("*.jsonl"))


def _header(path: Path, row: dict[str, Any]) -> Header:
    head = row.get("_")
    if isinstance(head, dict):
        check_schema(head.get("schema"), path)
        head.setdefault("sha256", None)
    if (
        not isinstance(head, dict)
        or set(head) != set(Header.__dataclass_fields__)
        or not isinstance(head["inputs"], dict)
        or not isinstance(head["n"], int)
    ):
        raise DataError(f"{path}: no stage header in line 1; {_advice(path)}")
    header = Header(**head)
    if header.sha256 is not None and header != header.with_inputs(header.inputs):
        raise DataError(f"{path}: line 1 was changed after it was written; {_advice(path)}")
    return header


def _owner(record: Record) -> str | None:
    """Return the source of a record, if it gives one or has a clip's id."""
    clip = _CLIP_ID.fullmatch(getattr(record, "clip_id", ""))
    return getattr(record, "source_id", clip and clip[1])


def _fingerprint(stage: str, schema: int, algorithm: int, inputs: dict[str, Any]) -> str:
    return fingerprint({"stage": stage, "schema": schema, "algorithm": algorithm, "inputs": inputs})


_CLIP_ID = re.compile(r"(.+)-\d{8}-\d{8}")


def _advice(path: Path) -> str:
    stage = STAGES.get(path.parent.name)
    again = f": {stage.command}" if stage else ""
    return f"restore it from a copy, or delete the file and run the step again{again}"
