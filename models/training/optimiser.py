"""Optimiser and learning rate schedule."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from models.settings import TrainSettings

__all__ = ["OptimiserState", "make_optimiser", "make_schedule"]


class OptimiserState:
    """Optimiser with its schedule, and their state.

    Args:
        parameters: parameters of the network, on the training device.
        settings: training settings.
        steps: number of steps of the whole training.
    """

    def __init__(
        self, parameters: Iterable[torch.nn.Parameter], settings: TrainSettings, steps: int
    ) -> None:
        self.optimiser = make_optimiser(parameters, settings)
        self.schedule = make_schedule(self.optimiser, settings, steps)

    @property
    def lr(self) -> float:
        """Learning rate of the next step."""
        return float(self.optimiser.param_groups[0]["lr"])

    def step(self, loss: Tensor) -> None:
        """Update the weights by the gradients of a loss."""
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        if self.schedule is not None:
            self.schedule.step()

    def tensors(self) -> dict[str, Tensor]:
        """Return the optimiser's moments."""
        return {
            f"optimiser.{number}.{name}": value
            for number, state in self.optimiser.state_dict()["state"].items()
            for name, value in state.items()
            if isinstance(value, Tensor)
        }

    def document(self) -> dict[str, Any]:
        """Return the state of the schedule, JSON-ready."""
        done = 0 if self.schedule is None else self.schedule.last_epoch
        return {"lr": self.lr, "steps": done}

    def restore(self, tensors: dict[str, Tensor], document: dict[str, Any]) -> None:
        """Restore a state."""
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == "optimiser":
                number, _, key = rest.partition(".")
                moments.setdefault(int(number), {})[key] = value.clone()
        self.optimiser.load_state_dict(self.optimiser.state_dict() | {"state": moments})
        for group in self.optimiser.param_groups:
            group["lr"] = float(document["lr"])
        if self.schedule is not None:
            self.schedule.last_epoch = int(document["steps"])


def make_optimiser(parameters: Iterable[torch.nn.Parameter], settings: TrainSettings) -> Optimizer:
    """Return the optimiser of all trainable parameters."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    lr, decay = settings.lr, settings.weight_decay
    if settings.optimiser == "sgd":
        return SGD(trained, lr=lr, weight_decay=decay, momentum=0.9, nesterov=True)
    kind = AdamW if settings.optimiser == "adamw" else Adam
    return kind(trained, lr=lr, weight_decay=decay)


def make_schedule(optimiser: Optimizer, settings: TrainSettings, steps: int) -> LambdaLR | None:
    """Return the schedule: linear warm-up over a fifth of the steps, then cosine decay to 0.

    Args:
        optimiser: optimiser that is scheduled.
        settings: training settings; None is returned for a constant schedule.
        steps: number of steps of the whole training.
    """
    if settings.schedule == "constant":
        return None
    rise = max(steps // 5, 1)

    def share(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return 0.5 * (1 + math.cos(math.pi * min((step - rise) / max(steps - rise, 1), 1)))

    return LambdaLR(optimiser, share)
