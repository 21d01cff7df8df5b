"""Segments of a file and their predictions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from corpus_tools.media.decode import decode_whole
from corpus_tools.media.levels import Samples
from corpus_tools.media.probe import probe
from corpus_tools.segmentation.pieces import preview_clips
from corpus_tools.segmentation.settings import SegmentSettings
from models.prediction import Normalisation

__all__ = ["FilePrediction", "Segment", "cut_segments"]

SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class Segment:
    """Segment of a file and its prediction.

    Attributes:
        start: seconds from the file's beginning.
        end: seconds from the file's beginning.
        text: transcript, "" if unknown.
        probabilities: class probabilities in class order.
        known: further fields of the segment's row, such as its label in a manifest.
        superseded_by: always None; a segment is not a clip of a corpus.
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
    """Predictions for a file.

    Attributes:
        path: media file.
        segments: segments in order of time; one if the file is no longer than a clip.
        normalisation: degree of adaptation to the speakers; None without segments.
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

    Args:
        path: audio or video file.
        track: index of the audio track; None for the default one.
        settings: settings of section [segment].

    Raises:
        MediaError: if the file can't be decoded.
    """
    selected = probe(path).track(track)
    if selected.duration is not None and selected.duration <= settings.max_seconds:
        samples = decode_whole(path, selected.index)
        return [(Segment(0.0, round(len(samples) / SAMPLE_RATE, 3)), samples)]
    return [
        (Segment(cut.start_ms / 1000, cut.end_ms / 1000), samples)
        for cut, samples in preview_clips(path, track=selected.index, settings=settings)
    ]
