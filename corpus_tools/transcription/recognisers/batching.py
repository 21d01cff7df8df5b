"""Batches of clips that fit into GPU memory."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from manifests.base.errors import ConfigurationError

__all__ = ["Batches", "batched", "chunked"]

T = TypeVar("T")
R = TypeVar("R")


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the items in batches of ``size``; the last one may be shorter.

    Example:
        >>> list(batched("abcde", 2))
        ['ab', 'cd', 'e']
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]


def chunked(items: Sequence[T], size_of: Callable[[T], int], batch_size: int) -> Iterator[list[T]]:
    """Group items by size: large ones stay alone, small ones are joined up to ``batch_size``.

    Groups depend on the items alone, not on which of them are done, so that a resumed run makes the
    same batches as an uninterrupted one.

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
    """Calls of a function on batches, halved for good, with a message, when GPU memory runs out."""

    def __init__(self, size: int, announce: Callable[[str], None]) -> None:
        self.size = size
        self._announce = announce

    def map(self, function: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T]) -> list[R]:
        """Return the results of all items; ConfigurationError if memory doesn't hold one item."""
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
                "GPU memory doesn't hold a single clip; use a smaller model, --fp16, or "
                "--device cpu"
            )
        torch.cuda.empty_cache()
        self.size = size // 2
        self._announce(f"GPU memory is full; continuing with batches of {self.size}")


def _attempt(function: Callable[[Sequence[T]], Sequence[R]], batch: Sequence[T]) -> Any:
    import torch

    try:
        return function(batch)
    except torch.OutOfMemoryError:
        return None
