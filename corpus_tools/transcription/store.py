"""Storage of transcripts, all origins of a source's texts in one shard; the clips to transcribe."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.base.errors import DataError
from manifests.base.outcome import Outcome
from manifests.storage.decisions import is_decided
from manifests.storage.records import Clip, Screen, Source, Transcript
from manifests.storage.shards import (
    STAGES,
    Header,
    read_header,
    read_shard,
    shard_paths,
    write_shard,
)
from manifests.storage.store import canonical_json

__all__ = [
    "SourceClips",
    "is_current",
    "put_transcripts",
    "read_source_clips",
    "read_transcripts",
    "stored_inputs",
    "stored_origins",
    "transcript_origin",
]

STAGE = STAGES["transcripts"]


def transcript_origin(record: Transcript) -> str:
    """Return the origin of a text: its source, with the model if it has one.

    Example:
        >>> record = Transcript(clip_id="c", text="", text_raw="", source="whisper", model="base")
        >>> transcript_origin(record)
        'whisper:base'
    """
    return record.source if record.model is None else f"{record.source}:{record.model}"


def stored_origins(corpus: Path, source_id: str) -> frozenset[str]:
    """Return the origins of a source's texts; raise `DataError` without a readable header."""
    path = STAGE.path(corpus, source_id)
    return frozenset(read_header(path).inputs) if path.exists() else frozenset()


def is_current(corpus: Path, source_id: str, origin: str, inputs: Mapping[str, Any]) -> bool:
    """Return whether a source has texts of an origin from these inputs (reads the header)."""
    known = stored_inputs(corpus, source_id, origin)
    return known is not None and canonical_json(known) == canonical_json(dict(inputs))


def stored_inputs(corpus: Path, source_id: str, origin: str) -> dict[str, Any] | None:
    """Return the inputs of a source's texts of this origin, or None (errors: `stored_origins`)."""
    path = STAGE.path(corpus, source_id)
    known = _known_inputs(read_header(path)) if path.exists() else {}
    return known.get(origin)


def read_transcripts(corpus: Path, source_id: str) -> list[Transcript]:
    """Return a source's texts of all origins; raise `DataError` if the shard can't be read."""
    path = STAGE.path(corpus, source_id)
    return read_shard(path, Transcript) if path.exists() else []


def put_transcripts(
    corpus: Path,
    source_id: str,
    origin: str,
    records: Sequence[Transcript],
    inputs: Mapping[str, Any],
) -> bool:
    """Replace a source's texts of one origin, at most one per clip; keep those of other origins.

    Return False, and write nothing, if the stored texts are from the same (JSON-ready) inputs.
    Raise DataError if the existing shard can't be read, ValueError if a record is of another
    origin, or a clip has two.
    """
    if strange := {transcript_origin(record) for record in records} - {origin}:
        raise ValueError(f"texts of {sorted(strange)} given as {origin!r}")
    if len({record.clip_id for record in records}) < len(records):
        raise ValueError(f"{source_id}: two texts of {origin!r} for one clip")
    if is_current(corpus, source_id, origin, inputs):
        return False
    path = STAGE.path(corpus, source_id)
    others: list[Transcript] = []
    known: dict[str, Any] = {}
    if path.exists():
        known = _known_inputs(read_header(path))
        others = [
            text for text in read_shard(path, Transcript) if transcript_origin(text) != origin
        ]
    both = sorted(
        [*others, *records], key=lambda text: (text.clip_id, text.source, text.model or "")
    )
    write_shard(corpus, STAGE, source_id, both, {**known, origin: dict(inputs)})
    return True


def _known_inputs(header: Header) -> dict[str, Any]:
    """Return the inputs by origin; empty for an older algorithm: its texts are outdated."""
    return header.inputs if header.algorithm == STAGE.algorithm else {}


@dataclass(frozen=True)
class SourceClips:
    """All clips of a source, and the wanted ones: accepted and not superseded."""

    source_id: str
    scripted: bool
    clips: list[Clip]
    wanted: list[Clip]


def read_source_clips(corpus: Path, outcome: Outcome) -> Iterator[SourceClips]:
    """Yield the clips of each source, in order of source ids; a damaged shard is a failure."""
    for path in shard_paths(corpus, STAGES["segments"]):
        try:
            yield _read_source(corpus, path.stem)
        except DataError as error:
            outcome.fail(path.stem, str(error))


def _read_source(corpus: Path, source_id: str) -> SourceClips:
    clips = read_shard(STAGES["segments"].path(corpus, source_id), Clip)
    screen = STAGES["screen"].path(corpus, source_id)
    screened = read_shard(screen, Screen) if is_decided(corpus, source_id) else []
    accepted = {row.clip_id for row in screened if row.accepted}
    sources = STAGES["sources"].path(corpus, source_id)
    kinds = {row.kind for row in read_shard(sources, Source)} if sources.exists() else set()
    wanted = [clip for clip in clips if clip.clip_id in accepted and clip.superseded_by is None]
    return SourceClips(source_id, "scripted" in kinds, clips, wanted)
