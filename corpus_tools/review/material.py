"""What the corpus knows about one source, gathered for its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.choices import Choices, read_choices
from manifests.errors import DataError
from manifests.records import Clip, LedgerEntry, Screen, Source, SubtitleLine, Transcript
from manifests.shards import STAGES, read_header, read_shard
from manifests.store import inside

__all__ = ["Material", "read_material"]


@dataclass(frozen=True)
class Material:
    """A source's records.

    Attributes:
        source: the source.
        clips: its cuts in order of time, those that newer ones replace left out.
        decisions: accepted or not, by clip.
        rules: thresholds that the decisions follow from, by name.
        ledger: seconds by what became of them.
        lines: subtitles in order of time.
        texts: transcript and its origin, by clip.
        choices: what people chose for it before.
    """

    source: Source
    clips: list[Clip]
    decisions: Mapping[str, Screen]
    rules: Mapping[str, Any]
    ledger: list[LedgerEntry]
    lines: list[SubtitleLine]
    texts: Mapping[str, Transcript]
    choices: Choices


def read_material(corpus: Path, source: Source) -> Material:
    """Return what the corpus knows about a source.

    Raises:
        DataError: if a shard can't be read, or the source was not cut to the end.
    """
    inside(corpus, f"clips/{source.source_id}")
    paths = {name: stage.path(corpus, source.source_id) for name, stage in STAGES.items()}
    if not all(paths[name].is_file() for name in ("segments", "screen", "ledger")):
        raise DataError("was not cut to the end; run corpus segment again")
    decisions = {one.clip_id: one for one in read_shard(paths["screen"], Screen)}
    cuts = read_shard(paths["segments"], Clip)
    if any(clip.clip_id not in decisions for clip in cuts):
        raise DataError("was not screened to the end; run corpus screen")
    clips = [clip for clip in cuts if clip.superseded_by is None]
    lines = read_shard(paths["subtitles"], SubtitleLine) if paths["subtitles"].is_file() else []
    texts = read_shard(paths["transcripts"], Transcript) if paths["transcripts"].is_file() else []
    return Material(
        source=source,
        clips=sorted(clips, key=lambda clip: (clip.start, clip.end)),
        decisions=decisions,
        rules=read_header(paths["screen"]).inputs.get("rules", {}),
        ledger=read_shard(paths["ledger"], LedgerEntry),
        lines=sorted(lines, key=lambda line: (line.start, line.end)),
        texts=_preferred(texts),
        choices=read_choices(corpus, source.source_id),
    )


def _preferred(texts: list[Transcript]) -> dict[str, Transcript]:
    """Return one text for each clip: a person's before a recogniser's."""
    ordered = sorted(texts, key=lambda one: _PREFERENCE.index(one.source), reverse=True)
    return {one.clip_id: one for one in ordered}


_PREFERENCE = ("annotator", "script", "import", "subtitle", "recogniser", "whisper")
