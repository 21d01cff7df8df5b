"""Cut one source: decode it, plan its clips, write and measure them."""

import bisect
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.segmentation.clips import ClipWriter, Who
from corpus_tools.segmentation.ledger import outside
from corpus_tools.segmentation.planning import Cut, Line, plan_cuts
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.speakers import speaker_of
from corpus_tools.segmentation.tape import play
from manifests.records import Clip, SubtitleLine

__all__ = ["CutSource", "cut_source"]


@dataclass(frozen=True)
class CutSource:
    """What became of a source.

    Attributes:
        clips: in order of time.
        duration_ms: of the source, in whole milliseconds.
        outside_ms: milliseconds in no clip, by ledger reason.
    """

    clips: list[Clip]
    duration_ms: int
    outside_ms: dict[str, int]


def cut_source(
    media: Path,
    track: int,
    source_id: str,
    corpus: Path,
    lines: Sequence[SubtitleLine],
    settings: SegmentSettings,
    frozen: Mapping[str, str],
) -> CutSource:
    """Decode a track, plan its clips, and write each below ``clips/<source_id>/``.

    Memory does not grow with the length of the track: its samples wait in a temporary file.

    Args:
        media: the file.
        track: number among its audio tracks.
        source_id: names folder and clips.
        corpus: the corpus folder.
        lines: subtitles, in order of time.
        settings: section [segment].
        frozen: sha256 of the samples of clips that must not change.

    Raises:
        MediaError: if the file can't be decoded.
        CorpusError: if a frozen clip would change.
    """
    with play(media, track, settings, corpus) as tape:
        cuts = plan_cuts(
            tape.activity,
            [_plan_line(line) for line in lines],
            min_ms=round(settings.min_seconds * 1000),
            max_ms=round(settings.max_seconds * 1000),
            margin_ms=round(settings.margin_seconds * 1000),
        )
        writer = ClipWriter(corpus, source_id, tape, frozen)
        cast = _Cast(lines, settings)
        with ThreadPoolExecutor(_WRITERS) as pool:
            clips = list(pool.map(lambda cut: writer.write(cut, cast.who(cut)), cuts))
        return CutSource(clips, tape.duration_ms, outside(tape.activity, cuts, tape.duration_ms))


def _plan_line(line: SubtitleLine) -> Line:
    return Line(round(line.start * 1000), round(line.end * 1000), line.speaker)


class _Cast:
    """Finds the lines of a cut without looking at all of the film's."""

    def __init__(self, lines: Sequence[SubtitleLine], settings: SegmentSettings) -> None:
        self._lines = lines
        self._starts = [line.start for line in lines]
        self._longest = max((line.end - line.start for line in lines), default=0.0)
        self._settings = settings

    def who(self, cut: Cut) -> Who:
        """Return who speaks in a cut, as far as its subtitles say."""
        low = bisect.bisect_left(self._starts, cut.start_ms / 1000 - self._longest)
        high = bisect.bisect_right(self._starts, cut.end_ms / 1000)
        speaker = speaker_of(cut, self._lines[low:high], self._settings)
        return Who(speaker, "subtitle") if speaker else Who()


_WRITERS = 8  # threads that wait for the disk, not for the processor
