from typing import Any

import numpy as np
import pytest

from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.transcription.recognisers.base import (
    RecogniserOptions,
    Recognition,
    load_recogniser,
    run_recogniser,
)
from corpus_tools.transcription.transcribe import transcribe
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, DataError

WAVES = [np.zeros(16_000, dtype=np.float32)]


class Says:
    """A recogniser that returns or raises a given answer."""

    name = "says"
    parameters = None

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def transcribe(self, clips: Any, language: str | None) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ValueError("boom\n"), "recogniser says failed (ValueError: boom)"),
        (ModuleNotFoundError("no funasr", name="funasr"), "needs the package 'funasr'"),
        ([], "returned 0 texts for 1 clip"),
        ([None], "returned NoneType instead of a text"),
        ([Recognition(None)], "returned NoneType instead of a text"),
        ([Recognition("\ud800")], "isn't valid Unicode"),
        ([Recognition("啊" * 20_000)], "20000 characters"),
        (None, "failed (TypeError"),
    ],
)
def test_errors_of_a_recogniser_name_it(answer: Any, message: str) -> None:
    with pytest.raises(DataError) as raised:
        run_recogniser(Says(answer), WAVES, "zh")
    assert message in str(raised.value)
    assert "says" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_its_own_error_messages_are_kept() -> None:
    error = ConfigurationError("give --model")
    with pytest.raises(ConfigurationError) as raised:
        run_recogniser(Says(error), WAVES, None)
    assert raised.value is error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("no such card"), "recogniser mine didn't start (ValueError: no such card)"),
        (ModuleNotFoundError("x", name="funasr"), "recogniser mine needs the package 'funasr'"),
    ],
)
def test_a_recogniser_that_cannot_be_loaded_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def factory(options: RecogniserOptions) -> Any:
        raise error

    with pytest.raises(DataError) as raised:
        load_recogniser("mine", factory, RecogniserOptions())
    assert message in str(raised.value)
    monkeypatch.setattr(
        "corpus_tools.transcription.transcribe.find_recogniser", lambda name: factory
    )
    outcome = transcribe(workspace, TranscribeSettings(recogniser="mine"))
    assert [failure.item for failure in outcome.failures] == ["mine"]
    assert outcome.details["texts"]["subtitle"] > 0
