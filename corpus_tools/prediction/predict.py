"""Predictions for media files, folders and manifest versions: the work behind `corpus predict`."""

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corpus_tools.configuration.corpus import Configuration
from corpus_tools.configuration.overrides import with_overrides
from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.samples import Samples
from corpus_tools.media.tracks import ChannelChoice
from corpus_tools.prediction.segments import (
    FULL_SCALE,
    FilePrediction,
    NothingToPredictError,
    Segment,
    SegmentTranscriber,
    SoundChoice,
    cut_segments,
    subtitle_texts,
)
from corpus_tools.segmentation.intake.identify import find_media
from corpus_tools.transcription.transcribe import configured_flagger, configured_recogniser
from corpus_tools.workspace.runner import run_each
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.base.languages import language_family, language_name
from manifests.base.outcome import FileWarnings, Outcome, Progress, counted, no_progress
from manifests.versions.index import open_manifest
from manifests.versions.manifest import HEADER, find_manifest
from models.branches import needs_sound, needs_text
from models.data import Example
from models.loading import load_examples
from models.prediction import Predictor

__all__ = [
    "SpeakerScope",
    "configured_transcriber",
    "corpora_of",
    "predict_all",
    "predict_files",
    "predict_version",
]

SpeakerScope = Literal["file", "folder", "all"]
"""Scope of the clips of one speaker."""


def predict_all(
    predictor: Predictor,
    queries: Sequence[str],
    workspace: Workspace | None,
    *,
    text: str | None = None,
    track: int | None = None,
    channel: ChannelChoice | None = None,
    transcribe: bool = False,
    recogniser_model: str | None = None,
    together: SpeakerScope = "file",
    announce: Callable[[str], None] = print,
    progress: Progress = no_progress,
) -> Outcome:
    """Return the outcome of a prediction; ``details["files"]`` has a row for each file or clip.

    ``queries`` are files, folders of files, manifest versions (``v2``) or their folders.
    ``workspace``, None outside of a corpus, has the settings of segmentation and transcription.
    ``announce`` gets notes before a long wait. For ``text`` and ``together`` see
    :func:`predict_files`; a ``track`` of None is chosen by the corpus's language.

    Raises:
        ConfigurationError: if a version is given outside of a corpus.
        DataError: if a version isn't there or is damaged.
    """
    if recogniser_model is not None and not transcribe:
        raise ConfigurationError("--recogniser-model needs --transcribe; add it")
    folders = [_version_folder(query, workspace) for query in queries]
    paths = [Path(query) for query, folder in zip(queries, folders, strict=True) if folder is None]
    outcome = Outcome(details={"files": []})
    configuration = workspace.configuration if workspace else Configuration()
    root = workspace.root if workspace else Path.cwd()
    if paths:
        files = find_media(paths, Path(os.devnull), outcome)  # a corpus's own clips are allowed
        if text is not None and len(files) != 1:
            raise ConfigurationError(f"--text is for a single file; {len(files)} were given")
        transcriber = None
        if transcribe:
            try:
                transcriber = configured_transcriber(
                    configuration, root, recogniser_model, announce
                )
            except CorpusError as error:
                outcome.fail(
                    "--transcribe",
                    f"nothing is transcribed: {error} (corpus predict takes the model as "
                    f"--recogniser-model PATH)",
                )
        _, result = predict_files(
            predictor,
            files,
            text=text,
            choice=SoundChoice(track, channel),
            settings=configuration.segment,
            transcriber=transcriber,
            together=together,
            language=configuration.corpus.language if workspace else "",
            progress=progress,
        )
        _merge(outcome, result)
        known = Counter({configuration.corpus.language: 1} if workspace else {})
        if transcriber is not None and transcriber.language is None:
            known = transcriber.detected
        _report_language(predictor, known, outcome)
    for folder in folders:
        if folder is not None:
            _merge(outcome, predict_version(predictor, folder, progress)[1])
    return outcome


def corpora_of(queries: Sequence[str], workspace: Workspace | None) -> set[Path]:
    """Return the corpora that a prediction reads: the one it runs in, and those of versions."""
    folders = (_version_folder(query, workspace) for query in queries)
    corpora = {folder.parent.parent for folder in folders if folder is not None}
    return corpora | ({workspace.root.resolve()} if workspace else set())


def _version_folder(query: str, workspace: Workspace | None) -> Path | None:
    """Return the folder of a manifest version, None if the query is no version."""
    path = Path(query)
    if (path / HEADER).is_file():
        return path.resolve()
    if path.exists() or not re.fullmatch(r"v[1-9]\d*", query):
        return None
    if workspace is None:
        raise ConfigurationError(f"{query}: versions belong to a corpus; name it with --corpus")
    return find_manifest(workspace.root, query)


