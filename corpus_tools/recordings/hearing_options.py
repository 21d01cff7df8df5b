"""Which recognised text the user wants for long takes."""

from collections.abc import Callable
from pathlib import Path

from corpus_tools.recordings.hearing import HeardByRecogniser, HeardInFiles, Hearing, NotHeard
from corpus_tools.transcription.recogniser import RecogniserOptions, find_recogniser
from corpus_tools.workspace import Workspace
from manifests.errors import ConfigurationError

__all__ = ["hearing_of"]


def hearing_of(
    texts: Path | None,
    recognise: bool,
    workspace: Workspace,
    announce: Callable[[str], None],
    *,
    model: str | None = None,
    download: bool = False,
) -> Hearing:
    """Return where the recognised text comes from.

    Args:
        texts: files of it, or their folder.
        recognise: whether the recogniser of section [transcribe] is to hear the takes.
        workspace: the corpus.
        announce: told what the user should know before a long wait.
        model: of the recogniser, in place of that of section [transcribe].
        download: let the recogniser fetch its model, once announced.

    Raises:
        ConfigurationError: if both are given, or neither but a model, or what they name is missing.
    """
    if texts is not None:
        if recognise:
            raise ConfigurationError("--texts and --recognise: give one of them")
        if not texts.exists():
            raise ConfigurationError(f"{texts}: no such file or folder; check --texts")
        return HeardInFiles(texts)
    if not recognise and (model or download):
        raise ConfigurationError("--model and --download are for --recognise; give it, too")
    if not recognise:
        return NotHeard()
    settings = workspace.configuration.transcribe
    recogniser = find_recogniser(settings.recogniser)(
        RecogniserOptions(
            model=model or settings.model,
            device=settings.device,
            prompt=settings.prompt,
            temperatures=settings.temperatures,
            beam_size=settings.beam_size,
            fp16=settings.fp16,
            max_tokens=settings.max_tokens,
            batch_size=settings.batch_size,
            download=download,
            announce=announce,
        )
    )
    language = settings.language or workspace.configuration.corpus.language
    return HeardByRecogniser(recogniser, language, settings.batch_size)
