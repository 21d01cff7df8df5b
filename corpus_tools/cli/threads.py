"""How many processors the arithmetic of a command may take."""

import os

__all__ = ["one_thread_each", "ready_for_features"]


def one_thread_each() -> None:
    """Keep numpy's linear algebra to one thread, in this process and in its workers.

    The matrices of a clip are so small that threads only wait for each other: fingerprints take
    four times as long with two, and workers get in each other's way. To be called before numpy is
    imported; a number that the user has set stays.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def ready_for_features() -> None:
    """Have processes that compute features ready by the time that they are needed.

    They import what they need while this process imports the rest; to be called first of all.
    """
    one_thread_each()
    from manifests.workers import warm_up

    warm_up(("corpus_tools.cli.app", "models.feature_cache", "librosa.filters", "soundfile"))
