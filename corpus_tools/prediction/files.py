"""Predictions for sound and video files of any length."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.samples import Samples
from corpus_tools.prediction.segments import (
    FULL_SCALE,
    ClipTranscriber,
    FilePrediction,
    Segment,
    cut_segments,
    subtitle_texts,
)
from corpus_tools.workspace.runner import run_each
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, no_progress
from models.data import Example
from models.prediction import Predictor

__all__ = ["SpeakerScope", "predict_files"]

SpeakerScope = Literal["file", "folder", "all"]
"""Scope of the clips of one speaker."""


@dataclass(frozen=True)
class _DecodedFile:
    """Decoded file, before prediction."""

    path: Path
    segments: list[Segment]
    examples: list[Example]


def predict_files(
    predictor: Predictor,
    files: Sequence[Path],
    *,
    text: str | None = None,
    track: int | None = None,
    settings: SegmentSettings | None = None,
    transcriber: ClipTranscriber | None = None,
    together: SpeakerScope = "file",
    progress: Progress = no_progress,
) -> tuple[list[FilePrediction], Outcome]:
    """Return the predictions for each file that can be decoded, and the outcome of the run.

    A file no longer than the longest clip is one segment; a longer one is cut as ``corpus segment``
    would cut it. Texts come from subtitles beside or within the file, else from the recogniser.

    Args:
        predictor: trained model.
        files: audio or video files.
        text: transcript of the file, if it is no longer than a clip.
        track: index of the audio track; None for the default one.
        settings: settings of section [segment] of corpus.toml.
        transcriber: recogniser for segments without subtitles; None to leave them without text.
        together: scope within which clips are normalised together, as clips of one speaker.
        progress: callback after each file.
    """
    settings = settings or SegmentSettings()
    outcome = Outcome(items_in=len(files))

    def work(path: Path) -> _DecodedFile:
        cuts = cut_segments(path, track, settings)
        if text is not None and len(cuts) != 1:
            raise DataError(
                f"is cut into {len(cuts)} clips, but --text is for one; put subtitles beside the "
                f"file instead"
            )
        segments = [
            replace(segment, text=transcript)
            for (segment, _), transcript in zip(
                cuts, _texts(path, cuts, text, transcriber, outcome.warnings.append), strict=True
            )
        ]
        group = {"file": str(path), "folder": str(path.parent), "all": "all"}[together]
        examples = [
            predictor.example(
                samples.astype(np.float32) / FULL_SCALE,
                segment.text,
                group,
                single_speaker=together != "file",
            )
            for segment, (_, samples) in zip(segments, cuts, strict=True)
        ]
        return _DecodedFile(path, segments, examples)

    predictions: list[FilePrediction] = []
    waiting: list[_DecodedFile] = []
    for _, decoded in run_each(files, work, outcome, progress=progress):
        waiting.append(decoded)
        if together == "file" and sum(len(file.segments) for file in waiting) >= _BATCH:
            predictions += _predict_batch(predictor, waiting)
            waiting = []
    predictions += _predict_batch(predictor, waiting)
    _fill_outcome(predictor, predictions, outcome)
    return predictions, outcome


def _texts(
    path: Path,
    cuts: Sequence[tuple[Segment, Samples]],
    text: str | None,
    transcriber: ClipTranscriber | None,
    warn: Callable[[str], None],
) -> list[str]:
    segments = [segment for segment, _ in cuts]
    if text is not None or not segments:
        return [text or ""] * len(segments)
    texts = subtitle_texts(path, segments, warn)
    missing = [row for row, transcript in enumerate(texts) if not transcript]
    if transcriber is not None and missing:
        sounds = [cuts[row][1] for row in missing]
        transcripts = transcriber.texts([segments[row] for row in missing], sounds)
        for row, transcript in zip(missing, transcripts, strict=True):
            texts[row] = transcript
    return texts


def _predict_batch(predictor: Predictor, files: Sequence[_DecodedFile]) -> list[FilePrediction]:
    """Return the files with the predictions for their segments, in one batch."""
    examples = [example for file in files for example in file.examples]
    shares = iter(predictor.predict_examples(examples))
    sizes = Counter(example.group for example in examples)
    predictions = []
    for file in files:
        segments = [
            replace(segment, probabilities=tuple(round(float(p), 6) for p in next(shares)))
            for segment in file.segments
        ]
        group = file.examples[0].group if file.examples else ""
        how = predictor.normalisation([group] * sizes[group]) if file.examples else None
        predictions.append(FilePrediction(file.path, segments, how))
    return predictions


def _fill_outcome(predictor: Predictor, files: Sequence[FilePrediction], outcome: Outcome) -> None:
    outcome.kept = sum(bool(file.segments) for file in files)
    if len(files) > outcome.kept:
        outcome.rejected["no_speech"] = len(files) - outcome.kept
    outcome.warnings += [f"{file.path}: no speech found" for file in files if not file.segments]
    segments = [segment for file in files for segment in file.segments]
    without_text = sum(not segment.text for segment in segments)
    if without_text and predictor.model.settings.modality != "audio":
        outcome.warnings.append(
            f"{without_text} of {len(segments)} clips have no text and are predicted "
            + (
                "without any input, as this model uses only text"
                if predictor.model.settings.modality == "text"
                else "from sound only"
            )
            + "; put subtitles beside the files, or transcribe them with --transcribe"
        )
    weak = [file for file in files if file.normalisation and file.normalisation.weak]
    if weak:
        clips = sum(len(file.segments) for file in weak)
        outcome.warnings.append(
            f"{clips} of {len(segments)} clips are from speakers with fewer than 5 clips, so they "
            f"are normalised mostly by the training corpus, which is less accurate; if the files "
            f"are of one speaker, add --together folder or --together all"
        )
    outcome.details["files"] = [file.row(predictor.classes) for file in files]


_BATCH = 256  # clips
