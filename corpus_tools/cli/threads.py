"""How many processors the arithmetic of a command may take."""

import os

__all__ = ["one_thread_each"]


def one_thread_each() -> None:
    """Keep numpy's linear algebra to one thread, in this process and in its workers.

    The matrices of a clip are so small that threads only wait for each other: fingerprints take
    four times as long with two, and workers get in each other's way. To be called before numpy is
    imported; a number that the user has set stays.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
