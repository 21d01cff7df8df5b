"""Changes of a withdrawal to stage records, choices and clips."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpus_tools.assembly.excerpts import context_window
from corpus_tools.burned_in.srt import srt_path, to_srt
from corpus_tools.segmentation.ledger.commit import MARKED, SETTLED
from corpus_tools.segmentation.ledger.ledger import WITHDRAWN, ledger_of, outside_from_ledger
from corpus_tools.withdrawal.changes import (
    Change,
    Removal,
    clip_interval,
    files,
    scrub,
    without_intervals,
)
from manifests.storage.record import Record
from manifests.storage.records import Choice, Clip, LedgerEntry, Screen, Source, SubtitleLine
from manifests.storage.shards import STAGES, Header, read_header, read_shard, shard_bytes
from manifests.storage.store import read_jsonl, sealed_jsonl

__all__ = [
    "changes_to_choices",
    "changes_to_clips",
    "changes_to_stages",
    "is_removed",
    "overlap_test",
    "withdrawn_intervals",
]


def changes_to_choices(removal: Removal) -> Iterator[Change]:
    """Yield changes to files of choices: review decisions on clips, regions of the speaker."""
    for path in files(removal.corpus / "choices", "*.jsonl"):
        rows = [Choice.parse(row, str(path)) for row in read_jsonl(path)]
        if path.stem in removal.sources:
            yield Change(path, None, "choices", len(rows))
            continue
        intervals = withdrawn_intervals(removal, path.stem)
        kept = [
            row
            for row in rows
            if (row.speaker is None or row.speaker != removal.speaker)
            and not (row.origin == "review" and (row.start, row.end) in intervals)
            and not removal.covers(row.clip_id)
        ]
        kept = [
            row.changed(note=None) if row.note and removal.mentions(row.note) else row
            for row in kept
        ]
        if kept != rows:
            yield Change(
                path, sealed_jsonl(map(Choice.row, kept)), "choices", len(rows) - len(kept)
            )


def changes_to_stages(removal: Removal) -> Iterator[Change]:
    """Yield changes to shards; for each source `segments` is last but for the source record.

    The seconds of clips withdrawn from a kept source get the ledger's reason `withdrawn`.
    """
    for name in sorted(removal.sources):
        for stage in _STAGE_ORDER:
            path = STAGES[stage].path(removal.corpus, name)
            if path.is_file():
                yield Change(path, None, stage, read_header(path).n)
        if (written := srt_path(removal.corpus, name)).is_file():
            yield Change(written, None, "burned_in", 0)
    for note in (MARKED, SETTLED):
        path = removal.corpus / note
        if path.is_file() and removal.clips:
            yield Change(path, None, "notes", 0)
    for path in files(removal.corpus / "stages" / "segments", "*.jsonl"):
        if path.stem not in removal.sources:
            yield from _source_changes(removal, path.stem)


def _source_changes(removal: Removal, name: str) -> Iterator[Change]:
    corpus = removal.corpus
    paths = {stage: STAGES[stage].path(corpus, name) for stage in _STAGE_ORDER}
    segments = read_shard(paths["segments"], Clip)
    clips = [_unlinked(clip, removal) for clip in segments if not removal.covers(clip.clip_id)]
    for stage in ("transcripts", "subtitles", "burned_in", "fingerprints"):
        if paths[stage].is_file():
            yield from _stage_changes(removal, paths[stage], stage)
    cuts = read_header(paths["segments"]).fingerprint
    segments_head = _clean_header(removal, paths["segments"], len(clips))
    if paths["ledger"].is_file():
        rows = read_shard(paths["screen"], Screen) if paths["screen"].is_file() else []
        decisions = [row for row in rows if not removal.covers(row.clip_id)]
        ledger: list[LedgerEntry] = read_shard(paths["ledger"], LedgerEntry)
        if name in removal.milliseconds and (not rows or len(decisions) == len(clips)):
            outside = outside_from_ledger(ledger) | {WITHDRAWN: removal.milliseconds[name]}
            ledger = ledger_of(name, clips, decisions, outside)
        for stage, records, count in (
            ("screen", decisions, len(rows) - len(decisions)),
            ("ledger", ledger, 0),
        ):
            if paths[stage].is_file():
                fits = read_header(paths[stage]).inputs.get("segments") == cuts
                new_cuts = segments_head.fingerprint if fits else None
                head = _clean_header(removal, paths[stage], len(records), new_cuts)
                yield from _shard_change(paths[stage], head, records, stage, count)
    yield from _shard_change(
        paths["segments"], segments_head, clips, "segments", len(segments) - len(clips)
    )


def _stage_changes(removal: Removal, path: Path, stage: str) -> Iterator[Change]:
    record: type[Record] = STAGES[stage].record
    rows = read_shard(path, record)
    intervals = withdrawn_intervals(removal, path.stem)
    kept = [row for row in rows if not is_removed(row, removal, intervals)]
    yield from _shard_change(
        path, _clean_header(removal, path, len(kept)), kept, stage, len(rows) - len(kept)
    )
    if stage == "burned_in":
        written = srt_path(removal.corpus, path.stem)
        data = to_srt([row for row in kept if isinstance(row, SubtitleLine)]).encode()
        if written.is_file() and written.read_bytes() != data:
            yield Change(written, data, stage, 0)


def is_removed(row: Record, removal: Removal, intervals: frozenset[tuple[float, float]]) -> bool:
    """Return whether a record is of a withdrawn clip, or a line of the speaker or over a clip."""
    if isinstance(row, SubtitleLine):
        own = row.speaker is not None and row.speaker == removal.speaker
        return own or any(row.start < end and start < row.end for start, end in intervals)
    return removal.covers(getattr(row, "clip_id", None))


def _unlinked(clip: Clip, removal: Removal) -> Clip:
    """Return a kept clip without references to withdrawn clips."""
    update: dict[str, Any] = {}
    if removal.covers(clip.duplicate_of):
        update["duplicate_of"] = None
    if clip.superseded_by is not None and removal.covers(clip.superseded_by):
        update["superseded_by"] = clip.source_id
    return clip.changed(**update) if update else clip


def _clean_header(removal: Removal, path: Path, count: int, segments: str | None = None) -> Header:
    """Return a shard's header without mentions of withdrawn data."""
    header = read_header(path)
    intervals = withdrawn_intervals(removal, path.stem)
    inputs = scrub(header.inputs, removal.ids | (removal.names if removal.speaker else set()))
    choices = inputs.get("choices")
    if removal.speaker is not None and inputs.get("speaker") == removal.speaker:
        inputs["speaker"] = None
    if isinstance(choices, dict):
        all_regions = choices.get("regions", [])
        regions = [row for row in all_regions if not row[-1] or row[-1] != removal.speaker]
        trims = without_intervals(choices.get("trims", []), intervals)
        inputs["choices"] = {**choices, "regions": regions, "trims": trims}
    elif isinstance(choices, list):
        inputs["choices"] = without_intervals(choices, intervals)
    if segments is not None and "segments" in inputs:
        inputs["segments"] = segments
    return replace(header if inputs == header.inputs else header.with_inputs(inputs), n=count)


