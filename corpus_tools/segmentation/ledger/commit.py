"""Writing of a source's clips, screening decisions and shards, safe against interruption.

Two steps write a source. `write_result` stores what its analysis found: `subtitles`,
`fingerprints`, `segments`, a ledger with the clips' time as ``undecided``, and `sources`. Once the
repeats among all sources are resolved, `commit` stores the decisions, `screen` last. A source
without a `screen` is undecided, and no command uses its clips. `write_result` deletes it before it
changes anything else; `commit` deletes those of all sources that change before it writes the first,
so that no clip is accepted beside a repeat that awaits its rejection. The next run repeats an
interrupted one and ends with the same files.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.ledger.decisions import SourceDecisions, clips_of, ledger_fits
from corpus_tools.segmentation.ledger.ledger import ledger_of
from corpus_tools.segmentation.screening.rules import Rules
from manifests.base.outcome import Progress, no_progress
from manifests.storage.partials import clear_partials
from manifests.storage.records import Clip, Fingerprint, Source, SubtitleLine
from manifests.storage.shards import STAGES, Stage, read_header, write_shard
from manifests.storage.store import inside

__all__ = [
    "SourceResult",
    "commit",
    "is_cut",
    "is_of_these_cuts",
    "is_whole",
    "source_of",
    "sweep",
    "sweep_source",
    "write_result",
    "write_source",
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
class SourceResult:
    """Records from the analysis of one source, and warnings for the user.

    Of recordings, ``lines`` (subtitles) and ``fingerprints`` of the clips are ``None``.
    ``outside_ms`` counts milliseconds in no clip by ledger reason. JSON-ready: ``inputs`` of the
    cuts; ``alignment``, a `SubtitleTiming` or ``None`` without subtitles.
    """

    source: Source
    clips: Sequence[Clip]
    lines: Sequence[SubtitleLine] | None
    outside_ms: Mapping[str, int]
    inputs: dict[str, Any]
    fingerprints: Sequence[Fingerprint] | None = None
    alignment: dict[str, Any] | None = None
    warnings: Sequence[str] = ()


def is_cut(corpus: Path, source_id: str, inputs: dict[str, Any]) -> bool:
    """Return whether a source was cut from these inputs; `DataError` if its shard is unreadable."""
    return _is_current(corpus, SEGMENTS, source_id, inputs)


def is_whole(corpus: Path, source: Source) -> bool:
    """Return whether a cut source has all shards of `write_result`, and all of the current cuts.

    Shards of earlier cuts remain after an interruption. Recordings lack fingerprints and subtitles.
    """
    source_id = source.source_id
    if not SOURCES.path(corpus, source_id).is_file() or not ledger_fits(corpus, source_id):
        return False
    if source.kind == "drama" and not all(
        is_of_these_cuts(corpus, stage, source_id) for stage in (FINGERPRINTS, SUBTITLES)
    ):
        return False
    return all((corpus / clip.path).is_file() for clip in clips_of(corpus, source_id))


def is_of_these_cuts(corpus: Path, stage: Stage, source_id: str) -> bool:
    """Return whether a stage's shard was written for the current cuts of a cut source.

    Of a cut interrupted before it wrote `segments`, the other shards are those of new cuts.
    """
    path = stage.path(corpus, source_id)
    segments = read_header(SEGMENTS.path(corpus, source_id)).inputs
    if not path.is_file():
        return False
    inputs = read_header(path).inputs
    return {key: inputs[key] for key in inputs if key != "alignment"} == segments


def write_result(
    corpus: Path, result: SourceResult, rules: Rules, frozen: Iterable[str] = ()
) -> None:
    """Write a source's shards, undecided, then delete the unfrozen clips that it no longer has.

    The clips' files exist already. The rules are for later decisions, unless a run names others.
    """
    name, inputs = result.source.source_id, result.inputs
    _hide_decisions(corpus, name)
    if result.lines is not None:
        timing = {} if result.alignment is None else {"alignment": result.alignment}
        write_shard(corpus, SUBTITLES, name, result.lines, inputs | timing)
    if result.fingerprints is not None:
        _forget_repeats(corpus)
        write_shard(corpus, FINGERPRINTS, name, result.fingerprints, inputs)
    write_shard(corpus, SEGMENTS, name, result.clips, inputs)
    undecided = {
        "segments": SEGMENTS.fingerprint(inputs),
        "rules": rules.model_dump(mode="json"),
    }
    ledger = ledger_of(name, result.clips, [], result.outside_ms)
    write_shard(corpus, LEDGER, name, ledger, undecided)
    write_source(corpus, result.source)
    sweep_source(corpus, name, frozen)


def commit(
    corpus: Path, decisions: Iterable[SourceDecisions], progress: Progress = no_progress
) -> set[str]:
    """Write the screening decisions that changed, and return the ids of their sources.

    The decisions must cover all sources that share repeats.
    """
    changed = [own for own in decisions if own.marked or not _is_committed(corpus, own)]
    if any(own.source.kind == "drama" for own in changed):
        _forget_repeats(corpus)
    for own in changed:
        _hide_decisions(corpus, own.source.source_id)
    for number, own in enumerate(changed, start=1):
        name = own.source.source_id
        if own.marked:
            inputs = read_header(SEGMENTS.path(corpus, name)).inputs
            write_shard(corpus, SEGMENTS, name, own.clips, inputs)
        write_shard(corpus, LEDGER, name, own.ledger, own.inputs)
        write_shard(corpus, SCREEN, name, own.screens, own.inputs)
        progress(number, len(changed), name)
    return {own.source.source_id for own in changed}


def write_source(corpus: Path, source: Source) -> None:
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
    """Delete partial files of interrupted writes; the caller holds the corpus's lock.

    `DataError` if a folder of the corpus is a link that leads out of it.
    """
    for folder in ("clips", "stages"):
        clear_partials(inside(corpus, folder), below=True)


def _hide_decisions(corpus: Path, source_id: str) -> None:
    """Make a source undecided."""
    inside(corpus, f"stages/screen/{source_id}.jsonl").unlink(missing_ok=True)


def _forget_repeats(corpus: Path) -> None:
    """Delete the notes by which a run knows that no repeats have to be searched for."""
    for note in (MARKED, SETTLED):
        inside(corpus, note).unlink(missing_ok=True)


def _is_committed(corpus: Path, own: SourceDecisions) -> bool:
    for stage in (SCREEN, LEDGER):
        path = stage.path(corpus, own.source.source_id)
        if not path.is_file():
            return False
        header = read_header(path)
        if header.inputs != own.inputs or header.fingerprint != stage.fingerprint(own.inputs):
            return False
    return True


def _is_current(corpus: Path, stage: Stage, source_id: str, inputs: dict[str, Any]) -> bool:
    path = stage.path(corpus, source_id)
    return path.is_file() and read_header(path).fingerprint == stage.fingerprint(inputs)
