"""Random generators of training and their state."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["Generators"]


class Generators:
    """Random generators of a training, besides torch's global ones.

    Args:
        seed: seed of the generators.
        device: training device; the state of its global generator is included.
    """

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
