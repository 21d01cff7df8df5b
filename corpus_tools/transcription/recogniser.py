"""What a speech recogniser is to this package, and how one is found by its name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from manifests.errors import ConfigurationError

__all__ = [
    "GROUP",
    "Recogniser",
    "RecogniserOptions",
    "Recognition",
    "Word",
    "find_recogniser",
]

GROUP = "corpus_tools.recognisers"
"""Entry-point group; each entry is called with `RecogniserOptions` and returns a `Recogniser`."""


@dataclass(frozen=True)
class Word:
    """A word of a text, and when it is said.

    Attributes:
        start: seconds from the beginning of what was heard.
        end: seconds, not before ``start``.
        text: with its own space and punctuation, so that the words of a text joined are the text.
        probability: that it is right, in the recogniser's own opinion; None if it has none.
    """

    start: float
    end: float
    text: str
    probability: float | None = None


@dataclass(frozen=True)
class Recognition:
    """What a recogniser heard in one clip.

    Attributes:
        text: as recognised.
        language: code of the language, None if unknown.
        avg_logprob: mean log-probability of the text's tokens, None if unknown.
        no_speech_prob: probability that nobody speaks, None if unknown.
        compression_ratio: bytes of the text over those of its compression, None if unknown.
        words: of the text, in its order; None if their times are unknown.
        flags: what is doubtful about it, beside what the guards find.
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
    """What the user asks of a recogniser; one that has no use for an option ignores it.

    Attributes:
        model: name or path of the model, None for the recogniser's own default.
        device: ``auto``, ``cpu``, ``cuda`` …
        prompt: text that sets style and words.
        lexicon: words to expect, the most important first.
        download: whether a missing model may be downloaded, once announced.
        temperatures: of sampling, tried in turn.
        beam_size: beams of the search at temperature 0, None for the likeliest token each time.
        fp16: whether to calculate in half precision, None for what suits the device.
        max_tokens: longest text of a clip, None for the model's own limit.
        batch_size: clips decoded at once.
        words: whether the times of words are wanted.
        announce: called with a sentence that the user should see before a long wait.
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
class Recogniser(Protocol):
    """A speech recogniser, ready to use."""

    @property
    def name(self) -> str:
        """The model's name, kept with every text."""

    @property
    def parameters(self) -> dict[str, Any]:
        """JSON-ready: all that the texts depend on, weights included; the same, the same texts.

        Not the size of the batches: what else is heard must not change what is said of a clip.
        """

    def transcribe(
        self, clips: Sequence[NDArray[np.float32]], language: str | None
    ) -> list[Recognition]:
        """Return what is said in each clip, in order; at most ``batch_size`` are given at once.

        Args:
            clips: samples in -1..1 at 16 kHz, mono; shape (samples,) each.
            language: code of what is spoken, None to find out.

        Raises:
            ConfigurationError: if the language isn't supported.
        """


def find_recogniser(name: str) -> Callable[[RecogniserOptions], Recogniser]:
    """Return what makes the recogniser of this name.

    Raises:
        ConfigurationError: if none of that name is installed, or it can't be imported.
    """
    known: dict[str, EntryPoint] = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in known:
        raise ConfigurationError(
            f"no recogniser '{name}' is installed; there are: {', '.join(sorted(known))}"
        )
    try:
        factory: Callable[[RecogniserOptions], Recogniser] = known[name].load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"recogniser '{name}' can't be imported ({error}); install its package again"
        ) from error
    return factory
