"""Map a pure function over items, in this process or in several."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from functools import partial
from typing import TypeVar

from manifests.base.errors import NOT_TRIED, OUT_OF_MEMORY, CorpusError, disk_problem, is_full_disk
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.base.workers import in_processes

__all__ = ["run_each"]

_LOG = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")


def run_each(
    items: Sequence[T],
    work: Callable[[T], R],
    outcome: Outcome,
    *,
    name: Callable[[T], str] = str,
    progress: Progress = no_progress,
    workers: int = 1,
) -> Iterator[tuple[T, R]]:
    """Yield each item with its result, in the order of the items.

    A failed item becomes a failure of the outcome; the others are still processed, unless the disk
    is full: then they are failures, too, without being tried. ``work`` depends on the item only,
    and is picklable if there are several workers, which are processes.
    """
    if workers == 1 or len(items) < 2:
        results = _one_by_one(items, work)
    else:
        results = _in_order(
            (index, future.result) for index, future in in_processes(items, work, workers)
        )
    for number, (item, result) in enumerate(zip(items, results, strict=True), start=1):
        try:
            value = result()
        except CancelledError:
            outcome.fail(name(item), NOT_TRIED)
        except CorpusError as error:
            outcome.fail(name(item), str(error))
        except OSError as error:
            outcome.fail(name(item), disk_problem(error))
        except MemoryError:
            outcome.fail(name(item), OUT_OF_MEMORY)
        except Exception as error:
            _LOG.debug("unexpected error", exc_info=error)
            outcome.fail(
                name(item),
                f"unexpected {type(error).__name__}: {error}; please report it, with the file",
            )
        else:
            yield item, value
        progress(number, len(items), name(item))


def _one_by_one(items: Sequence[T], work: Callable[[T], R]) -> Iterator[Callable[[], R]]:
    full = False

    def result(item: T) -> R:
        nonlocal full
        if full:
            raise CancelledError
        try:
            return work(item)
        except (CorpusError, OSError) as error:
            full = is_full_disk(error)
            raise

    for item in items:
        yield partial(result, item)


def _in_order(results: Iterator[tuple[int, R]]) -> Iterator[R]:
    """Yield (index, result) pairs' results in the order of the indices, from 0."""
    early: dict[int, R] = {}
    following = 0
    for index, result in results:
        early[index] = result
        while following in early:
            yield early.pop(following)
            following += 1
