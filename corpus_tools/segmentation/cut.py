"""Cut one source: decode it, plan its clips, write and measure them."""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.media.decode import SAMPLE_RATE, decode
from corpus_tools.media.identity import clip_id
from corpus_tools.media.pcm import PcmBuffer
from corpus_tools.media.wav import pcm_sha256, write_wav
from corpus_tools.segmentation.activity import Activity, Listener
from corpus_tools.segmentation.ledger import outside
from corpus_tools.segmentation.measures import measure
from corpus_tools.segmentation.planning import Cut, plan_cuts
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.speakers import boundaries_of, speaker_of
from corpus_tools.segmentation.voice import WebRtcVoice
from manifests.errors import CorpusError
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
    with PcmBuffer(corpus) as buffer:
        listener = Listener(WebRtcVoice(settings.aggressiveness), settings)
        for block in decode(media, track):
            buffer.append(block.samples)
            listener.hear(block)
        activity = listener.activity()
        cuts = plan_cuts(
            activity,
            boundaries_of(lines),
            min_ms=round(settings.min_seconds * 1000),
            max_ms=round(settings.max_seconds * 1000),
            margin_ms=round(settings.margin_seconds * 1000),
        )
        writer = _Writer(source_id, corpus, buffer, activity, lines, settings, frozen)
        clips = [writer.write(cut) for cut in cuts]
        duration_ms = len(buffer) * 1000 // SAMPLE_RATE
    return CutSource(clips, duration_ms, outside(activity, cuts, duration_ms))


class _Writer:
    """Writes the clips of one source and makes their records."""

    def __init__(
        self,
        source_id: str,
        corpus: Path,
        buffer: PcmBuffer,
        activity: Activity,
        lines: Sequence[SubtitleLine],
        settings: SegmentSettings,
        frozen: Mapping[str, str],
    ) -> None:
        self._source_id = source_id
        self._corpus = corpus
        self._buffer = buffer
        self._activity = activity
        self._lines = lines
        self._line_starts = [line.start for line in lines]
        self._longest_line = max((line.end - line.start for line in lines), default=0.0)
        self._settings = settings
        self._frozen = frozen

    def write(self, cut: Cut) -> Clip:
        """Write a clip and return its record."""
        name = clip_id(self._source_id, cut.start_ms, cut.end_ms)
        path = f"clips/{self._source_id}/{name}.wav"
        samples = self._buffer.read(
            cut.start_ms * SAMPLE_RATE // 1000, cut.end_ms * SAMPLE_RATE // 1000
        )
        if self._frozen.get(name, sha := pcm_sha256(samples)) != sha:
            raise CorpusError(
                f"its clip {name} is frozen but decodes differently now (another version of "
                f"ffmpeg's libraries?); restore {path} from a copy"
            )
        written = write_wav(self._corpus / path, samples)
        measures = measure(samples, self._activity, cut)
        speaker = speaker_of(cut, self._near(cut), self._settings)
        return Clip(
            clip_id=name,
            source_id=self._source_id,
            path=path,
            start=cut.start_ms / 1000,
            end=cut.end_ms / 1000,
            duration=(cut.end_ms - cut.start_ms) / 1000,
            sha256=written.sha256,
            file_sha256=written.file_sha256,
            rms_db=measures.rms_db,
            peak_db=measures.peak_db,
            snr_db=measures.snr_db,
            speech_ratio=measures.speech_ratio,
            clipping=measures.clipping,
            left_edge_db=measures.left_edge_db,
            right_edge_db=measures.right_edge_db,
            speaker=speaker,
            speaker_source="subtitle" if speaker else None,
        )

    def _near(self, cut: Cut) -> Sequence[SubtitleLine]:
        low = bisect.bisect_left(self._line_starts, cut.start_ms / 1000 - self._longest_line)
        high = bisect.bisect_right(self._line_starts, cut.end_ms / 1000)
        return self._lines[low:high]
