"""Training device, and deterministic training on it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from manifests.errors import ConfigurationError

__all__ = ["deterministic", "pick_device"]


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
