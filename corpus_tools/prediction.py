"""The emotion of any sound or video file, by a trained model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from corpus_tools.media.decode import decode_whole
from corpus_tools.media.levels import Samples
from corpus_tools.media.probe import probe
from corpus_tools.runner import run_each
from corpus_tools.segmentation.pieces import pieces_of
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.subtitles import read_lines
from corpus_tools.transcription.lines import lines_of_clips
from corpus_tools.transcription.normalisation import normalise
from manifests.errors import DataError
from manifests.outcome import Outcome, Progress, no_progress
from models.prediction import Predictor

__all__ = ["FilePrediction", "Piece", "predict_files"]

SAMPLE_RATE = 16_000
FULL_SCALE = 32_768.0


@dataclass(frozen=True)
class Piece:
    """A stretch of a file, and what the model says about it.

    Attributes:
        start: seconds from the file's beginning.
        end: seconds from the file's beginning.
        text: what is said in it, "" where unknown.
        probabilities: of each class, in class order.
        superseded_by: always none; a piece is no clip of a corpus.
    """

    start: float
    end: float
    text: str = ""
    probabilities: tuple[float, ...] = ()
    superseded_by: str | None = field(default=None, repr=False)

    @property
    def clip_id(self) -> str:
        """What the piece is called within its file."""
        return f"{round(self.start * 1000):08d}-{round(self.end * 1000):08d}"


@dataclass(frozen=True)
class FilePrediction:
    """What the model says about a file.

    Attributes:
        path: the file.
        pieces: in order of time; one if the file is as short as a clip.
        normalisation: how far the model could adapt to the speakers, in a sentence.
    """

    path: Path
    pieces: list[Piece]
    normalisation: str

    def row(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "file": self.path.as_posix(),
            "normalisation": self.normalisation,
            "clips": [
                {
                    "start": piece.start,
                    "end": piece.end,
                    "text": piece.text,
                    "emotion": classes[int(np.argmax(piece.probabilities))],
                    "probabilities": dict(zip(classes, piece.probabilities, strict=True)),
                }
                for piece in self.pieces
            ],
        }


def predict_files(
    predictor: Predictor,
    files: Sequence[Path],
    *,
    text: str | None = None,
    track: int | None = None,
    settings: SegmentSettings | None = None,
    progress: Progress = no_progress,
) -> tuple[list[FilePrediction], Outcome]:
    """Return what the model says about each file that can be decoded, and the run's account.

    A file no longer than the longest clip is one piece; a longer one is cut as ``corpus segment``
    would. Texts come from subtitles beside or within the file. The pieces of a file are normalised
    together.

    Args:
        predictor: a trained model.
        files: audio or video files.
        text: what is said in the file, where it is as short as a clip.
        track: audio track, from 0; None for the default one.
        settings: section [segment] of corpus.toml.
        progress: called after each file.
    """
    settings = settings or SegmentSettings()
    outcome = Outcome(items_in=len(files))

    def work(path: Path) -> FilePrediction:
        return _predict(predictor, path, text, track, settings, outcome.warnings.append)

    found = [row for _, row in run_each(files, work, outcome, progress=progress)]
    outcome.kept = sum(bool(row.pieces) for row in found)
    if len(found) > outcome.kept:
        outcome.rejected["no_speech"] = len(found) - outcome.kept
    for row in found:
        if not row.pieces:
            outcome.warnings.append(f"{row.path}: no speech found")
    outcome.details["files"] = [row.row(predictor.classes) for row in found]
    return found, outcome


def _predict(
    predictor: Predictor,
    path: Path,
    text: str | None,
    track: int | None,
    settings: SegmentSettings,
    warn: Callable[[str], None],
) -> FilePrediction:
    cuts = _pieces(path, track, settings)
    if text is not None and len(cuts) != 1:
        raise DataError(
            f"is cut into {len(cuts)} clips, and --text is for one; put subtitles beside it instead"
        )
    pieces = [piece for piece, _ in cuts]
    if not pieces:
        return FilePrediction(path, [], "")
    texts = [text] if text is not None else _texts(path, pieces, warn)
    groups = [str(path)] * len(pieces)
    audio = [samples.astype(np.float32) / FULL_SCALE for _, samples in cuts]
    rows = predictor.predict(audio, texts, groups)
    said = [
        Piece(piece.start, piece.end, line, tuple(round(float(p), 6) for p in row))
        for piece, line, row in zip(pieces, texts, rows, strict=True)
    ]
    return FilePrediction(path, said, predictor.normalisation(groups))


def _pieces(
    path: Path, track: int | None, settings: SegmentSettings
) -> list[tuple[Piece, Samples]]:
    chosen = probe(path).track(track)
    if chosen.duration is not None and chosen.duration <= settings.max_seconds:
        samples = decode_whole(path, chosen.index)
        return [(Piece(0.0, round(len(samples) / SAMPLE_RATE, 3)), samples)]
    return [
        (Piece(cut.start_ms / 1000, cut.end_ms / 1000), samples)
        for cut, samples in pieces_of(path, track=chosen.index, settings=settings)
    ]


def _texts(path: Path, pieces: Sequence[Piece], warn: Callable[[str], None]) -> list[str]:
    lines, problems = read_lines(path, path.name, language="")
    for problem in problems:
        warn(problem)
    texts = lines_of_clips(lines, pieces)
    return [
        normalise(" ".join(texts[piece.clip_id].lines)) if piece.clip_id in texts else ""
        for piece in pieces
    ]
