"""What is heard at once: batches that fit the GPU, made of large sources or of many small ones."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from manifests.errors import ConfigurationError

__all__ = ["Batches", "batched", "chunked"]

T = TypeVar("T")
R = TypeVar("R")


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the items in runs of ``size``, the last one perhaps shorter.

    Example:
        >>> list(batched("abcde", 2))
        ['ab', 'cd', 'e']
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]


def chunked(items: Sequence[T], size_of: Callable[[T], int], batch_size: int) -> Iterator[list[T]]:
    """Group small items, so that each group fills a batch; large ones stay alone.

    Which items share a group depends on the items alone and not on which of them are done, so that
    a run that goes on after an interruption makes the same batches as one that was not disturbed.

    Args:
        items: e.g. the sources of a corpus.
        size_of: how much of a batch an item takes.
        batch_size: from this size on an item is a group of its own.

    Example:
        >>> list(chunked([1, 9, 1, 2, 1], lambda size: size, 4))
        [[9], [1, 1, 2], [1]]
    """
    small: list[T] = []
    filled = 0
    for item in items:
        if size_of(item) >= batch_size:
            yield [item]
            continue
        small.append(item)
        filled += size_of(item)
        if filled >= batch_size:
            yield small
            small, filled = [], 0
    if small:
        yield small


class Batches:
    """Calls a function on batches, and on halves of them where the GPU's memory doesn't hold them.

    A size that was too large is not tried again.

    Args:
        size: of the batches.
        announce: told when they become smaller.
    """

    def __init__(self, size: int, announce: Callable[[str], None]) -> None:
        self.size = size
        self._announce = announce

    def map(self, function: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T]) -> list[R]:
        """Return the results of all items.

        Args:
            function: takes a batch and returns a result for each of its items.
            items: what the batches are made of.

        Raises:
            ConfigurationError: if the memory doesn't even hold one item.
        """
        results: list[R] = []
        while len(results) < len(items):
            batch = items[len(results) : len(results) + self.size]
            done = _attempt(function, batch)
            if done is None:
                self._halve(len(batch))
            else:
                results += done
        return results

    def _halve(self, size: int) -> None:
        import torch

        if size == 1:
            raise ConfigurationError(
                "the GPU's memory doesn't hold a single clip; use a smaller model, --fp16, or "
                "--device cpu"
            )
        torch.cuda.empty_cache()
        self.size = size // 2
        self._announce(f"the GPU's memory is full; going on with batches of {self.size}")


def _attempt(function: Callable[[Sequence[T]], Sequence[R]], batch: Sequence[T]) -> Any:
    import torch

    try:
        return function(batch)
    except torch.OutOfMemoryError:
        return None
