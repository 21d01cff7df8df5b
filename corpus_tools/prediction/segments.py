"""Segments of a media file: cutting, transcripts, and the rows of their predictions."""

import math
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.extent import duration
from corpus_tools.media.probe import probe
from corpus_tools.media.samples import Samples
from corpus_tools.media.tracks import (
    ChannelChoice,
    choose_track,
    chosen_channel,
    describe_tracks,
)
from corpus_tools.segmentation.source import plan_track, sound_warnings
from corpus_tools.segmentation.subtitles.read import read_lines
from corpus_tools.segmentation.voice.track import open_track
from corpus_tools.transcription.assign import assign_lines
from corpus_tools.transcription.guards.flags import Flagger
from corpus_tools.transcription.recognisers.base import Recogniser, run_recogniser
from corpus_tools.transcription.recognisers.batching import batched
from corpus_tools.transcription.text.normalise import normalise
from manifests.base.errors import DataError
from manifests.storage.records import Transcript
from models.prediction import MIN_SECONDS, Normalisation

__all__ = [
    "FULL_SCALE",
    "FilePrediction",
    "NothingToPredictError",
    "Segment",
    "SegmentTranscriber",
    "SoundChoice",
    "cut_segments",
    "subtitle_texts",
]

SAMPLE_RATE = 16_000
FULL_SCALE = 32_768.0


class NothingToPredictError(DataError):
    """A file has nothing that could have an emotion; ``reason`` is a word for it."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


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

    ``normalisation`` is the degree of adaptation to the speakers, None without segments; then
    ``reason`` says why there are none: ``too_short``, ``no_speech`` or ``no_text``.
    """

    path: Path
    segments: list[Segment]
    normalisation: Normalisation | None
    reason: str | None = None

    def row(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return the JSON form."""
        normalisation = self.normalisation
        return {
            "file": self.path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8"),
            "normalisation": normalisation.sentence if normalisation else "",
            "normalisation_case": normalisation.case if normalisation else None,
            "clips": [segment.row(classes) for segment in self.segments],
            "reason": self.reason,
        }


@dataclass(frozen=True)
class SoundChoice:
    """Audio track and channel that the user named, and the language by which others are chosen.

    A file of more than ``longest`` seconds is refused.
    """

    track: int | None = None
    channel: ChannelChoice | None = None
    language: str | None = None
    longest: float = math.inf


def cut_segments(
    path: Path, choice: SoundChoice, settings: SegmentSettings, warn: Callable[[str], None]
) -> list[tuple[Segment, Samples]]:
    """Return the segments of a file with their samples: one if it is no longer than a clip.

    Raises MediaError if the file can't be decoded, and `NothingToPredictError` if it is too short
    or nobody speaks.
    """
    tracks = probe(path).tracks
    track = choose_track(tracks, choice.language)
    if choice.track is not None:
        track = probe(path).track(choice.track)
    elif len(tracks) > 1:
        used = describe_tracks(tracks, track, choice.language)
        warn(f"{path}: {used}; choose another with --track N")
    channel = chosen_channel(track, choice.channel)
    folder = Path(tempfile.gettempdir())
    with open_track(path, track.index, settings, folder, channel, choice.longest) as decoded:
        for warning in sound_warnings(path, decoded):
            warn(warning)
        seconds = decoded.duration_ms / 1000
        if seconds < MIN_SECONDS:
            length = duration(len(decoded.buffer) / SAMPLE_RATE)
            raise NothingToPredictError(
                "too_short", f"lasts {length}, too short for an emotion (at least {MIN_SECONDS} s)"
            )
        if not decoded.activity.speech.any():
            raise NothingToPredictError("no_speech", "no speech found")
        if seconds <= settings.max_seconds:
            samples = decoded.buffer.read(0, len(decoded.buffer))
            return [(Segment(0.0, round(len(samples) / SAMPLE_RATE, 3)), samples)]
        cuts = plan_track(decoded, [], settings)
        if not cuts:
            raise NothingToPredictError(
                "no_speech",
                f"no speech found that fits a clip of {settings.min_seconds:g} to "
                f"{settings.max_seconds:g} s",
            )
        return [
            (Segment(cut.start_ms / 1000, cut.end_ms / 1000), decoded.samples(cut)) for cut in cuts
        ]


@dataclass(frozen=True)
class SegmentTranscriber:
    """Recogniser with the guards on its output; a ``language`` of None is detected.

    ``detected`` counts the languages of the texts so far.
    """

    recogniser: Recogniser
    flagger: Flagger
    language: str | None = None
    batch_size: int = 8
    detected: Counter[str] = field(default_factory=Counter)

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
        texts = self.flagger.apply(transcripts, seconds)
        self.detected.update(one.language for one in texts if one.text and one.language)
        return [one.text for one in texts]


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
