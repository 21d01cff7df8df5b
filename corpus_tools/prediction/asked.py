"""What `corpus predict` was asked about: files, folders, manifest versions."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus_tools.configuration import Configuration
from corpus_tools.flags import with_flags
from corpus_tools.prediction.files import Together, predict_files
from corpus_tools.prediction.texts import Listener
from corpus_tools.prediction.versions import predict_version
from corpus_tools.segmentation.inputs import find_media
from corpus_tools.transcription.configured import configured_flagger, configured_recogniser
from corpus_tools.workspace import Workspace
from manifests.errors import ConfigurationError, CorpusError
from manifests.outcome import Outcome, Progress, no_progress
from manifests.versions import HEADER, find_manifest
from models.prediction import Predictor

__all__ = ["predict_all"]


def predict_all(
    predictor: Predictor,
    asked: Sequence[str],
    workspace: Workspace | None,
    *,
    text: str | None = None,
    track: int | None = None,
    transcribe: bool = False,
    recogniser_model: str | None = None,
    together: Together = "file",
    announce: Callable[[str], None] = print,
    progress: Progress = no_progress,
) -> Outcome:
    """Return the account of a prediction; ``details["files"]`` has a row for each file or clip.

    Args:
        predictor: a trained model.
        asked: files, folders of files, manifest versions (``v2``) or their folders.
        workspace: the corpus, whose settings cut and transcribe; None outside of one.
        text: as for :func:`corpus_tools.prediction.files.predict_files`.
        track: as there.
        transcribe: let the recogniser hear what has no subtitles.
        recogniser_model: its model, in place of the one in corpus.toml.
        together: as there.
        announce: told what the user should know before a long wait.
        progress: told after each file or clip.

    Raises:
        ConfigurationError: if a version is asked for outside of a corpus.
        DataError: if a version isn't there or is damaged.
    """
    if recogniser_model is not None and not transcribe:
        raise ConfigurationError("--recogniser-model is of use with --transcribe only; add it")
    folders = [_version(one, workspace) for one in asked]
    paths = [Path(one) for one, folder in zip(asked, folders, strict=True) if folder is None]
    outcome = Outcome(details={"files": []})
    configuration = workspace.configuration if workspace else Configuration()
    root = workspace.root if workspace else Path.cwd()
    if paths:
        files = find_media(paths, Path(os.devnull), outcome)  # a corpus's own clips, too
        if text is not None and len(files) != 1:
            raise ConfigurationError(f"--text is for one file, and there are {len(files)}")
        listener = None
        if transcribe:
            try:
                listener = _listener(configuration, root, recogniser_model, announce)
            except CorpusError as error:
                outcome.fail(
                    "--transcribe",
                    f"nothing is transcribed: {error} (of corpus transcribe; here it is "
                    f"--recogniser-model PATH)",
                )
        _, found = predict_files(
            predictor,
            files,
            text=text,
            track=track,
            settings=configuration.segment,
            listener=listener,
            together=together,
            progress=progress,
        )
        _merge(outcome, found)
    for folder in folders:
        if folder is not None:
            _merge(outcome, predict_version(predictor, folder, progress)[1])
    return outcome


def _version(asked: str, workspace: Workspace | None) -> Path | None:
    """Return the folder of a manifest version, None if something else is asked about."""
    path = Path(asked)
    if (path / HEADER).is_file():
        return path.resolve()
    if path.exists() or not re.fullmatch(r"v[1-9]\d*", asked):
        return None
    if workspace is None:
        raise ConfigurationError(f"{asked}: versions are in a corpus; name it with --corpus")
    return find_manifest(workspace.root, asked)


def _listener(
    configuration: Configuration, root: Path, model: str | None, announce: Callable[[str], None]
) -> Listener:
    settings = with_flags(configuration.transcribe, model=model)
    return Listener(
        configured_recogniser(settings, root, announce=announce),
        configured_flagger(settings, root),
        settings.language or configuration.corpus.language,
        settings.batch_size,
    )


def _merge(outcome: Outcome, found: Outcome) -> None:
    rows = [*outcome.details["files"], *found.details["files"]]
    outcome.merge(found)
    outcome.details["files"] = rows
