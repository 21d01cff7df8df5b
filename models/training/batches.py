"""What training does to the clips of a batch: order, blanked stretches, missing texts."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.examples import split_batches

__all__ = ["drop_texts", "epoch_order", "mask_features"]

_NEIGHBOURS = 8  # batches whose clips are sorted by length among themselves


def epoch_order(
    lengths: NDArray[np.int64], size: int, generator: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield the batches of an epoch: in random order, of clips about as long as each other.

    Args:
        lengths: frames of each clip.
        size: clips of a batch.
        generator: of the randomness.
    """
    order = generator.permutation(len(lengths))
    batches: list[NDArray[np.int64]] = []
    for part in split_batches(order, size * _NEIGHBOURS):
        near = part[np.argsort(lengths[part], kind="stable")]
        batches += split_batches(near, size)
    for index in generator.permutation(len(batches)):
        yield batches[index]


def mask_features(
    frames: Tensor, lengths: Tensor, share: float, generator: torch.Generator
) -> Tensor:
    """Blank out two stretches of time and two of coefficients in each clip.

    Blanked features are 0, the mean of normalised ones.

    Args:
        frames: normalised features (B, D, T).
        lengths: real frames of each clip (B,).
        share: longest stretch, as a share of the clip's frames and of its coefficients.
        generator: of the randomness.

    Source: Park et al., "SpecAugment", Interspeech 2019.
    """
    batch, width, time = frames.shape
    for _ in range(2):
        hidden = _stretch(lengths, time, share, generator)[:, None, :]
        frames = frames.masked_fill(hidden, 0.0)
        hidden = _stretch(torch.full((batch,), width), width, share, generator)[:, :, None]
        frames = frames.masked_fill(hidden, 0.0)
    return frames


def _stretch(lengths: Tensor, size: int, share: float, generator: torch.Generator) -> Tensor:
    """Return True within a random stretch of each row (B, size)."""
    longest = torch.rand(len(lengths), generator=generator) * share * lengths
    start = torch.rand(len(lengths), generator=generator) * (lengths - longest)
    steps = torch.arange(size)
    return (steps >= start[:, None]) & (steps < (start + longest)[:, None])


def drop_texts(words: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Take away the texts of a share of the clips, so that none is relied on."""
    kept = torch.rand(len(words), generator=generator) >= share
    return words * kept[:, None]
