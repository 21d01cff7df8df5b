"""Optimiser, learning rate schedule, targets and loss, and deterministic training on a device."""

import contextlib
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError
from models.config.train import TrainSettings
from models.data import Example
from models.training.distributed import sum_gradients

__all__ = [
    "OptimiserState",
    "class_weights",
    "deterministic",
    "make_optimiser",
    "make_schedule",
    "mixed_precision",
    "pick_device",
    "target_shares",
    "weighted_cross_entropy",
]


class OptimiserState:
    """Optimiser with its schedule over all ``steps`` of the training, and their state."""

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter],
        settings: TrainSettings,
        steps: int,
        device: torch.device,
    ) -> None:
        self.optimiser = make_optimiser(parameters, settings)
        scales = settings.amp and half_type(device) == torch.float16
        self.scaler = torch.amp.GradScaler(device.type, enabled=scales)
        self.schedule = make_schedule(self.optimiser, settings, steps)

    @property
    def lr(self) -> float:
        """Learning rate of the next step."""
        return float(self.optimiser.param_groups[0]["lr"])

    def step(self, loss: Tensor) -> None:
        """Update the weights by the gradients of a loss."""
        self.optimiser.zero_grad()
        torch.autograd.backward(self.scaler.scale(loss))
        sum_gradients(self.optimiser.param_groups[0]["params"])
        self.scaler.step(self.optimiser)
        self.scaler.update()
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
        scaling = {"scaler": self.scaler.state_dict()} if self.scaler.is_enabled() else {}
        return {"lr": self.lr, "steps": done, **scaling}

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
        if self.scaler.is_enabled():
            self.scaler.load_state_dict(document["scaler"])
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

    It is None if the learning rate is constant.
    """
    if settings.schedule == "constant":
        return None
    rise = max(steps // 5, 1)

    def share(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return 0.5 * (1 + math.cos(math.pi * min((step - rise) / max(steps - rise, 1), 1)))

    return LambdaLR(optimiser, share)


def target_shares(training: Sequence[Example], settings: TrainSettings) -> Tensor:
    """Return the target share of each class for each clip (n, classes).

    Targets are the annotators' vote shares or one-hot majorities, smoothed if configured.
    """
    labels = torch.tensor([example.label for example in training])
    shares = F.one_hot(labels, len(EMOTIONS)).float()
    if settings.soft_labels:
        rows = [
            example.soft or one_hot.tolist()
            for example, one_hot in zip(training, shares, strict=True)
        ]
        shares = torch.tensor(rows, dtype=torch.float32)
    return shares * (1 - settings.smoothing) + settings.smoothing / len(EMOTIONS)


def class_weights(labels: NDArray[np.int64], settings: TrainSettings) -> Tensor:
    """Return the weight of each class (classes,): n / (classes that occur · clips of the class).

    The weights are raised to the power ``settings.balance_power``.

    Example:
        >>> class_weights(np.array([0, 0, 0, 2]), TrainSettings())
        tensor([0.6667, 0.0000, 2.0000, 0.0000, 0.0000, 0.0000])
    """
    if not settings.balance:
        return torch.ones(len(EMOTIONS))
    counts = np.bincount(labels, minlength=len(EMOTIONS))
    share = len(labels) / ((counts > 0).sum() * np.maximum(counts, 1))
    weights = np.where(counts > 0, share**settings.balance_power, 0.0)
    return torch.from_numpy(weights).float()


def weighted_cross_entropy(logits: Tensor, shares: Tensor, weights: Tensor) -> Tensor:
    """Return the mean cross entropy () of logits (B, classes), clips weighted by their targets."""
    weight = shares @ weights  # (B,)
    losses = -(shares * F.log_softmax(logits, dim=1)).sum(dim=1)
    return (losses * weight).sum() / weight.sum()


def pick_device(name: str) -> torch.device:
    """Return the device of a name; ``auto`` is a GPU if available, else the CPU.

    Raises:
        ConfigurationError: if this machine has no such device.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(device for device, usable in available.items() if usable))
    if not available.get(name, False):
        raise ConfigurationError(f"this machine has no device {name!r}; use --device auto")
    return torch.device(name)


def mixed_precision(
    device: torch.device, settings: TrainSettings
) -> contextlib.AbstractContextManager[object]:
    """Return a context in which the network computes in half precision, if so configured."""
    if not settings.amp:
        return contextlib.nullcontext()
    return torch.autocast(device.type, half_type(device))


def half_type(device: torch.device) -> torch.dtype:
    """Return the 16-bit type of a device: bfloat16, and float16 on GPUs without it.

    Raises:
        ConfigurationError: if the device has none for training.
    """
    if device.type == "mps":
        raise ConfigurationError("amp is for the devices cuda and cpu; leave it out on mps")
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < (8, 0):
        return torch.float16
    return torch.bfloat16


@contextlib.contextmanager
def deterministic(seed: int, threads: int) -> Iterator[None]:
    """Seed torch, use deterministic algorithms and at most ``threads``; restore all afterwards."""
    previous_threads = torch.get_num_threads()
    previous_mode = torch.are_deterministic_algorithms_enabled()
    memory: Any = torch.utils.deterministic
    previous_fill = memory.fill_uninitialized_memory
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.set_num_threads(min(threads, previous_threads))
        torch.use_deterministic_algorithms(True, warn_only=True)
        memory.fill_uninitialized_memory = False  # slow, and nothing reads it
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(previous_mode)
            memory.fill_uninitialized_memory = previous_fill
            torch.set_num_threads(previous_threads)
