"""Segments of a media file: cutting, transcripts, and the rows of their predictions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.decode import decode_whole
from corpus_tools.media.probe import probe
from corpus_tools.media.samples import Samples
from corpus_tools.segmentation.source import preview_clips
from corpus_tools.segmentation.subtitles.read import read_lines
from corpus_tools.transcription.assign import assign_lines
from corpus_tools.transcription.guards.flags import Flagger
from corpus_tools.transcription.recognisers.base import Recogniser, run_recogniser
from corpus_tools.transcription.recognisers.batching import batched
from corpus_tools.transcription.text.normalise import normalise
from manifests.storage.records import Transcript
from models.prediction import Normalisation

__all__ = [
    "FULL_SCALE",
    "FilePrediction",
    "Segment",
    "SegmentTranscriber",
    "cut_segments",
    "subtitle_texts",
]

SAMPLE_RATE = 16_000
FULL_SCALE = 32_768.0


@dataclass(frozen=True)
class Segment:
    """Segment of a file, from ``start`` to ``end`` seconds, and its probabilities in class order.

    ``text`` is "" if unknown; ``known`` has further fields of the row, such as its label in a
    manifest; ``superseded_by`` is always None, as a segment is not a clip of a corpus.
    """

    start: float
    end: float
    text: str = ""
    probabilities: tuple[float, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    superseded_by: str | None = field(default=None, repr=False)

    @property
    def clip_id(self) -> str:
        """Id of the segment within its file."""
        return f"{round(self.start * 1000):08d}-{round(self.end * 1000):08d}"

    def row(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            **dict(self.known),
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "emotion": classes[int(np.argmax(self.probabilities))],
            "probabilities": dict(zip(classes, self.probabilities, strict=True)),
        }


@dataclass(frozen=True)
class FilePrediction:
    """Predictions for a file: its segments in order of time, one if it is no longer than a clip.

    ``normalisation`` is the degree of adaptation to the speakers, None without segments.
    """

    path: Path
    segments: list[Segment]
    normalisation: Normalisation | None

    def row(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return the JSON form."""
        normalisation = self.normalisation
        return {
            "file": self.path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8"),
            "normalisation": normalisation.sentence if normalisation else "",
            "normalisation_case": normalisation.case if normalisation else None,
            "clips": [segment.row(classes) for segment in self.segments],
        }


def cut_segments(
    path: Path, track: int | None, settings: SegmentSettings
) -> list[tuple[Segment, Samples]]:
    """Return the segments of a file with their samples: one if it is no longer than a clip.

    A ``track`` of None is the default one. Raises MediaError if the file can't be decoded.
    """
    selected = probe(path).track(track)
    if selected.duration is not None and selected.duration <= settings.max_seconds:
        samples = decode_whole(path, selected.index)
        return [(Segment(0.0, round(len(samples) / SAMPLE_RATE, 3)), samples)]
    return [
        (Segment(cut.start_ms / 1000, cut.end_ms / 1000), samples)
        for cut, samples in preview_clips(path, track=selected.index, settings=settings)
    ]


@dataclass(frozen=True)
class SegmentTranscriber:
    """Recogniser with the guards on its output; a ``language`` of None is detected."""

    recogniser: Recogniser
    flagger: Flagger
    language: str | None = None
    batch_size: int = 8

    def texts(self, segments: Sequence[Segment], sounds: Sequence[Samples]) -> list[str]:
        """Return the transcripts of segments of one file, "" where doubtful.

        ``sounds`` are int16 at 16 kHz. Raises CorpusError if the recogniser fails.
        """
        transcripts: list[Transcript] = []
        for batch in batched(list(zip(segments, sounds, strict=True)), self.batch_size):
            waves = [samples.astype(np.float32) / np.float32(FULL_SCALE) for _, samples in batch]
            recognitions = run_recogniser(self.recogniser, waves, self.language)
            transcripts += [
                Transcript(
                    clip_id=segment.clip_id,
                    text="",
                    text_raw=recognition.text,
                    source="recogniser",
                    model=self.recogniser.name,
                    language=recognition.language or self.language,
                    avg_logprob=recognition.avg_logprob,
                    no_speech_prob=recognition.no_speech_prob,
                    compression_ratio=recognition.compression_ratio,
                    words=None,
                    flags=list(recognition.flags),
                )
                for (segment, _), recognition in zip(batch, recognitions, strict=True)
            ]
        seconds = {segment.clip_id: segment.end - segment.start for segment in segments}
        return [transcript.text for transcript in self.flagger.apply(transcripts, seconds)]


def subtitle_texts(
    path: Path, segments: Sequence[Segment], warn: Callable[[str], None], language: str = ""
) -> list[str]:
    """Return the subtitles beside or within a file for each segment, "" where there are none.

    Those in a known ``language`` are preferred.
    """
    lines, problems = read_lines(path, path.name, language)
    for problem in problems:
        warn(problem)
    texts = assign_lines(lines, segments)
    return [
        normalise(" ".join(texts[segment.clip_id].lines)) if segment.clip_id in texts else ""
        for segment in segments
    ]
