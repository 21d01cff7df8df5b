"""Training history: loss and accuracy by epoch."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

__all__ = ["Epoch", "history_csv"]


@dataclass(frozen=True)
class Epoch:
    """Metrics of one epoch.

    Attributes:
        epoch: number of the epoch, from 1.
        lr: learning rate at its end.
        train_loss: mean loss over its batches.
        train_accuracy: accuracy on the augmented training clips.
        val_loss: cross entropy on the validation clips; None without any.
        val_accuracy: accuracy on the validation clips.
        val_uar: unweighted average recall on the validation clips.
    """

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_uar: float | None = None

    @property
    def score(self) -> float:
        """Criterion of the best epoch: validation accuracy, then loss; without, the number."""
        if self.val_accuracy is None:
            return self.epoch
        return self.val_accuracy - 1e-6 * min(self.val_loss or 0.0, 1e3)

    @property
    def line(self) -> str:
        """Progress message."""
        validation = "" if self.val_uar is None else f", validation UAR {self.val_uar:.3f}"
        return f"loss {self.train_loss:.3f}{validation}"


def history_csv(history: Sequence[Epoch]) -> str:
    """Return the history as CSV; validation columns are empty without validation."""
    head = ",".join(field.name for field in fields(Epoch))
    rows = (",".join(_cell(value) for value in astuple(epoch)) for epoch in history)
    return "\n".join([head, *rows]) + "\n"


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
