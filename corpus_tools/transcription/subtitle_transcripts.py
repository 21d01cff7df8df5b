"""Transcripts from the subtitles of a source."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus_tools.transcription.assign import ClipText, assign_lines
from corpus_tools.transcription.guards.flags import Flagger
from corpus_tools.transcription.store import (
    SourceClips,
    is_current,
    put_transcripts,
    stored_origins,
)
from corpus_tools.transcription.text.normalise import normalise
from manifests.storage.records import Clip, SubtitleLine, TextSource, Transcript
from manifests.storage.shards import STAGES, read_shard
from manifests.storage.store import fingerprint, sha256_file

__all__ = ["LOW_OVERLAP", "put_subtitle_texts", "subtitle_transcripts"]

LOW_OVERLAP = "low_overlap"
"""Flag of a text with lines partly outside the clip, or with much uncovered speech."""

ORIGIN: TextSource = "subtitle"
_ALGORITHM = 3  # version of the assignment of lines to clips
_LEAST_CONFIDENCE = 0.75


def subtitle_transcripts(
    texts: Mapping[str, ClipText],
    clips: Sequence[Clip],
    source: TextSource,
    model: str | None = None,
    language: str | None = None,
) -> list[Transcript]:
    """Return the transcripts of clips with lines, which a recogniser or person (``model``) made.

    A line shared by several clips is kept in ``text_raw`` only, since it is unknown which words are
    spoken in which clip; the text of another origin is used if there is one.
    """
    records = []
    for clip in clips:
        found = texts.get(clip.clip_id)
        if found is None:
            continue
        confidence = found.confidence(clip.speech_ratio * clip.duration)
        doubtful = confidence < _LEAST_CONFIDENCE or not found.lines
        records.append(
            Transcript(
                clip_id=clip.clip_id,
                text=normalise(" ".join(found.lines), language),
                text_raw=" ".join(found.raw),
                source=source,
                model=model,
                confidence=confidence,
                flags=[*found.flags, LOW_OVERLAP] if doubtful else found.flags,
            )
        )
    return records


def put_subtitle_texts(
    corpus: Path,
    material: SourceClips,
    language: str | None = None,
    flagger: Flagger | None = None,
) -> bool:
    """Store transcripts from a source's subtitles, and return whether anything was written.

    The guards (bundled ones by default) flag texts and keep them. Rejected clips get their text
    too, so that it outlasts a change of screening. Raise DataError if the source's shards can't be
    read.
    """
    shard = STAGES["subtitles"].path(corpus, material.source_id)
    if not shard.exists() and ORIGIN not in stored_origins(corpus, material.source_id):
        return False
    flagger = flagger or Flagger()
    inputs: dict[str, Any] = {
        "algorithm": _ALGORITHM,
        "language": language,
        **flagger.inputs,
        "subtitles": sha256_file(shard) if shard.exists() else None,
        "clips": fingerprint(
            [[c.clip_id, c.start, c.end, c.superseded_by is None] for c in material.clips]
        ),
    }
    if is_current(corpus, material.source_id, ORIGIN, inputs):
        return False
    lines = read_shard(shard, SubtitleLine) if shard.exists() else []
    texts = assign_lines(lines, material.clips)
    found = subtitle_transcripts(texts, material.clips, ORIGIN, language=language)
    records = flagger.flag(found, {clip.clip_id: clip.duration for clip in material.clips})
    return put_transcripts(corpus, material.source_id, ORIGIN, records, inputs)
