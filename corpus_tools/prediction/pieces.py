"""What a model says about a file, piece by piece."""

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

__all__ = ["FilePrediction", "Piece", "cut_pieces"]

SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class Piece:
    """A stretch of a file, and what the model says about it.

    Attributes:
        start: seconds from the file's beginning.
        end: seconds from the file's beginning.
        text: what is said in it, "" where unknown.
        probabilities: of each class, in class order.
        known: what else the row of the piece tells, as its label in a manifest.
        superseded_by: always none; a piece is no clip of a corpus.
    """

    start: float
    end: float
    text: str = ""
    probabilities: tuple[float, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    superseded_by: str | None = field(default=None, repr=False)

    @property
    def clip_id(self) -> str:
        """What the piece is called within its file."""
        return f"{round(self.start * 1000):08d}-{round(self.end * 1000):08d}"

    def row(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return it JSON-ready."""
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
    """What the model says about a file.

    Attributes:
        path: the file.
        pieces: in order of time; one if the file is as short as a clip.
        normalisation: how far the model could adapt to the speakers; None without pieces.
    """

    path: Path
    pieces: list[Piece]
    normalisation: Normalisation | None

    def row(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return it JSON-ready."""
        how = self.normalisation
        return {
            "file": self.path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8"),
            "normalisation": how.sentence if how else "",
            "normalisation_case": how.case if how else None,
            "clips": [piece.row(classes) for piece in self.pieces],
        }


def cut_pieces(
    path: Path, track: int | None, settings: SegmentSettings
) -> list[tuple[Piece, Samples]]:
    """Return the pieces of a file with their samples: one if it is no longer than a clip.

    Args:
        path: any audio or video file.
        track: audio track, from 0; None for the default one.
        settings: section [segment].

    Raises:
        MediaError: if the file can't be decoded.
    """
    chosen = probe(path).track(track)
    if chosen.duration is not None and chosen.duration <= settings.max_seconds:
        samples = decode_whole(path, chosen.index)
        return [(Piece(0.0, round(len(samples) / SAMPLE_RATE, 3)), samples)]
    return [
        (Piece(cut.start_ms / 1000, cut.end_ms / 1000), samples)
        for cut, samples in preview_clips(path, track=chosen.index, settings=settings)
    ]
