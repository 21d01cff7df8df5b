"""Transcripts from the subtitles of a source."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus_tools.transcription.lines import ClipText, assign_lines
from corpus_tools.transcription.material import SourceClips
from corpus_tools.transcription.normalisation import NORMALISATION, normalise
from corpus_tools.transcription.store import is_current, put_transcripts, stored_origins
from manifests.records import Clip, SubtitleLine, TextSource, Transcript
from manifests.shards import STAGES, read_shard
from manifests.store import fingerprint, sha256_file

__all__ = ["LOW_OVERLAP", "put_subtitle_texts", "subtitle_transcripts"]

LOW_OVERLAP = "low_overlap"
"""Flag of a text whose lines lie partly outside the clip, or leave much of its speech uncovered."""

ORIGIN: TextSource = "subtitle"
_ALGORITHM = 2  # of giving lines to clips
_LEAST_CONFIDENCE = 0.75


def subtitle_transcripts(
    texts: Mapping[str, ClipText],
    clips: Sequence[Clip],
    source: TextSource,
    model: str | None = None,
    language: str | None = None,
) -> list[Transcript]:
    """Return the transcripts of clips that got lines.

    Of a line that several clips share nobody knows which words are spoken in which: it stays in
    ``text_raw``, and another origin's text counts if there is one.

    Args:
        texts: by clip id.
        clips: of the same source.
        source: where the lines come from.
        model: who or what wrote them, if that is known.
        language: BCP 47 code of what is spoken, if that is known.
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
                text_raw=" ".join(found.lines or found.shared),
                source=source,
                model=model,
                confidence=confidence,
                flags=[*found.flags, LOW_OVERLAP] if doubtful else found.flags,
            )
        )
    return records


def put_subtitle_texts(corpus: Path, material: SourceClips, language: str | None = None) -> bool:
    """Give a source's clips the text of its subtitles, and return whether anything was written.

    All clips get theirs, accepted or not: it costs nothing, and outlives another screening.

    Raises:
        DataError: if the source's shards can't be read.
    """
    shard = STAGES["subtitles"].path(corpus, material.source_id)
    if not shard.exists() and ORIGIN not in stored_origins(corpus, material.source_id):
        return False
    inputs: dict[str, Any] = {
        "algorithm": _ALGORITHM,
        "language": language,
        "normalisation": NORMALISATION,
        "subtitles": sha256_file(shard) if shard.exists() else None,
        "clips": fingerprint(
            [[c.clip_id, c.start, c.end, c.superseded_by is None] for c in material.clips]
        ),
    }
    if is_current(corpus, material.source_id, ORIGIN, inputs):
        return False
    lines = read_shard(shard, SubtitleLine) if shard.exists() else []
    texts = assign_lines(lines, material.clips)
    records = subtitle_transcripts(texts, material.clips, ORIGIN, language=language)
    return put_transcripts(corpus, material.source_id, ORIGIN, records, inputs)
