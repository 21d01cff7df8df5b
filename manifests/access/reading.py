"""Reading of a corpus without a lock, beside commands that may be changing it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from manifests.access.lock import Worker, commands_at_work
from manifests.access.table import READERS
from manifests.base.errors import CorpusError

__all__ = ["read_beside_others"]

T = TypeVar("T")


def read_beside_others(
    corpus: Path, command: str, read: Callable[[], T], is_bad: Callable[[T], bool] | None = None
) -> tuple[T, list[Worker]]:
    """Return what ``read`` returns, and the commands at work that may have changed it meanwhile.

    It is called again, a few times, if a command came or went while it read, or if it failed
    beside one; what ``is_bad`` counts as failed, too.

    Raises:
        CorpusError: if it fails beside another command, which is named; else what it raises.
    """
    access = READERS[command]
    problem: Exception | None = None
    workers: list[Worker] = []
    for attempt in range(_ATTEMPTS):
        time.sleep(_PAUSE * attempt)
        workers = [one for one in commands_at_work(corpus) if one.access.conflicts(access)]
        before = _state(corpus)
        try:
            result, problem = read(), None
        except (CorpusError, OSError, LookupError) as error:
            problem = error
        steady = before == _state(corpus) and not workers
        if problem is not None:
            if steady:
                raise problem
        elif steady or (workers and not (is_bad and is_bad(result))):
            return result, workers
    names = " and ".join(map(str, workers)) or "another command"
    sentence = f"{names} was changing the corpus while {command} read it: run it again afterwards"
    failure = CorpusError(f"{corpus}: {sentence}" if problem is None else f"{problem}; {sentence}")
    failure.exit_code = getattr(problem, "exit_code", failure.exit_code)
    raise failure from problem


def _state(corpus: Path) -> int:
    """Return the time of the last change of the folder: commands that come and go change it."""
    return corpus.stat().st_mtime_ns


_ATTEMPTS = 4
_PAUSE = 0.2  # s, times the number of attempts
