"""Processes that share the items of a run; what one of them dies of costs that item alone."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from manifests.errors import CorpusError

__all__ = ["in_processes", "is_warm", "warm_up"]

T = TypeVar("T")
R = TypeVar("R")


def warm_up(modules: Sequence[str]) -> None:
    """Start importing what workers will need, beside this process, which imports it too.

    Workers then begin at once. Where processes can't be made in this way (Windows), nothing is
    done, and each imports by itself.

    Args:
        modules: their names; importing them may start no thread.
    """
    global _warm
    if _METHOD != "forkserver":
        return
    from multiprocessing import forkserver

    _warm = True

    multiprocessing.get_context(_METHOD).set_forkserver_preload(list(modules))
    with _without_interrupts():
        forkserver.ensure_running()


def is_warm() -> bool:
    """Return whether workers were warmed up.

    A command does that. A script that uses the packages does not, unless it keeps its own doings
    under ``if __name__ == "__main__":``, since every worker imports it.
    """
    return _warm


def in_processes(
    items: Sequence[T], work: Callable[[T], R], workers: int
) -> Iterator[tuple[int, Future[R]]]:
    """Yield the place of each item with its future, which is done, as they get done.

    The work reaches each process once, items and results one by one; all must be picklable. The
    processes ignore Ctrl-C, which ends the run through this one, and end with it if it is killed.

    Args:
        items: what to work on.
        work: done in one of the processes.
        workers: how many of them.
    """
    waiting = dict(enumerate(items))
    try:
        for place, future in _together(waiting, work, workers):
            del waiting[place]
            yield place, future
    except BrokenProcessPool:
        for place, item in waiting.items():
            yield place, _alone(item, work)


def _together(
    items: dict[int, T], work: Callable[[T], R], workers: int
) -> Iterator[tuple[int, Future[R]]]:
    """Yield like `in_processes`; raises BrokenProcessPool when a process dies."""
    pool = _pool(work, min(workers, len(items)))
    try:
        with _without_interrupts():
            futures: dict[Future[R], int] = {
                pool.submit(_run, item): place for place, item in items.items()
            }
        for future in as_completed(futures):
            if isinstance(future.exception(), BrokenProcessPool):
                raise BrokenProcessPool
            yield futures.pop(future), future  # and keep no result
    except BaseException:
        _stop(pool)
        raise
    pool.shutdown()


def _alone(item: T, work: Callable[[T], R]) -> Future[R]:
    """Return what becomes of an item in a process of its own."""
    with _pool(work, 1) as pool:
        with _without_interrupts():
            future: Future[R] = pool.submit(_run, item)
        if not isinstance(future.exception(), BrokenProcessPool):
            return future
    died: Future[R] = Future()
    died.set_exception(
        CorpusError(
            "the process that worked on it was killed, perhaps for want of memory; "
            "run again with fewer --workers"
        )
    )
    return died


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back for this thread; processes that it starts meanwhile never get any.

    They inherit that it is held back, and so don't die of it, with a traceback, while they still
    import what they need. It reaches this process afterwards.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # which lets it through again when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pool(work: Callable[..., Any], workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context(_METHOD),
        initializer=_begin,
        initargs=(work,),
    )


def _stop(pool: ProcessPoolExecutor) -> None:
    for process in list((pool._processes or {}).values()):
        process.terminate()
    pool.shutdown(cancel_futures=True)


_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_warm = False
_work: Callable[[Any], Any]


def _begin(work: Callable[[Any], Any]) -> None:
    """Prepare a process: remember the work, leave Ctrl-C to the parent, end when it ends."""
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _run(item: Any) -> Any:
    return _work(item)
