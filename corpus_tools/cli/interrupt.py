"""Ctrl-C as a wish to end soon with what there is; the second one ends at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ending_on_interrupt"]


@contextmanager
def ending_on_interrupt(note: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl-C was pressed in the meantime.

    Args:
        note: told what the first Ctrl-C does.
    """
    asked = False

    def first(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        note("stopping with the last whole epoch; Ctrl-C again ends at once, without a run")

    before = signal.signal(signal.SIGINT, first)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