def configured_transcriber(
    configuration: Configuration, root: Path, model: str | None, announce: Callable[[str], None]
) -> SegmentTranscriber:
    """Return the recogniser of a configuration, or its ``model``, for segments of files."""
    settings = with_overrides(configuration.transcribe, model=model, context="clip")
    return SegmentTranscriber(
        configured_recogniser(settings, root, announce=announce),
        configured_flagger(settings, root),
        settings.language_in(configuration.corpus.language),
        settings.batch_size,
    )


def _report_language(predictor: Predictor, known: Counter[str], outcome: Outcome) -> None:
    """Say in which language the model was trained; warn of files in another one."""
    trained = predictor.model.language
    if trained is None:
        return
    outcome.details["trained_language"] = trained
    foreign = {code for code in known if language_family(code) != language_family(trained)}
    if foreign:
        names = ", ".join(f"{language_name(code)} ({code})" for code in sorted(foreign))
        outcome.warnings.append(
            f"the model was trained on {language_name(trained)} ({trained}) and has never met "
            f"{names}: its probabilities there mean little; check them on labelled clips, or "
            f"train on a corpus of that language"
        )


def _merge(outcome: Outcome, result: Outcome) -> None:
    rows = [*outcome.details["files"], *result.details["files"]]
    outcome.merge(result)
    outcome.details["files"] = rows


@dataclass(frozen=True)
class _DecodedFile:
    """Decoded file, before prediction."""

    path: Path
    segments: list[Segment]
    examples: list[Example]
    reason: str | None = None


def predict_files(
    predictor: Predictor,
    files: Sequence[Path],
    *,
    text: str | None = None,
    choice: SoundChoice | None = None,
    settings: SegmentSettings | None = None,
    transcriber: SegmentTranscriber | None = None,
    together: SpeakerScope = "file",
    language: str = "",
    progress: Progress = no_progress,
) -> tuple[list[FilePrediction], Outcome]:
    """Return the predictions for each file that can be decoded, and the outcome of the run.

    A file no longer than the longest clip is one segment, and may come with its ``text``; a longer
    one is cut as ``corpus segment`` would cut it. Texts come from subtitles beside or within the
    file, those in a known ``language`` first, else from the recogniser, if any. Clips within the
    scope ``together`` are normalised together, as clips of one speaker. Files without speech, and
    for a model of texts only those without text, get no emotion.
    """
    settings, choice = (
        settings or SegmentSettings(),
        replace(choice or SoundChoice(), language=language or None),
    )
    outcome, noted = Outcome(items_in=len(files)), FileWarnings()
    with_sound = needs_sound(predictor.model.settings)

    def work(path: Path) -> _DecodedFile:
        try:
            cuts = cut_segments(path, choice, settings, lambda warning: noted.add(path, warning))
        except NothingToPredictError as error:
            noted.add(path, f"{path}: {error}")
            return _DecodedFile(path, [], [], error.reason)
        if text is not None and len(cuts) != 1:
            raise DataError(
                f"is cut into {len(cuts)} clips, but the text is for one; put subtitles beside the "
                f"file instead"
            )
        segments = [
            replace(segment, text=transcript)
            for (segment, _), transcript in zip(
                cuts,
                _texts(path, cuts, text, transcriber, language, outcome.warnings.append),
                strict=True,
            )
        ]
        if not with_sound:
            cuts = [cut for cut, segment in zip(cuts, segments, strict=True) if segment.text]
            textless.append(len(segments) - len(cuts))
            segments = [segment for segment in segments if segment.text]
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
        return _DecodedFile(path, segments, examples, None if segments else "no_text")

    textless: list[int] = []
    predictions: list[FilePrediction] = []
    waiting: list[_DecodedFile] = []
    for _, decoded in run_each(files, work, outcome, progress=progress):
        waiting.append(decoded)
        if together == "file" and sum(len(file.segments) for file in waiting) >= _BATCH:
            predictions += _predict_batch(predictor, waiting)
            waiting = []
    predictions += _predict_batch(predictor, waiting)
    outcome.warnings += noted.lines()
    if any(textless) and any(file.segments for file in predictions):
        outcome.warnings.append(_no_texts(sum(textless)))
    elif any(textless):
        outcome.fail("predict", _no_texts(sum(textless)))
    _report_files(predictor, predictions, outcome)
    return predictions, outcome


