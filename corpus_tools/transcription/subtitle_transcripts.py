"""Transcripts from the subtitles of a source."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from corpus_tools.transcription.alignment import LineAligner
from corpus_tools.transcription.assign import ClipText, assign_lines
from corpus_tools.transcription.guards.flags import Flagger
from corpus_tools.transcription.store import (
    SourceClips,
    is_current,
    put_transcripts,
    stored_inputs,
    stored_origins,
)
from corpus_tools.transcription.text.normalise import normalise
from manifests.storage.records import Clip, SubtitleLine, TextSource, Transcript
from manifests.storage.shards import STAGES, read_header, read_shard
from manifests.storage.store import canonical_json, fingerprint, sha256_file

__all__ = [
    "LOW_CONFIDENCE",
    "LOW_OVERLAP",
    "UNALIGNED",
    "has_lines",
    "lines_of",
    "put_subtitle_texts",
    "subtitle_transcripts",
]

LOW_OVERLAP = "low_overlap"
"""Flag of a text with lines partly outside the clip, or with much uncovered speech."""

UNALIGNED = "unaligned"
"""Flag of a text with a line that doesn't fit the sound, so that it keeps its times."""

Origin = Literal["subtitle", "ocr"]

LOW_CONFIDENCE = "low_confidence"
"""Flag of a text with a line that the reader of the picture isn't sure of."""

_ALGORITHM = 3  # version of the assignment of lines to clips
_LEAST_CONFIDENCE = 0.75
_LEAST_READING = 0.9  # confidence of a line read from the picture


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


def has_lines(corpus: Path, source_id: str) -> bool:
    """Return whether a source has subtitles of any kind."""
    return any(STAGES[stage].path(corpus, source_id).is_file() for stage in _SHARDS)


def lines_of(
    corpus: Path, source_id: str, origin: Origin
) -> tuple[list[SubtitleLine], dict[str, Any]]:
    """Return a source's lines of a subtitle file, or of its picture, and what identifies them.

    The lines of the picture are those that the source was cut by, with times matched to the
    sound, if they are still what is stored; else as they are shown. Raise DataError if a shard
    can't be read.
    """
    cut_by, in_picture = (STAGES[name].path(corpus, source_id) for name in _SHARDS)
    shard = cut_by
    if origin == "ocr":
        known = read_header(in_picture).fingerprint if in_picture.is_file() else None
        used = read_header(cut_by).inputs.get("burned_in") if cut_by.is_file() else None
        shard = cut_by if known is not None and known == used else in_picture
    if not shard.is_file():
        return [], {"subtitles": None}
    wanted = "ocr" if origin == "ocr" else None
    lines = [line for line in read_shard(shard, SubtitleLine) if line.origin == wanted]
    return lines, {"subtitles": sha256_file(shard)}


_SHARDS = ("subtitles", "burned_in")


def put_subtitle_texts(
    corpus: Path,
    material: SourceClips,
    language: str | None = None,
    flagger: Flagger | None = None,
    aligner: LineAligner | None = None,
    *,
    keep_aligned: bool = False,
) -> bool:
    """Store transcripts from a source's subtitles, and return whether anything was written.

    Those of files are ``subtitle``, those of the picture ``ocr``. With an ``aligner``, words go to
    the clips under which they sound, else lines by their times; ``keep_aligned`` keeps
    aligned texts of the same lines and clips where there is no aligner. The guards (bundled ones by
    default) flag texts and keep them. Rejected clips get their text too, so that it outlasts a
    change of screening. Raise DataError if the source's shards can't be read, AlignmentError if
    the aligner fails.
    """
    flagger = flagger or Flagger()
    stored = stored_origins(corpus, material.source_id)
    origins: tuple[Origin, ...] = ("subtitle", "ocr")
    wanted = [
        origin
        for origin, stage in zip(origins, _SHARDS, strict=True)
        if origin in stored or STAGES[stage].path(corpus, material.source_id).is_file()
    ]
    written = [
        _put(corpus, material, origin, language, flagger, aligner, keep_aligned)
        for origin in wanted
    ]
    return any(written)


def _put(
    corpus: Path,
    material: SourceClips,
    origin: Origin,
    language: str | None,
    flagger: Flagger,
    aligner: LineAligner | None,
    keep_aligned: bool,
) -> bool:
    lines, identity = lines_of(corpus, material.source_id, origin)
    inputs: dict[str, Any] = {
        "algorithm": _ALGORITHM,
        "language": language,
        **flagger.inputs,
        **identity,
        "clips": fingerprint(
            [[c.clip_id, c.start, c.end, c.superseded_by is None] for c in material.clips]
        ),
    }
    known = stored_inputs(corpus, material.source_id, origin) or {}
    if keep_aligned and aligner is None and "alignment" in known:
        same = {key: value for key, value in known.items() if key in inputs}
        if canonical_json(same) == canonical_json(inputs):
            return False
    if aligner is not None and lines:
        inputs["alignment"] = aligner.inputs
    if is_current(corpus, material.source_id, origin, inputs):
        return False
    texts = assign_lines(lines, material.clips)
    unaligned: set[_Line] = set()
    shown = lines
    if aligner is not None and lines:
        clips = [clip for clip in material.clips if clip.superseded_by is None]
        aligned = aligner.align(lines, clips)
        for clip in clips:
            texts.pop(clip.clip_id, None)
        texts |= assign_lines(aligned.lines, clips)
        lines, unaligned = aligned.lines, {_line(one) for one in aligned.kept}
        if missing := sorted(aligner.unreadable.keys() & {clip.clip_id for clip in clips}):
            inputs["missing"] = len(missing)
    unsure = {
        _line(line)
        for line in [*lines, *shown]
        if line.confidence is not None and line.confidence < _LEAST_READING
    }
    for text in texts.values():
        texts_of = text.lines or text.shared
        own = {(*times, one) for times, one in zip(text.times, texts_of, strict=True)}
        for flag, doubtful in ((LOW_CONFIDENCE, unsure), (UNALIGNED, unaligned)):
            if doubtful & own:
                text.flags.append(flag)
    found = subtitle_transcripts(texts, material.clips, origin, language=language)
    records = flagger.flag(found, {clip.clip_id: clip.duration for clip in material.clips})
    return put_transcripts(corpus, material.source_id, origin, records, inputs)


_Line = tuple[float, float, str]


def _line(line: SubtitleLine) -> _Line:
    """Return a line's identity; another may have the same text."""
    return line.start, line.end, line.text
