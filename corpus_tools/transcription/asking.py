"""Calls of third-party recognisers, which attribute errors to the recogniser."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recogniser import Recogniser, RecogniserOptions, Recognition
from manifests.errors import CorpusError, DataError

__all__ = ["load_recogniser", "run_recogniser"]


def load_recogniser(
    name: str, factory: Callable[[RecogniserOptions], Recogniser], options: RecogniserOptions
) -> Recogniser:
    """Return a loaded recogniser.

    Args:
        name: name of the recogniser.
        factory: function that creates it.
        options: its options.

    Raises:
        CorpusError: if it can't be loaded, with its name.
    """
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
    """Transcribe clips and validate the results.

    Args:
        recogniser: loaded recogniser.
        waves: samples of each clip, float32 mono at 16 kHz.
        language: code of the spoken language, None if unknown.

    Raises:
        CorpusError: if the recogniser fails or returns invalid results, with its name.
    """
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
            f"recogniser {recogniser.name} returned {len(recognitions)} texts for {len(waves)} "
            f"clips; {_REPORT}"
        )
    for recognition in recognitions:
        problem = _result_problem(recognition)
        if problem:
            raise DataError(f"recogniser {recogniser.name} returned {problem}; {_REPORT}")
    return recognitions


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
