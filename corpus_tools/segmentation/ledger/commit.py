"""Safe replacement of a source's clips and shards in the corpus.

The order of writing makes any interruption harmless: clips, then `subtitles`, `fingerprints`,
`segments`, `screen`, `ledger`, and `sources` last. A source is complete when all of them exist and
match, so that the next run repeats an interrupted one and ends with the same files.

Report of a source's clips and seconds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.ledger.ledger import (
    check_finished,
    clips_of,
    decide,
    ledger_fits,
)
from corpus_tools.segmentation.screening.rules import Rules
from manifests.storage.records import Clip, Fingerprint, LedgerEntry, Screen, Source, SubtitleLine
from manifests.storage.shards import STAGES, Stage, read_header, read_shard, write_shard
from manifests.storage.store import inside

__all__ = [
    "SourceCuts",
    "SourceReport",
    "is_cut",
    "is_whole",
    "mark_duplicates",
    "publish",
    "publish_source",
    "report_of",
    "source_of",
    "sweep",
    "sweep_source",
]

SUBTITLES, FINGERPRINTS, SEGMENTS, SCREEN, LEDGER, SOURCES = (
    STAGES[name]
    for name in ("subtitles", "fingerprints", "segments", "screen", "ledger", "sources")
)


MARKED = "stages/fingerprints/marked"
"""File that identifies the clips searched for repeats; absent while some source isn't marked."""

SETTLED = "stages/fingerprints/settled"
"""File that identifies the clips among which repeats were resolved; absent until that is done."""


@dataclass(frozen=True)
class SourceCuts:
    """Records that result from cutting one source.

    Attributes:
        source: record of the source.
        clips: records of its clips.
        lines: subtitle lines; ``None`` for a source that can't have any.
        outside_ms: milliseconds in no clip, by ledger reason.
        inputs: JSON-ready inputs of the cuts.
        fingerprints: fingerprints of the clips; ``None`` for a source without repeat search.
        alignment: JSON-ready `SubtitleTiming`; ``None`` without subtitles.
    """

    source: Source
    clips: Sequence[Clip]
    lines: Sequence[SubtitleLine] | None
    outside_ms: Mapping[str, int]
    inputs: dict[str, Any]
    fingerprints: Sequence[Fingerprint] | None = None
    alignment: dict[str, Any] | None = None


def is_cut(corpus: Path, source_id: str, inputs: dict[str, Any]) -> bool:
    """Return whether a source was cut from these inputs.

    Raises:
        DataError: if its shard can't be read.
    """
    return _is_current(corpus, SEGMENTS, source_id, inputs)


def is_whole(corpus: Path, source: Source) -> bool:
    """Return whether a cut source has all its other shards and clips, all of the current cuts.

    Shards of earlier cuts remain after an interruption. Recordings have neither fingerprints nor
    subtitles.
    """
    source_id = source.source_id
    if not all(stage.path(corpus, source_id).is_file() for stage in (SCREEN, LEDGER, SOURCES)):
        return False
    if not ledger_fits(corpus, source_id):
        return False
    if source.kind == "drama" and not all(
        _is_of_these_cuts(corpus, stage, source_id) for stage in (FINGERPRINTS, SUBTITLES)
    ):
        return False
    return all((corpus / clip.path).is_file() for clip in clips_of(corpus, source_id))


def publish(corpus: Path, cuts: SourceCuts, rules: Rules, frozen: Iterable[str] = ()) -> None:
    """Write a source's shards, then delete the clips that it no longer has.

    Args:
        corpus: corpus folder.
        cuts: records to write; the clips' files exist already.
        rules: screening rules.
        frozen: ids of clips that are never deleted.
    """
    name = cuts.source.source_id
    if cuts.lines is not None:
        timing = {} if cuts.alignment is None else {"alignment": cuts.alignment}
        write_shard(corpus, SUBTITLES, name, cuts.lines, cuts.inputs | timing)
    if cuts.fingerprints is not None:
        for note in (MARKED, SETTLED):
            inside(corpus, note).unlink(missing_ok=True)
        write_shard(corpus, FINGERPRINTS, name, cuts.fingerprints, cuts.inputs)
    write_shard(corpus, SEGMENTS, name, cuts.clips, cuts.inputs)
    decide(corpus, name, cuts.clips, cuts.outside_ms, rules, {})
    publish_source(corpus, cuts.source)
    sweep_source(corpus, name, frozen)


