"""Thread limits and warm-up of a command's processes."""

import os

__all__ = ["one_thread_each", "ready_for_features"]


def one_thread_each() -> None:
    """Limit numpy's linear algebra to one thread, in this process and its workers.

    A clip's matrices are so small that threads only wait for each other: fingerprints take four
    times as long with two, and workers compete. Call it before numpy is imported; a value set by
    the user is kept.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def ready_for_features() -> None:
    """Start the worker processes that compute features, before any other import.

    They import their modules while this process imports the rest.
    """
    one_thread_each()
    from manifests.base.workers import warm_up

    warm_up(("corpus_tools.cli.app", "models.features.cache", "librosa.filters", "soundfile"))
