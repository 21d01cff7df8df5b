"""Where training runs, and how it is kept repeatable there."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from manifests.errors import ConfigurationError

__all__ = ["deterministic", "pick_device"]


def pick_device(name: str) -> torch.device:
    """Return the device of a name; ``auto`` is a GPU if there is one, else the CPU.

    Raises:
        ConfigurationError: if this machine has no such device.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(one for one, is_there in there.items() if is_there))
    if not there.get(name, False):
        raise ConfigurationError(f"this machine has no device {name!r}; use --device auto")
    return torch.device(name)


@contextlib.contextmanager
def deterministic(seed: int, threads: int) -> Iterator[None]:
    """Seed torch, keep it to repeatable operations and some threads, and undo it afterwards."""
    before = torch.get_num_threads()
    repeatable = torch.are_deterministic_algorithms_enabled()
    memory: Any = torch.utils.deterministic
    filling = memory.fill_uninitialized_memory
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.set_num_threads(min(threads, before))
        torch.use_deterministic_algorithms(True, warn_only=True)
        memory.fill_uninitialized_memory = False  # slow, and nothing reads it
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(repeatable)
            memory.fill_uninitialized_memory = filling
            torch.set_num_threads(before)
