"""Map a pure function over sources; today one after the other in this process."""

import errno
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from manifests.errors import CorpusError
from manifests.outcome import Outcome, Progress, no_progress

__all__ = ["run_each"]

T = TypeVar("T")
R = TypeVar("R")


def run_each(
    items: Sequence[T],
    work: Callable[[T], R],
    outcome: Outcome,
    *,
    name: Callable[[T], str] = str,
    progress: Progress = no_progress,
) -> Iterator[tuple[T, R]]:
    """Yield each item with what the work makes of it, in the order of the items.

    An item that fails costs one sentence in the outcome; the others are still done.

    Args:
        items: what to work on.
        work: depends on the item alone, so that any process on any machine may do it.
        outcome: takes the failures.
        name: what to call an item.
        progress: told after each item.
    """
    for number, item in enumerate(items, start=1):
        try:
            result = work(item)
        except CorpusError as error:
            outcome.fail(name(item), str(error))
        except OSError as error:
            outcome.fail(name(item), _sentence(error))
        else:
            yield item, result
        progress(number, len(items), name(item))


def _sentence(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "no space left on the corpus's disk; free some and run again"
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}; make that right and run again"
