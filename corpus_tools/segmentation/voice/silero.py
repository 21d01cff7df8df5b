"""Silero voice activity detector (optional): a small recurrent network, run by onnxruntime."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.samples import FULL_SCALE, Samples
from corpus_tools.segmentation.voice.base import Decisions, Detector
from manifests.base.errors import ConfigurationError

__all__ = ["DETECTOR", "Network", "SileroVoice", "require_silero"]

Floats = NDArray[np.float32]


class Network(Protocol):
    """Interface of ``onnxruntime.InferenceSession`` that is used here."""

    def run(self, outputs: list[str], inputs: dict[str, Floats]) -> list[Any]:
        """Return the named outputs."""


class SileroVoice:
    """Silero's detector, which distinguishes music from speech far better than WebRTC's.

    The network returns one probability per window of 32 ms (512 samples, with the 64 before them as
    context); a frame of 10 ms has that of the window around its middle. Batches of a fixed size and
    a single thread make the result independent of the blocks that come in. The model ships with the
    package silero-vad: nothing is downloaded. A window counts as speech from ``threshold`` up.
    Raises `ConfigurationError` if the extra isn't installed.

    Source: Silero team, Silero VAD, https://github.com/snakers4/silero-vad (MIT).
    """

    def __init__(self, threshold: float, network: Network | None = None) -> None:
        self._threshold = threshold
        self._network = network or _network()
        self._hidden = np.zeros(_STATE_SHAPE, dtype=np.float32)
        self._cell = np.zeros(_STATE_SHAPE, dtype=np.float32)
        self._context: Floats = np.zeros(_CONTEXT, dtype=np.float32)
        self._waiting: Samples = np.zeros(0, dtype=np.int16)
        self._windows = 0
        self._frames = 0

    def feed(self, samples: Samples) -> Decisions:
        """Return the decisions that can be made with these samples."""
        self._waiting = np.concatenate([self._waiting, samples])
        decided: list[Decisions] = [np.zeros(0, dtype=np.bool_)]
        while len(self._waiting) >= _BATCH:
            decided.append(self._decide(self._waiting[:_BATCH]))
            self._waiting = self._waiting[_BATCH:]
        return np.concatenate(decided)

    def finish(self) -> Decisions:
        """Return the remaining decisions, as if silence followed."""
        if not len(self._waiting):
            return np.zeros(0, dtype=np.bool_)
        missing = -len(self._waiting) % _WINDOW
        rest, self._waiting = np.pad(self._waiting, (0, missing)), self._waiting[:0]
        return self._decide(rest)

    def _decide(self, samples: Samples) -> Decisions:
        """Return the decisions on the frames with their middles in these whole windows."""
        speech = self._probabilities(samples) >= self._threshold
        before, self._windows = self._windows, self._windows + len(speech)
        first, self._frames = self._frames, (self._windows * _WINDOW + _FRAME // 2 - 1) // _FRAME
        middles = np.arange(first, self._frames) * _FRAME + _FRAME // 2
        decisions: Decisions = speech[middles // _WINDOW - before]
        return decisions

    def _probabilities(self, samples: Samples) -> Floats:
        """Return the probability of speech in each window, shape (windows,)."""
        windows = samples.reshape(-1, _WINDOW).astype(np.float32) / np.float32(FULL_SCALE)
        contexts = np.vstack([self._context, windows[:-1, -_CONTEXT:]])
        self._context = windows[-1, -_CONTEXT:]
        output, self._hidden, self._cell = self._network.run(
            ["speech_probs", "hn", "cn"],
            {"input": np.hstack([contexts, windows]), "h": self._hidden, "c": self._cell},
        )
        probabilities: Floats = np.reshape(output, -1)
        return probabilities


def require_silero() -> str:
    """Return the version of the model's package; `ConfigurationError` without the extra."""
    if not all(find_spec(name) for name in ("silero_vad", "onnxruntime")):
        raise ConfigurationError(
            "detector silero is not installed; run: pip install 'corpus-tools[silero]', "
            "or set detector to webrtc"
        )
    return version("silero-vad")


def _network() -> Network:
    require_silero()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    session: Network = onnxruntime.InferenceSession(
        str(_model()), sess_options=options, providers=["CPUExecutionProvider"]
    )
    return session


def _model() -> Path:
    """Return the package's model file, without importing the package, which would load torch."""
    spec = find_spec("silero_vad")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "data" / "silero_vad_16k_sequence.onnx"
        if path.is_file():
            return path
    raise ConfigurationError(
        "the package silero-vad is too old; run: pip install --upgrade 'corpus-tools[silero]'"
    )


_FRAME = 160  # samples per decision
_WINDOW = 512  # samples per window of the network
_CONTEXT = 64  # samples of context before a window
_STATE_SHAPE = (1, 1, 128)
_BATCH = 256 * _WINDOW  # samples per call of the network, 8 s

DETECTOR = Detector(
    lambda _: f"silero-vad {require_silero()}",
    lambda settings: SileroVoice(settings.silero_threshold),
)