def mark_duplicates(corpus: Path, source_id: str, originals: Mapping[str, str]) -> bool:
    """Record which clips of a source repeat others, and return whether anything changed.

    Args:
        corpus: corpus folder.
        source_id: id of the source.
        originals: first occurrence for each clip of the corpus that is a repeat.

    Raises:
        DataError: if cutting the source was interrupted.
    """
    check_finished(corpus, source_id)
    clips = clips_of(corpus, source_id)
    marked = [clip.changed(duplicate_of=originals.get(clip.clip_id)) for clip in clips]
    if marked == clips:
        return False
    inputs = read_header(SEGMENTS.path(corpus, source_id)).inputs
    write_shard(corpus, SEGMENTS, source_id, marked, inputs)
    return True


def publish_source(corpus: Path, source: Source) -> None:
    """Write the record of a source if it changed."""
    inputs = source.row()
    if not _is_current(corpus, SOURCES, source.source_id, inputs):
        write_shard(corpus, SOURCES, source.source_id, [source], inputs)


def source_of(clip_id: str) -> str:
    """Return the id of the source of a clip.

    Example:
        >>> source_of("E01-12d5117605b5-00000600-00003620")
        'E01-12d5117605b5'
    """
    return clip_id.rsplit("-", 2)[0]


def sweep_source(corpus: Path, source_id: str, frozen: Iterable[str] = ()) -> None:
    """Delete the clip files of a source that are neither in its shard nor frozen."""
    kept = {clip.clip_id for clip in clips_of(corpus, source_id)} | set(frozen)
    for path in (corpus / "clips" / source_id).glob("*.wav"):
        if path.stem not in kept:
            path.unlink()


def sweep(corpus: Path) -> None:
    """Delete partial files that interrupted writes left; the caller holds the corpus's lock.

    Raises:
        DataError: if a folder of the corpus is a link that leads out of it.
    """
    for folder in ("clips", "stages"):
        inside(corpus, folder)
        for path in (corpus / folder).glob("*/.*.partial*"):
            if not path.parent.is_symlink():
                path.unlink()


def _is_of_these_cuts(corpus: Path, stage: Stage, source_id: str) -> bool:
    path = stage.path(corpus, source_id)
    segments = read_header(SEGMENTS.path(corpus, source_id)).inputs
    if not path.is_file():
        return False
    inputs = read_header(path).inputs
    return {key: inputs[key] for key in inputs if key != "alignment"} == segments


def _is_current(corpus: Path, stage: Stage, source_id: str, inputs: dict[str, Any]) -> bool:
    path = stage.path(corpus, source_id)
    return path.is_file() and read_header(path).fingerprint == stage.fingerprint(inputs)


@dataclass(frozen=True)
class SourceReport:
    """A source's clips and seconds.

    Attributes:
        source_id: id of the source.
        series: its series, if known.
        media: path as given, or as recorded.
        status: ``cut``, ``screened`` (new screening decisions), ``unchanged``, or ``kept`` (would
            be cut differently now, but has frozen clips).
        seconds: duration.
        clips: number of clips.
        accepted: number of accepted clips.
        rejected: number of rejected clips, by their first reason.
        ledger: seconds by ledger reason.
    """

    source_id: str
    series: str | None
    media: str
    status: str
    seconds: float
    clips: int
    accepted: int
    rejected: dict[str, int]
    ledger: dict[str, float]


def report_of(corpus: Path, source_id: str, media: str, status: str) -> SourceReport:
    """Return the report of a source in its current state.

    Raises:
        DataError: if one of its shards can't be read.
    """
    source = read_shard(SOURCES.path(corpus, source_id), Source)[0]
    decisions = read_shard(SCREEN.path(corpus, source_id), Screen)
    ledger = read_shard(LEDGER.path(corpus, source_id), LedgerEntry)
    rejected = Counter(screen.reasons[0] for screen in decisions if not screen.accepted)
    return SourceReport(
        source_id=source_id,
        series=source.series,
        media=media,
        status=status,
        seconds=source.duration,
        clips=len(decisions),
        accepted=sum(screen.accepted for screen in decisions),
        rejected=dict(sorted(rejected.items())),
        ledger={entry.reason: entry.seconds for entry in ledger},
    )
