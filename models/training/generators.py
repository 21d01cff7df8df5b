"""All that is random in training, and its state."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["Generators"]


class Generators:
    """The generators of a training, beside torch's own.

    Args:
        seed: of them.
        device: whose own generator belongs to the state, too.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self.shuffle = np.random.default_rng(seed)
        self.masks = torch.Generator().manual_seed(seed)

    def tensors(self) -> dict[str, Tensor]:
        """Return the states that are tensors."""
        found = {"random.masks": self.masks.get_state(), "random.torch": torch.get_rng_state()}
        if self.device.type == "cuda":
            found["random.cuda"] = torch.cuda.get_rng_state(self.device)
        return found

    def document(self) -> dict[str, Any]:
        """Return the state that JSON can hold."""
        return dict(self.shuffle.bit_generator.state)

    def restore(self, tensors: dict[str, Tensor], document: dict[str, Any]) -> None:
        """Go back to a state; torch's own generators, too."""
        self.shuffle.bit_generator.state = document
        self.masks.set_state(tensors["random.masks"])
        torch.set_rng_state(tensors["random.torch"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], self.device)
