"""The source of recognised text that the command-line options select."""

from collections.abc import Callable
from pathlib import Path

from corpus_tools.recordings.hearing import (
    NoTranscript,
    RecogniserTranscripts,
    TranscriptFiles,
    TranscriptSource,
)
from corpus_tools.transcription.recogniser import RecogniserOptions, find_recogniser
from corpus_tools.workspace import Workspace
from manifests.errors import ConfigurationError

__all__ = ["transcript_source"]


def transcript_source(
    texts: Path | None,
    recognise: bool,
    workspace: Workspace,
    announce: Callable[[str], None],
    *,
    model: str | None = None,
    download: bool = False,
) -> TranscriptSource:
    """Return the source of recognised text.

    Args:
        texts: text file, or folder of text files.
        recognise: transcribe the takes with the recogniser of section [transcribe].
        workspace: the corpus.
        announce: called with a message before a long wait.
        model: model of the recogniser, instead of that of section [transcribe].
        download: allow the recogniser to download its model, once announced.

    Raises:
        ConfigurationError: if both sources are given, a model without ``recognise``, or what they
            name is missing.
    """
    if texts is not None:
        if recognise:
            raise ConfigurationError("--texts and --recognise: give one of them")
        if not texts.exists():
            raise ConfigurationError(f"{texts}: no such file or folder; check --texts")
        return TranscriptFiles(texts)
    if not recognise and (model or download):
        raise ConfigurationError("--model and --download need --recognise; give it too")
    if not recognise:
        return NoTranscript()
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
    return RecogniserTranscripts(recogniser, language, settings.batch_size)
