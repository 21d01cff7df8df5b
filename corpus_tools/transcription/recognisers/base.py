"""Interface of speech recognisers, lookup by name, and calls that attribute errors to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from manifests.base.errors import CorpusError, DataError
from manifests.base.outcome import counted
from manifests.base.plugins import load_plugin

__all__ = [
    "Aligner",
    "Recogniser",
    "RecogniserOptions",
    "Recognition",
    "Word",
    "find_recogniser",
    "load_recogniser",
    "run_aligner",
    "run_recogniser",
]

GROUP = "corpus_tools.recognisers"
"""Entry-point group; each entry is called with `RecogniserOptions` and returns a `Recogniser`."""


@dataclass(frozen=True)
class Word:
    """A recognised word, with its space and punctuation, so that the joined words are the text.

    Times are in seconds from the beginning of the clip or window; the end isn't before the start.
    """

    start: float
    end: float
    text: str
    probability: float | None = None


@dataclass(frozen=True)
class Recognition:
    """Result of a recogniser for one clip; values that it doesn't have are None.

    Attributes:
        text: raw text.
        language: code of the language.
        avg_logprob: mean log-probability of the text's tokens.
        no_speech_prob: probability of no speech.
        compression_ratio: bytes of the text over bytes of its compression.
        words: words of the text in order.
        flags: flags of the recogniser, in addition to those of the guards.
    """

    text: str
    language: str | None = None
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None
    words: Sequence[Word] | None = None
    flags: Sequence[str] = ()


@dataclass(frozen=True)
class RecogniserOptions:
    """Options of a recogniser; those that don't apply to it are ignored.

    Attributes:
        model: name or path of the model, None for the recogniser's default.
        device: ``auto``, ``cpu``, ``cuda`` …
        prompt: text that sets style and vocabulary.
        lexicon: expected words, the most important first.
        download: allow the download of a missing model, once announced.
        temperatures: sampling temperatures, tried in turn.
        beam_size: beams at temperature 0, None for greedy decoding.
        fp16: half precision, None for the device's default.
        max_tokens: maximum tokens of a clip's text, None for the model's own limit.
        batch_size: clips decoded at once.
        words: return word times.
        announce: called with a message before a long wait.
    """

    model: str | None = None
    device: str = "auto"
    prompt: str | None = None
    lexicon: tuple[str, ...] = ()
    download: bool = False
    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    beam_size: int | None = None
    fp16: bool | None = None
    max_tokens: int | None = None
    batch_size: int = 8
    words: bool = False
    announce: Callable[[str], None] = print


@runtime_checkable
class Aligner(Protocol):
    """A loaded recogniser that also finds when the words of a known text are spoken."""

    @property
    def name(self) -> str:
        """Name of the model."""

    @property
    def parameters(self) -> dict[str, Any]:
        """JSON-ready identity of everything that the times depend on, weights included."""

    def align(
        self, waves: Sequence[NDArray[np.float32]], texts: Sequence[str], language: str | None
    ) -> list[list[Word] | None]:
        """Return the words of each window's text, None if it is too long for the model.

        Windows are samples in -1..1 at 16 kHz, mono, up to 30 s. Joined, without spaces at either
        end, the words are the text. Raise ConfigurationError if the language isn't supported.
        """


@runtime_checkable
class Recogniser(Protocol):
    """A loaded speech recogniser."""

    @property
    def name(self) -> str:
        """Name of the model, stored with every text."""

    @property
    def parameters(self) -> dict[str, Any]:
        """JSON-ready identity of everything that the texts depend on, weights included.

        Not the batch size: a clip's text must not depend on the rest of its batch.
        """

    def transcribe(
        self, clips: Sequence[NDArray[np.float32]], language: str | None
    ) -> list[Recognition]:
        """Transcribe at most ``batch_size`` clips, in order; without a language, it is detected.

        Clips are samples in -1..1 at 16 kHz, mono, shape (samples,) each. Raise ConfigurationError
        if the language isn't supported.
        """


def find_recogniser(name: str) -> Callable[[RecogniserOptions], Recogniser]:
    """Return the factory of a recogniser; ConfigurationError if it can't be found or imported."""
    factory: Callable[[RecogniserOptions], Recogniser] = load_plugin(GROUP, name, "recogniser")
    return factory


def load_recogniser(
    name: str, factory: Callable[[RecogniserOptions], Recogniser], options: RecogniserOptions
) -> Recogniser:
    """Return the recogniser that a factory creates, or raise CorpusError with its name."""
    try:
        return factory(options)
    except CorpusError:
        raise
    except ImportError as error:
        raise DataError(_missing_package(name, error)) from error
    except Exception as error:
        raise DataError(_failure(name, "didn't start", error)) from error


def run_recogniser(
    recogniser: Recogniser, waves: Sequence[NDArray[np.float32]], language: str | None
) -> Sequence[Recognition]:
    """Transcribe clips (float32 mono at 16 kHz); CorpusError for a failure or invalid results."""
    try:
        recognitions = list(recogniser.transcribe(waves, language))
    except CorpusError:
        raise
    except ImportError as error:
        raise DataError(_missing_package(recogniser.name, error)) from error
    except Exception as error:
        raise DataError(_failure(recogniser.name, "failed", error)) from error
    if len(recognitions) != len(waves):
        raise DataError(
            f"recogniser {recogniser.name} returned {counted(len(recognitions), 'text')} for "
            f"{counted(len(waves), 'clip')}; {_REPORT}"
        )
    for recognition in recognitions:
        problem = _result_problem(recognition)
        if problem:
            raise DataError(f"recogniser {recogniser.name} returned {problem}; {_REPORT}")
    return recognitions


def run_aligner(
    aligner: Aligner, wave: NDArray[np.float32], text: str, language: str | None
) -> list[Word] | None:
    """Align a window (float32 mono at 16 kHz); CorpusError for a failure or an invalid result."""
    try:
        (words,) = aligner.align([wave], [text], language)
        joined = text if words is None else "".join(word.text for word in words).strip()
    except CorpusError:
        raise
    except Exception as error:
        raise DataError(_failure(aligner.name, "failed to align a text", error)) from error
    if joined != text:
        raise DataError(f"recogniser {aligner.name} returned other words than it got; {_REPORT}")
    return words


def _result_problem(recognition: Recognition) -> str | None:
    """Return what is wrong with a result, None if it is valid."""
    text = getattr(recognition, "text", None)
    if not isinstance(text, str):
        return f"{type(text).__name__} instead of a text"
    if len(text) > _LONGEST_TEXT:
        return f"a text of {len(text)} characters, too many for a clip"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "a text that isn't valid Unicode"
    return None


def _missing_package(name: str, error: ImportError) -> str:
    package = error.name or str(error)
    return f"recogniser {name} needs the package '{package}', which isn't installed; install it"


def _failure(name: str, what: str, error: Exception) -> str:
    message = " ".join(str(error).split())[:_MAX_MESSAGE]
    return f"recogniser {name} {what} ({type(error).__name__}: {message}); {_REPORT}"


_REPORT = "report it to the recogniser's author"
_LONGEST_TEXT = 10_000  # characters
_MAX_MESSAGE = 300  # characters of the recogniser's own error
