"""Recognisers that others wrote, asked so that what goes wrong in one is said to be in that one."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recogniser import Recogniser, RecogniserOptions, Recognition
from manifests.errors import CorpusError, DataError

__all__ = ["load_recogniser", "run_recogniser"]


def load_recogniser(
    name: str, factory: Callable[[RecogniserOptions], Recogniser], options: RecogniserOptions
) -> Recogniser:
    """Return a recogniser, ready to listen.

    Args:
        name: what it is found by.
        factory: what makes it.
        options: for it.

    Raises:
        CorpusError: naming it, if it can't be made.
    """
    try:
        return factory(options)
    except CorpusError:
        raise
    except ImportError as error:
        raise DataError(_lacking(name, error)) from error
    except Exception as error:
        raise DataError(_failing(name, "didn't start", error)) from error


def run_recogniser(
    recogniser: Recogniser, waves: Sequence[NDArray[np.float32]], language: str | None
) -> Sequence[Recognition]:
    """Return what a recogniser hears, one text for each sound.

    Args:
        recogniser: that listens.
        waves: float32 mono at 16 kHz each.
        language: what is spoken, None if nobody knows.

    Raises:
        CorpusError: naming the recogniser, if it fails or returns something else.
    """
    try:
        heard = list(recogniser.transcribe(waves, language))
    except CorpusError:
        raise
    except ImportError as error:
        raise DataError(_lacking(recogniser.name, error)) from error
    except Exception as error:
        raise DataError(_failing(recogniser.name, "failed", error)) from error
    if len(heard) != len(waves):
        raise DataError(
            f"recogniser {recogniser.name} returned {len(heard)} texts for {len(waves)} clips; "
            f"{_TELL}"
        )
    for one in heard:
        problem = _problem(one)
        if problem:
            raise DataError(f"recogniser {recogniser.name} returned {problem}; {_TELL}")
    return heard


def _problem(heard: Recognition) -> str | None:
    """Return what is wrong with what was heard, None if nothing is."""
    text = getattr(heard, "text", None)
    if not isinstance(text, str):
        return f"{type(text).__name__} where a text belongs"
    if len(text) > _LONGEST_TEXT:
        return f"a text of {len(text)} characters, which no clip holds"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "a text that is no valid Unicode"
    return None


def _lacking(name: str, error: ImportError) -> str:
    package = error.name or str(error)
    return f"recogniser {name} needs the package '{package}', which isn't installed; install it"


def _failing(name: str, what: str, error: Exception) -> str:
    said = " ".join(str(error).split())[:_MOST_SAID]
    return f"recogniser {name} {what} ({type(error).__name__}: {said}); {_TELL}"


_TELL = "tell who made it"
_LONGEST_TEXT = 10_000  # characters
_MOST_SAID = 300  # characters of somebody else's error
