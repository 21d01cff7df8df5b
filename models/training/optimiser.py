"""How weights are changed, and how fast."""

import math
from collections.abc import Iterable

import torch
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from models.settings import TrainSettings

__all__ = ["make_optimiser", "make_schedule"]


def make_optimiser(parameters: Iterable[torch.nn.Parameter], settings: TrainSettings) -> Optimizer:
    """Return the optimiser of all parameters that are trained."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    lr, decay = settings.lr, settings.weight_decay
    if settings.optimiser == "sgd":
        return SGD(trained, lr=lr, weight_decay=decay, momentum=0.9, nesterov=True)
    kind = AdamW if settings.optimiser == "adamw" else Adam
    return kind(trained, lr=lr, weight_decay=decay)


def make_schedule(optimiser: Optimizer, settings: TrainSettings, steps: int) -> LambdaLR | None:
    """Return the rise to the learning rate in a fifth of the steps, and the cosine down to 0.

    Args:
        optimiser: whose learning rate to change.
        settings: ``schedule`` says whether to change it at all.
        steps: of the whole training.
    """
    if settings.schedule == "constant":
        return None
    rise = max(steps // 5, 1)

    def share(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return 0.5 * (1 + math.cos(math.pi * min((step - rise) / max(steps - rise, 1), 1)))

    return LambdaLR(optimiser, share)
