"""Features of a clip from the layers of Whisper's encoder."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recognisers.whisper import load_model, resolve_device
from corpus_tools.transcription.recognisers.whisper_weights import (
    Weights,
    cache_folder,
    encoder_size,
    find_weights,
)
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.store import fingerprint
from models.config.train import TrainSettings
from models.features.extractor import SAMPLE_RATE, FeatureExtractor, Features, Samples

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["WhisperFeatures"]


class WhisperFeatures(FeatureExtractor):
    """Extractor of the outputs of some layers of Whisper's encoder, side by side, every 20 ms.

    The encoder gets the clip alone: positions are cut to its length, where Whisper pads it to 30 s
    with silence, at many times the cost. Longer clips are cut into stretches of 30 s. Clips of the
    same length share a batch. Frames (T, layers · width) are float16.

    Source: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022.
    """

    hop_ms = 20.0
    batched = True
    stored = np.float16

    def __init__(self, settings: TrainSettings) -> None:
        self.weights = _find(settings.audio.checkpoint)
        layers, width = _size(self.weights)
        self.layers = settings.audio.layers or _middle_third(layers)
        if max(self.layers) > layers:
            raise ConfigurationError(
                f"[train.audio] layers: {self.weights.name} has {layers} layers, not "
                f"{max(self.layers)}; give numbers from 1 to {layers}"
            )
        self.width = width * len(self.layers)
        self._device = "auto" if settings.device == "mps" else settings.device

    def fingerprint(self) -> str:
        """Return a fingerprint of weights, layers and algorithm."""
        return fingerprint(
            {"whisper": self.weights.sha256, "layers": list(self.layers), "algorithm": _ALGORITHM}
        )

    def __call__(self, samples: Samples) -> Features:
        """Return the features (T, D) of a clip, T at least 1."""
        return self.batch([samples])[0]

    def batch(self, clips: Sequence[Samples]) -> list[Features]:
        """Return the features (T, D) of several clips."""
        import torch

        pieces = [(clip, piece) for clip, samples in enumerate(clips) for piece in _pieces(samples)]
        spectra = [self._spectrum(piece) for _, piece in pieces]
        by_length: dict[int, list[int]] = defaultdict(list)
        for row, spectrum in enumerate(spectra):
            by_length[spectrum.shape[1]].append(row)
        encoded: dict[int, NDArray[np.float16]] = {}
        size = _CLIPS if self._encoder.conv1.weight.device.type == "cpu" else _CLIPS_ON_GPU
        with torch.inference_mode():
            for rows in by_length.values():
                for start in range(0, len(rows), size):
                    own = rows[start : start + size]
                    frames = self._encode(torch.stack([spectra[row] for row in own]))
                    encoded |= dict(zip(own, frames.half().cpu().numpy(), strict=True))
        found: list[list[NDArray[np.float16]]] = [[] for _ in clips]
        for row, (clip, _) in enumerate(pieces):
            found[clip].append(encoded[row])
        return [np.concatenate(parts) for parts in found]

    def functionals(self, features: Features) -> NDArray[np.float32]:
        """Return mean and deviation of every feature (2 D,)."""
        return super().functionals(features.astype(np.float32))

    def _spectrum(self, samples: Samples) -> "Tensor":
        """Return the log mel spectrum (mels, T) of a clip, T even."""
        import torch
        import whisper

        least = np.zeros(max(_LEAST, len(samples)), dtype=np.float32)
        least[: len(samples)] = samples
        spectrum: Tensor = whisper.log_mel_spectrogram(
            torch.from_numpy(least), self._encoder.conv1.in_channels
        )
        if spectrum.shape[1] % 2:
            spectrum = torch.cat([spectrum, spectrum[:, -1:]], dim=1)
        return spectrum.to(self._encoder.conv1.weight.device)

    def _encode(self, spectra: "Tensor") -> "Tensor":
        """Return the outputs of the layers (B, T / 2, D) for spectra (B, mels, T)."""
        import torch
        from torch.nn.functional import gelu

        encoder = self._encoder
        x = gelu(encoder.conv2(gelu(encoder.conv1(spectra)))).permute(0, 2, 1)
        x = x + encoder.positional_embedding[: x.shape[1]]
        outputs = {}
        for number, block in enumerate(encoder.blocks[: max(self.layers)], 1):
            x = block(x)
            outputs[number] = x
        return torch.cat([outputs[number] for number in self.layers], dim=2)

    @cached_property
    def _encoder(self) -> Any:
        return load_model(self.weights, resolve_device(self._device)).encoder

    def __getstate__(self) -> dict[str, Any]:
        """Leave the loaded weights out."""
        return {name: value for name, value in vars(self).items() if name != "_encoder"}


def _find(checkpoint: str | None) -> Weights:
    """Return the weights of a path or an official name, from this machine."""
    if checkpoint is None:
        raise ConfigurationError(
            "[train.audio] features = 'whisper' needs weights; name them with: --set "
            "audio.checkpoint=base, or the path of a checkpoint (.pt)"
        )
    path = Path(checkpoint).expanduser()
    kept = cache_folder() / path.name
    try:
        if path.is_file() or kept.is_file():
            found = path if path.is_file() else kept
            status = found.stat()
            return _hashed(str(found), status.st_size, status.st_mtime_ns)
        return find_weights(checkpoint, download=False, announce=lambda _: None)
    except (DataError, OSError) as error:
        raise ConfigurationError(
            f"[train.audio] checkpoint: there are no weights '{checkpoint}' on this machine; give "
            f"the path of a Whisper checkpoint (--set audio.checkpoint=PATH.pt), or download an "
            f"official one with: corpus transcribe --model base --download"
        ) from error


@cache
def _hashed(path: str, size: int, changed: int) -> Weights:
    """Return the weights of a file; size and time of its last change only name its content."""
    return find_weights(path, download=False, announce=lambda _: None)


@cache
def _size(weights: Weights) -> tuple[int, int]:
    """Return the number of layers of the encoder, and its width."""
    return encoder_size(weights.path)


def _middle_third(layers: int) -> tuple[int, ...]:
    """Return the layers of the middle third.

    Example:
        >>> _middle_third(6)
        (2, 3, 4)
    """
    return tuple(range(max(round(layers / 3), 1), max(round(2 * layers / 3), 1) + 1))


def _pieces(samples: Samples) -> Iterator[Samples]:
    for start in range(0, max(len(samples), 1), _LONGEST):
        yield samples[start : start + _LONGEST]


_ALGORITHM = 1  # increment when the same weights and samples give other features
_LONGEST = 30 * SAMPLE_RATE
_LEAST = 400  # samples; one window of the spectrum
_CLIPS = 8  # clips in a batch
_CLIPS_ON_GPU = 64
