"""Predictions for files, folders and manifest versions: the work behind `corpus predict`.

Predictions for the clips of a manifest version.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus_tools.configuration.corpus import Configuration
from corpus_tools.configuration.overrides import with_overrides
from corpus_tools.prediction.files import SpeakerScope, predict_files
from corpus_tools.prediction.segments import ClipTranscriber, FilePrediction, Segment
from corpus_tools.segmentation.intake.identify import find_media
from corpus_tools.transcription.transcribe import configured_flagger, configured_recogniser
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, CorpusError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.versions.index import open_manifest
from manifests.versions.manifest import HEADER, find_manifest
from models.data import load_examples
from models.prediction import Predictor

__all__ = ["predict_all", "predict_version"]


def predict_version(
    predictor: Predictor, folder: Path, progress: Progress = no_progress
) -> tuple[list[FilePrediction], Outcome]:
    """Return the predictions for every clip of a version, and the outcome of the run.

    Clips are normalised by speaker, or by source where the speaker is unknown. Each row also has
    the clip's ``clip_id``, ``split`` and ``label``.

    Args:
        predictor: trained model.
        folder: ``manifests/vN``.
        progress: callback after every clip.

    Raises:
        DataError: if the version can't be read.
    """
    manifest = open_manifest(folder)
    outcome = Outcome(warnings=manifest.caveats())
    splits = ("train", "val", "test", "held")
    loaded = load_examples(
        manifest, predictor.model.settings, outcome, splits=splits, progress=progress
    )
    examples = {example.clip_id: example for split in splits for example in loaded[split]}
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
        segment = Segment(
            round(entry.start, 3),
            round(entry.end, 3),
            entry.text,
            tuple(round(float(share), 6) for share in row),
            known,
        )
        predictions.append(
            FilePrediction(Path(entry.path), [segment], normalisations[example.group])
        )
    weak = sum(bool(row.normalisation and row.normalisation.weak) for row in predictions)
    if weak:
        outcome.warnings.append(
            f"{weak} of {len(predictions)} clips are from speakers with fewer than 5 clips, so "
            f"they are normalised mostly by the training corpus, which is less accurate"
        )
    outcome.details["files"] = [row.row(predictor.classes) for row in predictions]
    return predictions, outcome


def predict_all(
    predictor: Predictor,
    queries: Sequence[str],
    workspace: Workspace | None,
    *,
    text: str | None = None,
    track: int | None = None,
    transcribe: bool = False,
    recogniser_model: str | None = None,
    together: SpeakerScope = "file",
    announce: Callable[[str], None] = print,
    progress: Progress = no_progress,
) -> Outcome:
    """Return the outcome of a prediction; ``details["files"]`` has a row for each file or clip.

    Args:
        predictor: trained model.
        queries: files, folders of files, manifest versions (``v2``) or their folders.
        workspace: corpus with the segmentation and transcription settings; None outside of one.
        text: see :func:`corpus_tools.prediction.files.predict_files`.
        track: see there.
        transcribe: run the recogniser where there are no subtitles.
        recogniser_model: recogniser's model, in place of the one in corpus.toml.
        together: see there.
        announce: callback for notes before a long wait.
        progress: callback after each file or clip.

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
                transcriber = _transcriber(configuration, root, recogniser_model, announce)
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
            track=track,
            settings=configuration.segment,
            transcriber=transcriber,
            together=together,
            progress=progress,
        )
        _merge(outcome, result)
    for folder in folders:
        if folder is not None:
            _merge(outcome, predict_version(predictor, folder, progress)[1])
    return outcome


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


def _transcriber(
    configuration: Configuration, root: Path, model: str | None, announce: Callable[[str], None]
) -> ClipTranscriber:
    settings = with_overrides(configuration.transcribe, model=model)
    return ClipTranscriber(
        configured_recogniser(settings, root, announce=announce),
        configured_flagger(settings, root),
        settings.language or configuration.corpus.language,
        settings.batch_size,
    )


def _merge(outcome: Outcome, result: Outcome) -> None:
    rows = [*outcome.details["files"], *result.details["files"]]
    outcome.merge(result)
    outcome.details["files"] = rows
