"""Cutting of one source: decode it, plan its clips, write and measure them."""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS
from corpus_tools.segmentation.borders import prefer_covering_cuts, with_region_edges
from corpus_tools.segmentation.choices import Choices
from corpus_tools.segmentation.clips import ClipWriter, SpeakerInfo
from corpus_tools.segmentation.fingerprint import fingerprint, to_text
from corpus_tools.segmentation.ledger import measure_outside
from corpus_tools.segmentation.line_alignment import SubtitleTiming
from corpus_tools.segmentation.planning import Cut, Line, plan_cuts
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.speakers import subtitle_speaker
from corpus_tools.segmentation.subtitles import synchronise
from corpus_tools.segmentation.tape import DecodedTrack, open_track
from manifests.records import Clip, Fingerprint, SubtitleLine

__all__ = ["CutSource", "cut_source", "plan_track"]


@dataclass(frozen=True)
class CutSource:
    """Result of cutting a source.

    Attributes:
        clips: records of the clips, in order of time.
        fingerprints: fingerprint of each clip.
        duration_ms: duration of the source, in whole milliseconds.
        outside_ms: milliseconds in no clip, by ledger reason.
        lines: subtitle lines, with times that match the sound.
        alignment: how their times were changed for that.
        unreal_seconds: duration of the samples that are not finite numbers in the file.
        cancelled: share of the sound that is lost in downmixing its two channels.
    """

    clips: list[Clip]
    fingerprints: list[Fingerprint]
    duration_ms: int
    outside_ms: dict[str, int]
    lines: list[SubtitleLine]
    alignment: SubtitleTiming
    unreal_seconds: float
    cancelled: float


def cut_source(
    media: Path,
    track: int,
    source_id: str,
    corpus: Path,
    lines: Sequence[SubtitleLine],
    settings: SegmentSettings,
    frozen: Mapping[str, str],
    *,
    choices: Choices | None = None,
    cuts: Sequence[Cut] | None = None,
) -> CutSource:
    """Decode a track, plan its clips, and write each below ``clips/<source_id>/``.

    Memory doesn't grow with the length of the track: its samples are kept in a temporary file.

    Args:
        media: media file.
        track: index of the audio track.
        source_id: id of the source, which names its folder and clips.
        corpus: corpus folder.
        lines: subtitle lines in order of time, with the times of their file.
        settings: settings of section [segment].
        frozen: sha256 of the samples of the frozen clips, by clip id.
        choices: manual regions and review decisions of the source.
        cuts: cuts in order of time; ``None`` to plan them.

    Raises:
        MediaError: if the file can't be decoded.
        CorpusError: if a frozen clip would change.
    """
    choices = choices or Choices()
    with open_track(media, track, settings, corpus) as decoded:
        alignment = SubtitleTiming()
        if settings.align_subtitles:
            lines, alignment = synchronise(lines, decoded.activity.speech)
        closed = choices.closed(len(decoded.activity))
        if cuts is None:
            cuts = _plan_around(choices.fixed(), decoded, lines, settings, choices)
        writer = ClipWriter(corpus, source_id, decoded, frozen)
        clips = writer.write(cuts, _SpeakerLookup(lines, settings, choices).speaker_in)
        prints = [
            Fingerprint(clip_id=clip.clip_id, hashes=to_text(fingerprint(decoded.samples(cut))))
            for clip, cut in zip(clips, cuts, strict=True)
        ]
        left = measure_outside(decoded.activity, cuts, decoded.duration_ms, closed)
        return CutSource(
            clips,
            prints,
            decoded.duration_ms,
            left,
            list(lines),
            alignment,
            decoded.unreal_seconds,
            decoded.cancelled,
        )


def plan_track(
    decoded: DecodedTrack,
    lines: Sequence[Line],
    settings: SegmentSettings,
    closed: NDArray[np.bool_] | None = None,
) -> list[Cut]:
    """Return the best cuts of a decoded track.

    Args:
        decoded: decoded track.
        lines: subtitle lines.
        settings: settings of section [segment].
        closed: frames that no clip may touch.
    """
    return plan_cuts(
        decoded.activity,
        lines,
        min_ms=round(settings.min_seconds * 1000),
        max_ms=round(settings.max_seconds * 1000),
        margin_ms=round(settings.margin_seconds * 1000),
        closed=closed,
    )


def _plan_around(
    fixed: Sequence[Cut],
    decoded: DecodedTrack,
    lines: Sequence[SubtitleLine],
    settings: SegmentSettings,
    choices: Choices,
) -> list[Cut]:
    """Return the cuts fixed by review and the best ones around them."""
    closed = np.zeros(len(decoded.activity), dtype=np.bool_)
    for frames in choices.closed(len(closed)).values():
        closed |= frames
    for cut in fixed:
        closed[cut.start_ms // FRAME_MS : -(-cut.end_ms // FRAME_MS)] = True
    with_edges = with_region_edges(lines, choices)
    plain = with_region_edges(lines, Choices())
    cuts = plan_track(decoded, plain, settings, closed)
    if with_edges != plain:
        careful = plan_track(decoded, with_edges, settings, closed)
        cuts = prefer_covering_cuts(cuts, careful, decoded.activity.speech, closed, choices)
    return sorted([*fixed, *cuts])


class _SpeakerLookup:
    """Finds the speaker of a cut by regions and nearby subtitle lines."""

    def __init__(
        self, lines: Sequence[SubtitleLine], settings: SegmentSettings, choices: Choices
    ) -> None:
        self._lines = lines
        self._starts = [line.start for line in lines]
        self._longest = max((line.end - line.start for line in lines), default=0.0)
        self._settings = settings
        self._choices = choices

    def speaker_in(self, cut: Cut) -> SpeakerInfo:
        """Return the speaker of a cut, as far as manual regions or subtitles name one."""
        start, end = cut.start_ms / 1000, cut.end_ms / 1000
        speakers = self._choices.speakers(start, end)
        if len(speakers) > 1:
            return SpeakerInfo()
        if speakers:
            return SpeakerInfo(speakers.pop(), "file")
        low = bisect.bisect_left(self._starts, start - self._longest)
        high = bisect.bisect_right(self._starts, end)
        speaker = subtitle_speaker(cut, self._lines[low:high], self._settings)
        return SpeakerInfo(speaker, "subtitle") if speaker else SpeakerInfo()