def _shard_change(
    path: Path, head: Header, records: list[Any], stage: str, count: int
) -> Iterator[Change]:
    as_it_was = shard_bytes(head, records, hashed=head.sha256 is not None)
    if as_it_was != path.read_bytes():
        yield Change(path, shard_bytes(head, records), stage, count)


def changes_to_clips(removal: Removal) -> Iterator[Change]:
    """Yield deletions of audio: clips, wider excerpts that contain them, and copies of both."""
    for folder in sorted((removal.corpus / "clips").glob("*")):
        if folder.is_symlink() or folder.name not in removal.affected_sources:
            continue
        overlaps = overlap_test(removal, folder.name)
        clip = re.compile(rf"{re.escape(folder.name)}-\d{{8}}-\d{{8}}")
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            named = clip.search(path.name)
            wider = path.parent != folder
            if (named is None and folder.name in removal.sources) or (
                named and (removal.covers(named[0]) or (wider and overlaps(named[0])))
            ):
                whole = named is not None and path.name == f"{named[0]}.wav"
                place = "copies" if not whole else "excerpts" if wider else "clips"
                yield Change(path, None, place, 1)


def overlap_test(removal: Removal, source_id: str) -> Callable[[str], bool]:
    """Return a test by clip id for excerpts of a source that contain withdrawn clips."""
    path = STAGES["sources"].path(removal.corpus, source_id)
    length = read_shard(path, Source)[0].duration if path.is_file() else float("inf")
    intervals = withdrawn_intervals(removal, source_id)

    def overlaps(clip_id: str) -> bool:
        try:
            first, last = context_window(*clip_interval(clip_id), length)
        except ValueError:  # no clip id
            return False
        return any(first < end and start < last for start, end in intervals)

    return overlaps


def withdrawn_intervals(removal: Removal, source_id: str) -> frozenset[tuple[float, float]]:
    """Return start and end of the withdrawn clips of a source."""
    return frozenset(
        clip_interval(clip) for clip in removal.clips if clip.rsplit("-", 2)[0] == source_id
    )


_STAGE_ORDER = (
    "transcripts",
    "subtitles",
    "burned_in",
    "fingerprints",
    "screen",
    "ledger",
    "segments",
    "sources",
)