def _texts(
    path: Path,
    cuts: Sequence[tuple[Segment, Samples]],
    text: str | None,
    transcriber: SegmentTranscriber | None,
    language: str,
    warn: Callable[[str], None],
) -> list[str]:
    segments = [segment for segment, _ in cuts]
    if text is not None or not segments:
        return [text or ""] * len(segments)
    texts = subtitle_texts(path, segments, warn, language)
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
            replace(segment, probabilities=_rounded(next(shares))) for segment in file.segments
        ]
        group = file.examples[0].group if file.examples else ""
        how = predictor.normalisation([group] * sizes[group]) if file.examples else None
        predictions.append(FilePrediction(file.path, segments, how, file.reason))
    return predictions


def predict_version(
    predictor: Predictor, folder: Path, progress: Progress = no_progress
) -> tuple[list[FilePrediction], Outcome]:
    """Return the predictions for every clip of a version, and the outcome of the run.

    Clips are normalised by speaker, or by source where the speaker is unknown. Each row also has
    the clip's ``clip_id``, ``split`` and ``label``. An unreadable version is a DataError.
    """
    manifest = open_manifest(folder)
    outcome = Outcome(warnings=manifest.caveats())
    splits = ("train", "val", "test", "held")
    loaded = load_examples(
        manifest, predictor.model.settings, outcome, splits=splits, progress=progress
    )
    examples = {example.clip_id: example for split in splits for example in loaded[split]}
    if not needs_sound(predictor.model.settings):
        silent = {clip_id for clip_id, example in examples.items() if not example.words}
        examples = {clip_id: one for clip_id, one in examples.items() if clip_id not in silent}
        if silent:
            outcome.kept -= len(silent)
            outcome.rejected["no_text"] += len(silent)
            outcome.warnings.append(_no_texts(len(silent)))
    entries = [entry for entry in manifest.entries if entry.clip_id in examples]
    inputs = [examples[entry.clip_id] for entry in entries]
    shares = predictor.predict_examples(inputs)
    sizes = Counter(example.group for example in inputs)
    normalisations = {
        group: predictor.normalisation([group] * size) for group, size in sizes.items()
    }
    predictions = []
    for entry, example, row in zip(entries, inputs, shares, strict=True):
        known = (("clip_id", entry.clip_id), ("split", entry.split), ("label", entry.emotion))
        times = round(entry.start, 3), round(entry.end, 3)
        segment = Segment(*times, entry.text, _rounded(row), known)
        predictions.append(
            FilePrediction(Path(entry.path), [segment], normalisations[example.group])
        )
    _report(predictor, predictions, outcome)
    return predictions, outcome


def _rounded(shares: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(share), 6) for share in shares)


def _report_files(predictor: Predictor, files: Sequence[FilePrediction], outcome: Outcome) -> None:
    outcome.kept = sum(bool(file.segments) for file in files)
    outcome.rejected += Counter(file.reason for file in files if file.reason)
    segments = [segment for file in files for segment in file.segments]
    without_text = sum(not segment.text for segment in segments)
    settings = predictor.model.settings
    if without_text and needs_text(settings):
        of = f"{without_text} of {counted(len(segments), 'clip')}"
        have = "has no text and is" if without_text == 1 else "have no text and are"
        outcome.warnings.append(f"{of} {have} predicted from sound only; {_GIVE_TEXTS}")
    advice = "if the files are of one speaker, add --together folder or --together all"
    _report(predictor, files, outcome, f"; {advice}")


def _report(
    predictor: Predictor, files: Sequence[FilePrediction], outcome: Outcome, advice: str = ""
) -> None:
    """Add the rows of the predictions, and a warning if some are weakly normalised."""
    weak = sum(
        len(file.segments) for file in files if file.normalisation and file.normalisation.weak
    )
    count = sum(len(file.segments) for file in files)
    if weak:
        outcome.warnings.append(
            f"{weak} of {counted(count, 'clip')} {'is' if weak == 1 else 'are'} from speakers with "
            f"fewer than 5 clips, so they are normalised mostly by the training corpus, which is "
            f"less accurate{advice}"
        )
    outcome.details["files"] = [file.row(predictor.classes) for file in files]


def _no_texts(count: int) -> str:
    have = counted(count, "clip has", "clips have")
    return f"{have} no text and no prediction, as this model uses texts only; {_GIVE_TEXTS}"


_BATCH = 256  # clips
_GIVE_TEXTS = "put subtitles beside the files, or transcribe them with --transcribe"
