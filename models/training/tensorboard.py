"""Figures of each epoch for TensorBoard, while a training runs."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from manifests.base.errors import ConfigurationError
from models.runs import Epoch

__all__ = ["EpochLog", "no_log", "tensorboard_log"]

EpochLog = Callable[[Sequence[Epoch]], None]
"""Function that gets the history after each epoch."""


def no_log(history: Sequence[Epoch]) -> None:
    """Ignore the history."""


def tensorboard_log(folder: Path | None) -> AbstractContextManager[EpochLog]:
    """Return a log of scalars in a folder, which replaces an earlier one; None for no log.

    An event file has times and the name of the machine, so it doesn't belong into a run folder.

    Raises:
        ConfigurationError: if TensorBoard isn't installed.
    """
    if folder is None:
        return nullcontext(no_log)
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ConfigurationError(
            "--tensorboard needs TensorBoard; install it with: pip install "
            "'corpus-tools[tensorboard]', or leave the flag out"
        ) from error
    return _log(folder, SummaryWriter)


@contextmanager
def _log(folder: Path, make_writer: Callable[[str], Any]) -> Iterator[EpochLog]:
    shutil.rmtree(folder, ignore_errors=True)
    written = 0
    with make_writer(str(folder)) as writer:

        def log(history: Sequence[Epoch]) -> None:
            nonlocal written
            for epoch in history[written:]:  # more than one where a training was resumed
                for tag, name in _TAGS.items():
                    if (value := getattr(epoch, name)) is not None:
                        writer.add_scalar(tag, value, epoch.epoch)
            written = len(history)
            writer.flush()

        yield log


_TAGS = {
    "loss/train": "train_loss",
    "loss/validation": "val_loss",
    "accuracy/train": "train_accuracy",
    "accuracy/validation": "val_accuracy",
    "UAR/validation": "val_uar",
    "learning rate": "lr",
}
