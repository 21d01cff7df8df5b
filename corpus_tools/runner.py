"""Map a pure function over sources, in this process or in several."""

import errno
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from manifests.errors import CorpusError
from manifests.outcome import Outcome, Progress, no_progress
from manifests.workers import in_processes

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
    """Yield each item with what the work makes of it, in the order of the items.

    An item that fails costs one sentence in the outcome; the others are still done.

    Args:
        items: what to work on.
        work: depends on the item alone, so that any process on any machine may do it; picklable if
            there are several workers.
        outcome: takes the failures.
        name: what to call an item.
        progress: told after each item.
        workers: processes that share the items; 1 for this one.
    """
    if workers == 1 or len(items) < 2:
        results = _one_by_one(items, work)
    else:
        results = _in_order(
            (place, future.result) for place, future in in_processes(items, work, workers)
        )
    for number, (item, result) in enumerate(zip(items, results, strict=True), start=1):
        try:
            found = result()
        except CorpusError as error:
            outcome.fail(name(item), str(error))
        except OSError as error:
            outcome.fail(name(item), _sentence(error))
        except Exception as error:
            _LOG.debug("unexpected error", exc_info=error)
            outcome.fail(
                name(item),
                f"unexpected {type(error).__name__}: {error}; please report it, with the file",
            )
        else:
            yield item, found
        progress(number, len(items), name(item))


def _one_by_one(items: Sequence[T], work: Callable[[T], R]) -> Iterator[Callable[[], R]]:
    for item in items:
        yield lambda item=item: work(item)  # type: ignore[misc]


def _in_order(results: Iterator[tuple[int, R]]) -> Iterator[R]:
    """Yield results that come with their places in the order of the places, from 0."""
    early: dict[int, R] = {}
    following = 0
    for place, result in results:
        early[place] = result
        while following in early:
            yield early.pop(following)
            following += 1


def _sentence(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left on the disk that this run writes to{where}; free some and run again"
    if error.errno == errno.ENOENT:
        return f"was there but is gone now{where}; check the path and run again"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"permission denied{where}; change the file's permissions and run again"
    return f"{error.strerror or error}{where}; make that right and run again"
