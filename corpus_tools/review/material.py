"""Records of one source, collected for its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.choices import Choices, read_choices
from manifests.errors import DataError
from manifests.records import Clip, LedgerEntry, Screen, Source, SubtitleLine, Transcript
from manifests.shards import STAGES, read_header, read_shard
from manifests.store import inside

__all__ = ["SourceData", "read_source_data"]


@dataclass(frozen=True)
class SourceData:
    """Records of a source.

    Attributes:
        source: the source.
        clips: clips in order of time, without superseded ones.
        decisions: screening decisions by clip id.
        rules: screening thresholds by name.
        ledger: seconds by reason.
        lines: subtitle lines in order of time.
        texts: preferred transcripts by clip id.
        choices: manual regions and review decisions.
    """

    source: Source
    clips: list[Clip]
    decisions: Mapping[str, Screen]
    rules: Mapping[str, Any]
    ledger: list[LedgerEntry]
    lines: list[SubtitleLine]
    texts: Mapping[str, Transcript]
    choices: Choices


def read_source_data(corpus: Path, source: Source) -> SourceData:
    """Return the records of a source.

    Raises:
        DataError: if a shard can't be read, or cutting or screening was interrupted.
    """
    inside(corpus, f"clips/{source.source_id}")
    paths = {name: stage.path(corpus, source.source_id) for name, stage in STAGES.items()}
    if not all(paths[name].is_file() for name in ("segments", "screen", "ledger")):
        raise DataError("cutting was interrupted; run corpus segment again")
    decisions = {row.clip_id: row for row in read_shard(paths["screen"], Screen)}
    cuts = read_shard(paths["segments"], Clip)
    if any(clip.clip_id not in decisions for clip in cuts):
        raise DataError("screening was interrupted; run corpus screen")
    clips = [clip for clip in cuts if clip.superseded_by is None]
    lines = read_shard(paths["subtitles"], SubtitleLine) if paths["subtitles"].is_file() else []
    texts = read_shard(paths["transcripts"], Transcript) if paths["transcripts"].is_file() else []
    return SourceData(
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
    """Return one text per clip; human transcripts precede recognised ones."""
    ordered = sorted(texts, key=lambda text: _PREFERENCE.index(text.source), reverse=True)
    return {text.clip_id: text for text in ordered}


_PREFERENCE = ("annotator", "script", "import", "subtitle", "recogniser", "whisper")
