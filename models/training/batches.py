"""Batches of an epoch: their order, masking of features, text dropout, random generators."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.data import split_batches

__all__ = ["Generators", "drop_texts", "epoch_order", "mask_features"]

_NEIGHBOURS = 8  # batches within which clips are sorted by length


def epoch_order(
    lengths: NDArray[np.int64], size: int, generator: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield the batches of an epoch in random order, each of clips of similar length."""
    order = generator.permutation(len(lengths))
    batches: list[NDArray[np.int64]] = []
    for part in split_batches(order, size * _NEIGHBOURS):
        by_length = part[np.argsort(lengths[part], kind="stable")]
        batches += split_batches(by_length, size)
    for index in generator.permutation(len(batches)):
        yield batches[index]


def mask_features(
    frames: Tensor, lengths: Tensor, share: float, generator: torch.Generator
) -> Tensor:
    """Mask two stretches of time and two of coefficients in each clip (B, D, T).

    Masked features are 0, the mean of normalised features. ``share`` is the longest stretch as a
    share of the clip's frames and of its coefficients.

    Source: Park et al., "SpecAugment", Interspeech 2019.
    """
    batch, width, time = frames.shape
    for _ in range(2):
        mask = _random_stretch(lengths, time, share, generator)[:, None, :]
        frames = frames.masked_fill(mask, 0.0)
        mask = _random_stretch(torch.full((batch,), width), width, share, generator)[:, :, None]
        frames = frames.masked_fill(mask, 0.0)
    return frames


def _random_stretch(lengths: Tensor, size: int, share: float, generator: torch.Generator) -> Tensor:
    """Return a mask (B, size), True in a random stretch of each row."""
    longest = torch.rand(len(lengths), generator=generator) * share * lengths
    start = torch.rand(len(lengths), generator=generator) * (lengths - longest)
    steps = torch.arange(size)
    return (steps >= start[:, None]) & (steps < (start + longest)[:, None])


def drop_texts(words: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Return words (B, N) or (B, N, H) with the texts of a random share of the clips removed."""
    kept = torch.rand(len(words), generator=generator) >= share
    return words * kept.reshape(-1, *[1] * (words.dim() - 1))


class Generators:
    """Random generators of a training, and the state of torch's global ones, also on the device."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self.shuffle = np.random.default_rng(seed)
        self.masks = torch.Generator().manual_seed(seed)

    def tensors(self) -> dict[str, Tensor]:
        """Return the part of the state that is tensors."""
        states = {"random.masks": self.masks.get_state(), "random.torch": torch.get_rng_state()}
        if self.device.type == "cuda":
            states["random.cuda"] = torch.cuda.get_rng_state(self.device)
        return states

    def document(self) -> dict[str, Any]:
        """Return the part of the state that is JSON."""
        return dict(self.shuffle.bit_generator.state)

    def restore(self, tensors: dict[str, Tensor], document: dict[str, Any]) -> None:
        """Restore a state, including torch's global generators."""
        self.shuffle.bit_generator.state = document
        self.masks.set_state(tensors["random.masks"])
        torch.set_rng_state(tensors["random.torch"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], self.device)
