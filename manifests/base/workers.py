"""Process pool in which a crash of a worker fails only the item it worked on."""

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

from manifests.base.errors import CorpusError, is_full_disk

__all__ = ["in_processes", "is_warm", "warm_up"]

T = TypeVar("T")
R = TypeVar("R")


def warm_up(modules: Sequence[str]) -> None:
    """Preload modules, which must not start threads, in the fork server, for all workers at once.

    Does nothing where there is no fork server (Windows); each worker then imports by itself.
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
    """Return whether `warm_up` was called.

    The commands call it. A script may do so only if its own code is under ``if __name__ ==
    "__main__":``, since every worker imports the script.
    """
    return _warm


def in_processes(
    items: Sequence[T], work: Callable[[T], R], workers: int
) -> Iterator[tuple[int, Future[R]]]:
    """Yield the index and the completed future of each item, in order of completion.

    Once the disk is full, the items that no process has begun are cancelled.

    The function is pickled once per process, items and results one by one. The workers ignore
    Ctrl-C, which ends the run through this process, and exit when this process is killed.
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
    """Yield as `in_processes` does; raise BrokenProcessPool when a process dies."""
    pool = _pool(work, min(workers, len(items)))
    try:
        with _without_interrupts():
            futures: dict[Future[R], int] = {
                pool.submit(_run, item): place for place, item in items.items()
            }
        for future in as_completed(futures):
            if not future.cancelled() and isinstance(future.exception(), BrokenProcessPool):
                raise BrokenProcessPool
            if not future.cancelled() and is_full_disk(future.exception()):
                for other in futures:
                    other.cancel()
            yield futures.pop(future), future  # and keep no result
    except BaseException:
        _stop(pool)
        raise
    pool.shutdown()


def _alone(item: T, work: Callable[[T], R]) -> Future[R]:
    """Return the result of an item in a process of its own."""
    with _pool(work, 1) as pool:
        with _without_interrupts():
            future: Future[R] = pool.submit(_run, item)
        if not isinstance(future.exception(), BrokenProcessPool):
            return future
    died: Future[R] = Future()
    died.set_exception(
        CorpusError(
            "the process that worked on it was killed, perhaps for lack of memory; "
            "run again with fewer --workers"
        )
    )
    return died


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Block SIGINT in this thread and the processes started meanwhile; it arrives afterwards.

    Otherwise Ctrl-C would end these processes with a traceback during their imports.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # it unblocks SIGINT when it starts
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
    """Initialise a worker: keep the function, ignore Ctrl-C, exit with the parent."""
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
