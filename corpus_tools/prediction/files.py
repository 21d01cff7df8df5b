"""The emotion in sound and video files of any length."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from corpus_tools.media.levels import Samples
from corpus_tools.prediction.pieces import FilePrediction, Piece, cut_pieces
from corpus_tools.prediction.texts import FULL_SCALE, Listener, subtitle_texts
from corpus_tools.runner import run_each
from corpus_tools.segmentation.settings import SegmentSettings
from manifests.errors import DataError
from manifests.outcome import Outcome, Progress, no_progress
from models.examples import Example
from models.prediction import Predictor

__all__ = ["Together", "predict_files"]

Together = Literal["file", "folder", "all"]
"""What holds the clips of one speaker."""


@dataclass(frozen=True)
class _Heard:
    """A file that was listened to, before the model is asked."""

    path: Path
    pieces: list[Piece]
    examples: list[Example]


def predict_files(
    predictor: Predictor,
    files: Sequence[Path],
    *,
    text: str | None = None,
    track: int | None = None,
    settings: SegmentSettings | None = None,
    listener: Listener | None = None,
    together: Together = "file",
    progress: Progress = no_progress,
) -> tuple[list[FilePrediction], Outcome]:
    """Return what the model says about each file that can be decoded, and the run's account.

    A file no longer than the longest clip is one piece; a longer one is cut as ``corpus segment``
    would. Texts come from subtitles beside or within the file, else from the recogniser.

    Args:
        predictor: a trained model.
        files: audio or video files.
        text: what is said in the file, where it is as short as a clip.
        track: audio track, from 0; None for the default one.
        settings: section [segment] of corpus.toml.
        listener: hears pieces that have no subtitles; None to leave them without a text.
        together: whose clips are normalised together, as those of one speaker.
        progress: called after each file.
    """
    settings = settings or SegmentSettings()
    outcome = Outcome(items_in=len(files))

    def work(path: Path) -> _Heard:
        cuts = cut_pieces(path, track, settings)
        if text is not None and len(cuts) != 1:
            raise DataError(
                f"is cut into {len(cuts)} clips, and --text is for one; put subtitles beside it "
                f"instead"
            )
        pieces = [
            replace(piece, text=said)
            for (piece, _), said in zip(
                cuts, _texts(path, cuts, text, listener, outcome.warnings.append), strict=True
            )
        ]
        group = {"file": str(path), "folder": str(path.parent), "all": "all"}[together]
        examples = [
            predictor.example(
                samples.astype(np.float32) / FULL_SCALE,
                piece.text,
                group,
                single_speaker=together != "file",
            )
            for piece, (_, samples) in zip(pieces, cuts, strict=True)
        ]
        return _Heard(path, pieces, examples)

    found: list[FilePrediction] = []
    waiting: list[_Heard] = []
    for _, heard in run_each(files, work, outcome, progress=progress):
        waiting.append(heard)
        if together == "file" and sum(len(one.pieces) for one in waiting) >= _AT_ONCE:
            found += _told(predictor, waiting)
            waiting = []
    found += _told(predictor, waiting)
    _account(predictor, found, outcome)
    return found, outcome


def _texts(
    path: Path,
    cuts: Sequence[tuple[Piece, Samples]],
    text: str | None,
    listener: Listener | None,
    warn: Callable[[str], None],
) -> list[str]:
    pieces = [piece for piece, _ in cuts]
    if text is not None or not pieces:
        return [text or ""] * len(pieces)
    texts = subtitle_texts(path, pieces, warn)
    mute = [row for row, said in enumerate(texts) if not said]
    if listener is not None and mute:
        sounds = [cuts[row][1] for row in mute]
        for row, said in zip(
            mute, listener.texts([pieces[row] for row in mute], sounds), strict=True
        ):
            texts[row] = said
    return texts


def _told(predictor: Predictor, heard: Sequence[_Heard]) -> list[FilePrediction]:
    """Return the files with what the model says about their pieces, all asked at once."""
    examples = [example for one in heard for example in one.examples]
    shares = iter(predictor.predict_examples(examples))
    sizes = Counter(example.group for example in examples)
    found = []
    for one in heard:
        pieces = [
            replace(piece, probabilities=tuple(round(float(p), 6) for p in next(shares)))
            for piece in one.pieces
        ]
        group = one.examples[0].group if one.examples else ""
        how = predictor.normalisation([group] * sizes[group]) if one.examples else None
        found.append(FilePrediction(one.path, pieces, how))
    return found


def _account(predictor: Predictor, found: Sequence[FilePrediction], outcome: Outcome) -> None:
    outcome.kept = sum(bool(one.pieces) for one in found)
    if len(found) > outcome.kept:
        outcome.rejected["no_speech"] = len(found) - outcome.kept
    outcome.warnings += [f"{one.path}: no speech found" for one in found if not one.pieces]
    pieces = [piece for one in found for piece in one.pieces]
    mute = sum(not piece.text for piece in pieces)
    if mute and predictor.model.settings.modality != "audio":
        outcome.warnings.append(
            f"{mute} of {len(pieces)} clips have no text and are told "
            + (
                "blindly, as this model reads texts only"
                if predictor.model.settings.modality == "text"
                else "from their sound alone"
            )
            + "; put subtitles beside the files, or let a recogniser hear them with --transcribe"
        )
    weak = [one for one in found if one.normalisation and one.normalisation.weak]
    if weak:
        clips = sum(len(one.pieces) for one in weak)
        outcome.warnings.append(
            f"{clips} of {len(pieces)} clips have fewer than 5 of their speaker beside them, so "
            f"they are normalised mostly by the training corpus, which is less accurate; if the "
            f"files are of one speaker, say so with --together folder or --together all"
        )
    outcome.details["files"] = [one.row(predictor.classes) for one in found]


_AT_ONCE = 256  # clips that the model is asked about
