"""Subtitles of a source as records, synchronised with its sound, and the speakers they name."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.segmentation.subtitles.sync import SubtitleTiming, align_lines
from corpus_tools.subtitles.files import SubtitleEvent, read_subtitle_file
from corpus_tools.subtitles.sidecars import choose_sidecar, find_sidecar
from corpus_tools.subtitles.tracks import has_text_track, has_track_in, read_embedded
from manifests.base.errors import DataError
from manifests.base.outcome import listed
from manifests.base.voices import is_local_label, within_source
from manifests.storage.records import SubtitleLine
from manifests.storage.shards import STAGES, read_header
from manifests.storage.store import sha256_file

__all__ = [
    "alignment_warning",
    "burned_in",
    "read_lines",
    "sidecar_sha256",
    "subtitle_records",
    "subtitle_speaker",
    "synchronise",
]


def sidecar_sha256(media: Path, language: str = "zh") -> str | None:
    """Return the sha256 of the subtitle file beside a media file, if there is one."""
    sidecar = find_sidecar(media, language)
    return sha256_file(sidecar) if sidecar else None


def burned_in(corpus: Path, media: Path, source_id: str, language: str = "zh") -> str | None:
    """Return what identifies the lines read from a film's picture, None if they aren't used.

    They are used where ``corpus read-subtitles`` stored them and there are neither a subtitle file
    nor a track of text.
    """
    shard = STAGES["burned_in"].path(corpus, source_id)
    if not shard.is_file() or find_sidecar(media, language) or has_text_track(media):
        return None
    return read_header(shard).fingerprint


def read_lines(
    media: Path, source_id: str, language: str = "zh"
) -> tuple[list[SubtitleLine], list[str]]:
    """Read a file's subtitles, from the file beside it or else from a track in it, and warnings.

    A track in the language is preferred to a file that is marked as another language's or as forced
    lines. Lines are in order of time, none if unreadable; ``language`` is a BCP 47 code, empty if
    unknown.
    """
    sidecar = choose_sidecar(media, language)
    if sidecar.foreign(language) and has_track_in(media, language):
        sidecar = sidecar.rejected("the film has a track in the language")
    notes = sidecar.notes(media, language)
    try:
        subtitles = (
            read_subtitle_file(sidecar.path, language)
            if sidecar.path
            else read_embedded(media, language)
        )
    except DataError as error:
        return [], [*notes, f"{error}; cut without subtitles"]
    lines, labels = subtitle_records(media, source_id, subtitles.events)
    return lines, [*notes, *subtitles.notes, *labels]


def subtitle_records(
    media: Path, source_id: str, events: Sequence[SubtitleEvent]
) -> tuple[list[SubtitleLine], list[str]]:
    """Return the records of a film's lines, in order of time, and a warning about their names."""
    lines = [
        SubtitleLine(
            source_id=source_id,
            start=event.start,
            end=event.end,
            text=event.text,
            speaker=_speaker_id(event.speaker, source_id),
            text_raw=event.text_raw,
        )
        for event in events
    ]
    notes = list(_local_label_note(media, events))
    return sorted(lines, key=lambda line: (line.start, line.end, line.text)), notes


def _speaker_id(name: str | None, source_id: str) -> str | None:
    return within_source(name, source_id) if name and is_local_label(name) else name


def _local_label_note(media: Path, events: Sequence[SubtitleEvent]) -> Iterator[str]:
    names = {event.speaker for event in events if event.speaker}
    labels = sorted(filter(is_local_label, names))
    if labels:
        yield (
            f"{media}: {listed(labels)} in its subtitles are labels of this film "
            f"alone, not names; each is a speaker of its own here; write names in the subtitles "
            f"if the same people speak in other films"
        )


def synchronise(
    lines: Sequence[SubtitleLine], speech: NDArray[np.bool_]
) -> tuple[list[SubtitleLine], SubtitleTiming]:
    """Return lines with times that match the speech, and how their times were changed."""
    starts, ends = (
        np.array([getattr(line, edge) for line in lines], dtype=np.float64)
        for edge in ("start", "end")
    )
    alignment = align_lines(starts, ends, speech)
    if alignment.verdict != "corrected":
        return list(lines), alignment
    moved = [
        line.changed(
            start=max(round(alignment(line.start), 3), 0.0), end=round(alignment(line.end), 3)
        )
        for line in lines
    ]
    return [line for line in moved if line.end > line.start], alignment


def alignment_warning(
    media: Path, alignment: SubtitleTiming, lines: Sequence[SubtitleLine], seconds: float
) -> str | None:
    """Return a warning about the timing of the synchronised lines of a file, if needed."""
    if alignment.verdict == "corrected":
        first, last = (_lateness(time, alignment) for time in (0.0, seconds))
        if alignment.rate == 1:
            return f"{media}: its subtitles came {first}; corrected"
        return (
            f"{media}: its subtitles came {first} at the start and {last} at the end "
            f"(rate {alignment.rate:.5f}); corrected"
        )
    if alignment.verdict == "mismatch":
        return (
            f"{media}: its subtitles match its speech nowhere and were left as they are; check "
            "whether they belong to it"
        )
    if alignment.verdict == "unconfirmed":
        return (
            f"{media}: nothing shows that its subtitles belong to this film: they match its speech "
            "no better than chance, and are too few to find their true times; they were left as "
            "they are, check whether they belong to it"
        )
    if alignment.verdict == "parts":
        return (
            f"{media}: its subtitles match its speech in some parts only and were left as they "
            "are; check whether they belong to another cut of it"
        )
    beyond = sum(line.start > seconds + _PAST_THE_END for line in lines)
    if beyond:
        return (
            f"{media}: {beyond} of its {len(lines)} subtitle lines begin after its end, and it is "
            f"too short to find their true times by its speech; check whether they belong to it"
            if alignment.verdict == "unknown"
            else f"{media}: {beyond} of its {len(lines)} subtitle lines begin after its end; "
            f"check whether a part of it is missing"
        )
    return None


def _lateness(sound: float, alignment: SubtitleTiming) -> str:
    """Return how late or early the subtitles are at a time of the sound."""
    late = (sound - alignment.offset_s) / alignment.rate - sound
    return f"{abs(late):.2f} s {'late' if late >= 0 else 'early'}"


def subtitle_speaker(
    cut: Cut, lines: Sequence[SubtitleLine], settings: SegmentSettings
) -> str | None:
    """Return the speaker of a clip, if its subtitle lines name one clearly enough."""
    seconds: dict[str | None, float] = defaultdict(float)
    for line in lines:
        overlap = min(line.end, cut.end_ms / 1000) - max(line.start, cut.start_ms / 1000)
        if overlap > 0:
            seconds[line.speaker] += overlap
    total = sum(seconds.values())
    named = sorted(((time, speaker) for speaker, time in seconds.items() if speaker), reverse=True)
    if not named or named[0][0] < settings.speaker_share * total:
        return None
    if any(time > settings.other_speaker_seconds for time, _ in named[1:]):
        return None
    return named[0][1]


_PAST_THE_END = 1.0  # s
