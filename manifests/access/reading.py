"""Reading of a corpus without a lock, beside commands that may be changing it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from manifests.access.lock import Worker, commands_at_work
from manifests.access.table import READERS
from manifests.base.errors import CorpusError

__all__ = ["read_beside_others", "still_changing"]

T = TypeVar("T")


def read_beside_others(
    corpus: Path, command: str, read: Callable[[], T], is_bad: Callable[[T], bool] | None = None
) -> tuple[T, list[Worker]]:
    """Return what ``read`` returns, and the commands at work that may have changed it meanwhile.

    It is called again, up to twice, if a command came or went while it read, or if it failed
    beside one; what ``is_bad`` counts as failed, too.

    Raises:
        CorpusError: if it fails beside a command that changes what it reads; else what it raises.
    """
    access = READERS[command]
    problem: Exception | None
    for attempt in range(_ATTEMPTS):
        time.sleep(_PAUSE * attempt)
        others = commands_at_work(corpus)
        changing = [other for other in others if other.access.conflicts(access)]
        before, problem = _state(corpus), None
        try:
            result = read()
            bad = is_bad is not None and is_bad(result)
        except (CorpusError, OSError, LookupError) as error:
            problem, bad = error, True
        steady = before == _state(corpus)
        if bad and (others or not steady) and attempt < _ATTEMPTS - 1:
            continue
        if steady or changing or attempt == _ATTEMPTS - 1:
            break
    if bad and (changing or not steady):
        names = " and ".join(map(str, changing)) or "another command"
        raise _failure(
            f"{names} was changing the corpus while {command} read it: run it again afterwards",
            problem or CorpusError(str(corpus)),
        ) from problem
    if problem is not None:
        raise problem
    return result, changing


def still_changing(worker: Worker, command: str) -> str:
    """Return a warning about a command at work on what ``command`` has read."""
    return (
        f"{worker} is at work, and what it changes is shown as it is now; run {command} again when "
        f"it has ended"
    )


def _failure(sentence: str, problem: Exception) -> CorpusError:
    """Return an error with the sentence and the exit code of the problem."""
    error = CorpusError(f"{problem}; {sentence}" if str(problem) else sentence)
    error.exit_code = getattr(problem, "exit_code", error.exit_code)
    return error


def _state(corpus: Path) -> int:
    """Return the time of the last change of the folder: commands that come and go change it."""
    return corpus.stat().st_mtime_ns


_ATTEMPTS = 3
_PAUSE = 0.2  # s, times the number of attempts
