"""A recogniser and its guards, as section [transcribe] of corpus.toml asks for them."""

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
"""What the lexicon that comes with the package is called."""


def configured_recogniser(
    settings: TranscribeSettings,
    corpus: Path,
    *,
    download: bool = False,
    announce: Callable[[str], None] = print,
) -> Recogniser:
    """Return the recogniser that the settings ask for, ready to listen.

    Args:
        settings: section [transcribe].
        corpus: folder that relative paths in it count from.
        download: let it fetch its model, once announced.
        announce: told what the user should know before a long wait.

    Raises:
        CorpusError: if it isn't installed, has no model, or can't start.
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
    """Return how the settings judge what is recognised.

    Raises:
        DataError: if the file of further hallucinations can't be read, or lies elsewhere.
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
    """Return the words of a lexicon; its path may count from the corpus folder."""
    if name is None:
        return ()
    if name == BUNDLED:
        return tuple(prompt_words())
    path = Path(name).expanduser()
    return tuple(prompt_words(path if path.exists() else corpus / path))
