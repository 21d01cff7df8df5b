"""Frames of pretrained encoders of speech: wav2vec 2.0, HuBERT, WavLM, data2vec and alike."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from manifests.base.errors import ConfigurationError
from manifests.storage.store import fingerprint
from models.features.extractor import SAMPLE_RATE, FeatureExtractor, Features, Samples
from models.pretrained.encoder import Pretrained

__all__ = ["PretrainedExtractor"]


class PretrainedExtractor(FeatureExtractor):
    """Mean of some hidden layers of a frozen encoder; layer 0 is the input of the first.

    Args:
        name: the encoder, ``hf:PATH`` or ``hf:NAME``.
        layers: numbers of the layers; None for all but the input.

    Raises:
        ConfigurationError: if it isn't there, is no encoder of sound at 16 kHz, or lacks a layer.
    """

    batched = True  # weights are loaded once
    stored = np.float16

    def __init__(self, name: str, layers: Sequence[int] | None = None) -> None:
        self.pretrained = Pretrained(name)
        config = self.pretrained.config
        strides: Any = config.get("conv_stride")
        kernels: Any = config.get("conv_kernel")
        if not (_are_numbers(strides) and _are_numbers(kernels) and len(strides) == len(kernels)):
            raise ConfigurationError(
                f"{name}: a model of type {config.get('model_type')!r}, not an encoder of sound, "
                f"such as wav2vec2, hubert, wavlm or data2vec-audio; take one of these"
            )
        self._preprocessing = self.pretrained.preprocessing()
        rate = self._preprocessing.get("sampling_rate", SAMPLE_RATE)
        if rate != SAMPLE_RATE:
            raise ConfigurationError(
                f"{name}: takes sound of {rate} Hz, but clips have {SAMPLE_RATE}; take another"
            )
        count = config.get("num_hidden_layers", 0)
        self.layers = list(range(1, count + 1)) if layers is None else list(layers)
        if not self.layers or not all(0 <= layer <= count for layer in self.layers):
            raise ConfigurationError(
                f"[train.options.hf] layers: {self.layers}, but {name} has layers 0 to {count}"
            )
        self.width = self.pretrained.width
        self.hop_ms = 1000 * math.prod(strides) / SAMPLE_RATE
        self._least = _receptive_field(strides, kernels)
        self._model: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what worker processes get: they load the weights themselves."""
        return {**self.__dict__, "_model": None}

    def fingerprint(self) -> str:
        """Return a fingerprint of the weights and the layers."""
        of = {"extractor": "hf", "version": 1, "layers": self.layers}
        return fingerprint({**of, "weights": self.pretrained.fingerprint()})

    def __call__(self, samples: Samples) -> Features:
        """Return the frames (T, D) of a clip; one shorter than a frame is padded with silence."""
        import torch

        if self._model is None:
            self._model = self.pretrained.load()
        sound = np.asarray(samples, dtype=np.float32)
        if self._preprocessing.get("do_normalize", False):
            sound = (sound - sound.mean()) / np.sqrt(sound.var() + _FLOOR)
        sound = np.pad(sound, (0, max(self._least - len(sound), 0)))
        with torch.inference_mode():
            hidden = self._model(torch.from_numpy(sound)[None], output_hidden_states=True)
        chosen = torch.stack([hidden.hidden_states[layer][0] for layer in self.layers])
        frames: Features = chosen.mean(dim=0).float().numpy()
        return frames


def _are_numbers(values: Any) -> bool:
    return (
        isinstance(values, list)
        and bool(values)
        and all(isinstance(one, int) and one > 0 for one in values)
    )


def _receptive_field(strides: Sequence[int], kernels: Sequence[int]) -> int:
    """Return the samples that the first frame needs."""
    least = 1
    for stride, kernel in zip(reversed(strides), reversed(kernels), strict=True):
        least = (least - 1) * stride + kernel
    return least


_FLOOR = 1e-7  # as Wav2Vec2FeatureExtractor
