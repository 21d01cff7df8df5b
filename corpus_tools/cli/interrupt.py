"""Graceful stop on the first Ctrl-C; the second one stops at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ending_on_interrupt"]


@contextmanager
def ending_on_interrupt(note: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether Ctrl-C was pressed since.

    Args:
        note: receives the explanation that the first Ctrl-C prints.
    """
    interrupted = False

    def first(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        note("stopping with the last complete epoch; Ctrl-C again stops at once, without a run")

    before = signal.signal(signal.SIGINT, first)
    try:
        yield lambda: interrupted
    finally:
        signal.signal(signal.SIGINT, before)
