"""Recogniser and guards configured in section [transcribe] of corpus.toml."""

from collections.abc import Callable
from pathlib import Path

from corpus_tools.transcription.asking import load_recogniser
from corpus_tools.transcription.flagging import Flagger
from corpus_tools.transcription.guards import Thresholds
from corpus_tools.transcription.hallucinations import KnownHallucinations
from corpus_tools.transcription.recogniser import Recogniser, RecogniserOptions, find_recogniser
from corpus_tools.transcription.settings import TranscribeSettings
from manifests.store import inside
from models.text.lexicon import prompt_words

__all__ = ["BUNDLED", "configured_flagger", "configured_recogniser"]

BUNDLED = "sichuan"
"""Name of the bundled lexicon."""


def configured_recogniser(
    settings: TranscribeSettings,
    corpus: Path,
    *,
    download: bool = False,
    announce: Callable[[str], None] = print,
) -> Recogniser:
    """Load the configured recogniser.

    Args:
        settings: section [transcribe].
        corpus: corpus folder, to which relative paths in the settings refer.
        download: allow it to download its model, once announced.
        announce: called with a message before a long wait.

    Raises:
        CorpusError: if it isn't installed, has no model, or can't be loaded.
    """
    return load_recogniser(
        settings.recogniser,
        find_recogniser(settings.recogniser),
        RecogniserOptions(
            model=settings.model,
            device=settings.device,
            prompt=settings.prompt,
            lexicon=_lexicon(settings.lexicon, corpus),
            download=download,
            temperatures=settings.temperatures,
            beam_size=settings.beam_size,
            fp16=settings.fp16,
            max_tokens=settings.max_tokens,
            batch_size=settings.batch_size,
            words=settings.context == "window",
            announce=announce,
        ),
    )


def configured_flagger(settings: TranscribeSettings, corpus: Path) -> Flagger:
    """Return the configured guards on recognised texts.

    Raises:
        DataError: if the file of further hallucinations can't be read, or is outside the corpus.
    """
    known = settings.hallucinations
    return Flagger(
        Thresholds(
            settings.max_rate,
            settings.max_compression,
            settings.max_no_speech,
            settings.min_logprob,
            settings.max_repeats,
        ),
        KnownHallucinations.bundled()
        if known is None
        else KnownHallucinations.read(inside(corpus, known)),
        settings.emptying_flags,
    )


def _lexicon(name: str | None, corpus: Path) -> tuple[str, ...]:
    """Return the words of a lexicon; its path may be relative to the corpus folder."""
    if name is None:
        return ()
    if name == BUNDLED:
        return tuple(prompt_words())
    path = Path(name).expanduser()
    return tuple(prompt_words(path if path.exists() else corpus / path))
