"""What a withdrawal changes in stages, choices and clips."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus_tools.excerpts import SECONDS
from corpus_tools.segmentation.ledger import WITHDRAWN, ledger_of, outside_from_ledger
from corpus_tools.segmentation.publish import MARKED, SETTLED
from corpus_tools.withdrawal.removal import Change, Removal, edges, files, scrubbed, without
from manifests.record import Record
from manifests.records import Choice, Clip, LedgerEntry, Screen, Source, SubtitleLine
from manifests.shards import STAGES, read_header, read_shard
from manifests.store import canonical_json, read_jsonl

__all__ = ["changes_to_choices", "changes_to_clips", "changes_to_stages", "hears_it"]


def changes_to_choices(removal: Removal) -> Iterator[Change]:
    """Yield the files of choices that change: decisions on the clips, stretches of the speaker."""
    for path in files(removal.corpus / "choices", "*.jsonl"):
        rows = [Choice.parse(row, str(path)) for row in read_jsonl(path)]
        if path.stem in removal.sources:
            yield Change(path, None, "choices", len(rows))
            continue
        gone = _edges_in(removal, path.stem)
        kept = [
            row
            for row in rows
            if (row.speaker is None or row.speaker != removal.speaker)
            and not (row.origin == "review" and (row.start, row.end) in gone)
            and not removal.takes(row.clip_id)
        ]
        if len(kept) < len(rows):
            yield Change(path, _lines(kept), "choices", len(rows) - len(kept))


def changes_to_stages(removal: Removal) -> Iterator[Change]:
    """Yield the shards that change; of each source `segments` goes last but for its record.

    The seconds of clips that go from a source that stays are the ledger's reason `withdrawn`.
    """
    for name in sorted(removal.sources):
        for stage in _ORDER:
            path = STAGES[stage].path(removal.corpus, name)
            if path.is_file():
                yield Change(path, None, stage, read_header(path).n)
    for note in (MARKED, SETTLED):
        path = removal.corpus / note
        if path.is_file() and removal.clips:
            yield Change(path, None, "notes", 0)
    for path in files(removal.corpus / "stages" / "segments", "*.jsonl"):
        if path.stem not in removal.sources:
            yield from _changes_to_source(removal, path.stem)


def _changes_to_source(removal: Removal, name: str) -> Iterator[Change]:
    corpus = removal.corpus
    paths = {stage: STAGES[stage].path(corpus, name) for stage in _ORDER}
    segments = read_shard(paths["segments"], Clip)
    clips = [_unlinked(clip, removal) for clip in segments if not removal.takes(clip.clip_id)]
    for stage in ("transcripts", "subtitles", "fingerprints"):
        if paths[stage].is_file():
            yield from _change(removal, paths[stage], stage)
    made_of = _head(removal, paths["segments"], len(clips))
    if paths["screen"].is_file() and paths["ledger"].is_file():
        rows = read_shard(paths["screen"], Screen)
        decisions = [row for row in rows if not removal.takes(row.clip_id)]
        ledger: list[LedgerEntry] = read_shard(paths["ledger"], LedgerEntry)
        if name in removal.milliseconds and len(decisions) == len(clips):
            outside = outside_from_ledger(ledger) | {WITHDRAWN: removal.milliseconds[name]}
            ledger = ledger_of(name, clips, decisions, outside)
        for stage, records, count in (
            ("screen", decisions, len(rows) - len(decisions)),
            ("ledger", ledger, 0),
        ):
            head = _head(removal, paths[stage], len(records), made_of["fingerprint"])
            yield from _written(paths[stage], head, records, stage, count)
    yield from _written(paths["segments"], made_of, clips, "segments", len(segments) - len(clips))


def _change(removal: Removal, path: Path, stage: str) -> Iterator[Change]:
    record: type[Record] = STAGES[stage].record
    rows = read_shard(path, record)
    gone = _edges_in(removal, path.stem)
    kept = [row for row in rows if not _goes(row, removal, gone)]
    yield from _written(path, _head(removal, path, len(kept)), kept, stage, len(rows) - len(kept))


def _goes(row: Record, removal: Removal, gone: frozenset[tuple[float, float]]) -> bool:
    if isinstance(row, SubtitleLine):
        own = row.speaker is not None and row.speaker == removal.speaker
        return own or any(row.start < end and start < row.end for start, end in gone)
    return removal.takes(getattr(row, "clip_id", None))


def _unlinked(clip: Clip, removal: Removal) -> Clip:
    """Return a clip that stays, without the names of clips that go."""
    update: dict[str, Any] = {}
    if removal.takes(clip.duplicate_of):
        update["duplicate_of"] = None
    if clip.superseded_by is not None and removal.takes(clip.superseded_by):
        update["superseded_by"] = clip.source_id
    return clip.changed(**update) if update else clip


def _head(removal: Removal, path: Path, count: int, made_of: str | None = None) -> dict[str, Any]:
    """Return a shard's header without what it names of the withdrawn."""
    header = read_header(path)
    gone = _edges_in(removal, path.stem)
    inputs = scrubbed(header.inputs, removal.ids)
    choices = inputs.get("choices")
    if removal.speaker is not None and inputs.get("speaker") == removal.speaker:
        inputs["speaker"] = None
    if isinstance(choices, dict):
        named = choices.get("regions", [])
        regions = [row for row in named if not row[-1] or row[-1] != removal.speaker]
        trims = without(choices.get("trims", []), gone)
        inputs["choices"] = {**choices, "regions": regions, "trims": trims}
    elif isinstance(choices, list):
        inputs["choices"] = without(choices, gone)
    if made_of is not None and "segments" in inputs:
        inputs["segments"] = made_of
    stage = STAGES[header.stage]
    same = inputs == header.inputs
    return {
        "stage": header.stage,
        "schema": header.schema,
        "algorithm": header.algorithm,
        "fingerprint": header.fingerprint if same else stage.fingerprint(inputs),
        "inputs": inputs,
        "n": count,
    }


