"""Training by several processes, one for each GPU, as ``torchrun`` starts them.

Each process makes the same batches and takes its share of the clips of each; gradients are added
up, so that a step is that of one process with the whole batch. The first process alone publishes,
and says what is done; the others follow it. Without ``torchrun`` all functions do nothing.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn

from manifests.base.errors import ConfigurationError

__all__ = [
    "any_process",
    "as_in_first",
    "is_called",
    "is_first",
    "others_waiting",
    "process_count",
    "processes",
    "same_weights",
    "share_of_batch",
    "sum_gradients",
    "synchronised",
    "total",
]


def is_first() -> bool:
    """Return whether this is the process that writes and prints, or the only one."""
    return process_count() == 1 or distributed.get_rank() == 0


def process_count() -> int:
    """Return the number of processes that train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


@contextmanager
def processes(device: str) -> Iterator[None]:
    """Join the processes that ``torchrun`` started, if it did, each with a GPU of its own.

    Raises:
        ConfigurationError: if the machine has fewer GPUs than processes.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    on_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    if on_gpu:
        local, count = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
        if local >= count:
            raise ConfigurationError(
                f"torchrun started process {local + 1}, but this machine has {count} GPUs; use "
                f"--nproc-per-node {count}"
            )
        torch.cuda.set_device(local)
    if os.environ["RANK"] != "0":
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the training
    # the others wait for features, which may take hours; torchrun notices the end of a process
    distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=timedelta(days=7))
    try:
        yield
    finally:
        distributed.destroy_process_group()


@contextmanager
def others_waiting() -> Iterator[Callable[[], None]]:
    """Yield a function that lets the waiting processes train, too; without it they end."""
    called = False

    def call() -> None:
        nonlocal called
        called = True
        _from_first(1.0)

    try:
        yield call
    finally:
        if not called:
            _from_first(0.0)


def is_called() -> bool:
    """Wait for the first process, and return whether it wants this one to train."""
    return bool(_from_first(0.0))


def as_in_first(values: Callable[[], tuple[float, ...]], count: int) -> tuple[float, ...]:
    """Return what the function returns in the first process: ``count`` numbers."""
    if process_count() == 1:
        return values()
    own = values() if is_first() else (0.0,) * count
    return tuple(_from_first(value) for value in own)


def any_process(flag: bool) -> bool:
    """Return whether the flag is set in any process."""
    return (
        flag if process_count() == 1 else bool(total(torch.tensor(float(flag), device=_device())))
    )


def share_of_batch(weights: Tensor) -> tuple[NDArray[np.int64], float]:
    """Return the rows of a batch for this process, and their part of the weight of the batch (B,).

    A batch with fewer than two clips for each process is all the first one's; the others do it for
    nothing, as layers that normalise over a batch need some clips.
    """
    size, clips = process_count(), np.arange(len(weights))
    if size == 1:
        return clips, 1.0
    if len(weights) < 2 * size:
        return clips, float(is_first())
    own = clips[distributed.get_rank() :: size]
    return own, float(weights[own].sum() / weights.sum())


def total(value: Tensor) -> Tensor:
    """Return the sum of a value over all processes."""
    if process_count() > 1:
        value = value.clone()
        distributed.all_reduce(value)
    return value


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace the gradients by their sums over all processes."""
    if process_count() == 1:
        return
    trained = list(parameters)
    for parameter in trained:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    together = torch.cat([one.grad.flatten() for one in trained if one.grad is not None])
    distributed.all_reduce(together)
    start = 0
    for parameter in trained:
        end = start + parameter.numel()
        parameter.grad = together[start:end].view_as(parameter)
        start = end


def same_weights(network: nn.Module) -> None:
    """Give all processes the weights, and the running statistics, of the first."""
    if process_count() > 1:
        for value in network.state_dict().values():
            distributed.broadcast(value, 0)


def synchronised(network: nn.Module, device: torch.device) -> nn.Module:
    """Return the network with batch statistics over all processes, where GPUs allow that."""
    if process_count() == 1 or device.type != "cuda":
        return network
    converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    return converted


def _from_first(value: float) -> float:
    if process_count() == 1:
        return value
    sent = torch.tensor(value, dtype=torch.float64, device=_device())
    distributed.broadcast(sent, 0)
    return float(sent)


def _device() -> str:
    return "cuda" if distributed.get_backend() == "nccl" else "cpu"
