"""What a source has in the corpus, whether it is current, and how it is replaced safely.

The order of writing makes any interruption harmless: clips, then `subtitles`, `fingerprints`,
`segments`, `screen`, `ledger`, and `sources` last. A source counts as done when all are there and
fit each other, so that a run that was cut short does it again and ends with the same files.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.screening import Rules
from corpus_tools.segmentation.verdicts import (
    check_finished,
    clips_of,
    decide,
    is_screened,
    ledger_fits,
    rescreen,
)
from manifests.records import Clip, Fingerprint, Source, SubtitleLine
from manifests.shards import STAGES, Stage, read_header, write_shard
from manifests.store import inside

__all__ = [
    "SourceCuts",
    "clips_of",
    "is_cut",
    "is_screened",
    "is_whole",
    "ledger_fits",
    "mark_duplicates",
    "publish",
    "publish_source",
    "rescreen",
    "source_of",
    "sweep",
    "sweep_source",
]

SUBTITLES, FINGERPRINTS, SEGMENTS, SCREEN, LEDGER, SOURCES = (
    STAGES[name]
    for name in ("subtitles", "fingerprints", "segments", "screen", "ledger", "sources")
)


MARKED = "stages/fingerprints/marked"
"""Which clips were searched for repeats; absent while the marks of some source are missing."""

SETTLED = "stages/fingerprints/settled"
"""Among which clips one of each sound was accepted; absent while some source isn't decided on."""


@dataclass(frozen=True)
class SourceCuts:
    """All that cutting one source found.

    Attributes:
        source: its record.
        clips: its cuts.
        lines: its subtitles, ``None`` for a source that can't have any.
        outside_ms: milliseconds in no clip, by ledger reason.
        inputs: what the cuts depend on, JSON-ready.
        fingerprints: of the cuts, ``None`` for a source that is not searched for repeats.
        alignment: how the times of its subtitles were changed, JSON-ready; ``None`` without any.
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
    """Return whether the other shards of a source that was cut, and its clips, are all there.

    They must be of these very cuts; those of others are left by an interruption. Recordings have
    neither fingerprints nor subtitles.
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


def publish(corpus: Path, found: SourceCuts, rules: Rules, frozen: Iterable[str] = ()) -> None:
    """Write a source's shards, then delete the clips that it no longer has.

    Args:
        corpus: the corpus folder.
        found: what cutting found; its clips are written already.
        rules: which clips are accepted.
        frozen: clips that are never deleted.
    """
    name = found.source.source_id
    if found.lines is not None:
        found_with = {} if found.alignment is None else {"alignment": found.alignment}
        write_shard(corpus, SUBTITLES, name, found.lines, found.inputs | found_with)
    if found.fingerprints is not None:
        for note in (MARKED, SETTLED):
            inside(corpus, note).unlink(missing_ok=True)
        write_shard(corpus, FINGERPRINTS, name, found.fingerprints, found.inputs)
    write_shard(corpus, SEGMENTS, name, found.clips, found.inputs)
    decide(corpus, name, found.clips, found.outside_ms, rules, {})
    publish_source(corpus, found.source)
    sweep_source(corpus, name, frozen)


def mark_duplicates(corpus: Path, source_id: str, originals: Mapping[str, str]) -> bool:
    """Note which clips of a source repeat others, and return whether that is new.

    Args:
        corpus: the corpus folder.
        source_id: of which source.
        originals: the first of those that sound the same, for each clip of the corpus that
            repeats one.

    Raises:
        DataError: if cutting it was interrupted.
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
    """Write the record of a source, if it says anything new."""
    inputs = source.row()
    if not _is_current(corpus, SOURCES, source.source_id, inputs):
        write_shard(corpus, SOURCES, source.source_id, [source], inputs)


def source_of(clip_id: str) -> str:
    """Return the source that a clip is of.

    Example:
        >>> source_of("E01-12d5117605b5-00000600-00003620")
        'E01-12d5117605b5'
    """
    return clip_id.rsplit("-", 2)[0]


def sweep_source(corpus: Path, source_id: str, frozen: Iterable[str] = ()) -> None:
    """Delete the files in a source's folder of clips that its shard doesn't name."""
    kept = {clip.clip_id for clip in clips_of(corpus, source_id)} | set(frozen)
    for path in (corpus / "clips" / source_id).glob("*.wav"):
        if path.stem not in kept:
            path.unlink()


def sweep(corpus: Path) -> None:
    """Delete what interrupted writes left among clips and shards; hold the lock meanwhile.

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
    made_of = read_header(SEGMENTS.path(corpus, source_id)).inputs
    if not path.is_file():
        return False
    inputs = read_header(path).inputs
    return {key: inputs[key] for key in inputs if key != "alignment"} == made_of


def _is_current(corpus: Path, stage: Stage, source_id: str, inputs: dict[str, Any]) -> bool:
    path = stage.path(corpus, source_id)
    return path.is_file() and read_header(path).fingerprint == stage.fingerprint(inputs)