def _written(
    path: Path, head: dict[str, Any], records: list[Any], stage: str, count: int
) -> Iterator[Change]:
    data = f"{canonical_json({'_': head})}\n".encode() + _lines(records)
    if data != path.read_bytes():
        yield Change(path, data, stage, count)


def changes_to_clips(removal: Removal) -> Iterator[Change]:
    """Yield the sound files that go: the clips, and wider excerpts in which they are heard."""
    for folder in sorted((removal.corpus / "clips").glob("*")):
        if folder.is_symlink() or folder.name not in removal.touched:
            continue
        for path in sorted(folder.glob("*.wav")):
            if removal.takes(path.stem):
                yield Change(path, None, "clips", 1)
        heard = hears_it(removal, folder.name)
        for path in sorted(folder.glob("context/*.wav")):
            if removal.takes(path.stem) or heard(path.stem):
                yield Change(path, None, "excerpts", 1)


def hears_it(removal: Removal, source_id: str) -> "Hears":
    """Return what tells of an excerpt of a source whether a clip that goes is heard in it."""
    path = STAGES["sources"].path(removal.corpus, source_id)
    length = read_shard(path, Source)[0].duration if path.is_file() else float("inf")
    return Hears(_edges_in(removal, source_id), length)


class Hears:
    """Tells whether one of some stretches is heard in the excerpt around a clip."""

    def __init__(self, gone: frozenset[tuple[float, float]], length: float) -> None:
        self._gone, self._length = gone, length

    def __call__(self, clip_id: str) -> bool:
        """Return it for a clip; a name that is no clip's is heard in nothing."""
        try:
            start, end = edges(clip_id)
        except ValueError:
            return False
        first = max(0.0, min((start + end - SECONDS) / 2, self._length - SECONDS))
        last = min(self._length, first + SECONDS)
        return any(first < b and a < last for a, b in self._gone)


def _edges_in(removal: Removal, source_id: str) -> frozenset[tuple[float, float]]:
    return frozenset(edges(clip) for clip in removal.clips if clip.rsplit("-", 2)[0] == source_id)


def _lines(records: list[Any]) -> bytes:
    return "".join(canonical_json(record.row()) + "\n" for record in records).encode()


_ORDER = (
    "transcripts",
    "subtitles",
    "fingerprints",
    "screen",
    "ledger",
    "segments",
    "sources",
)
