"""Pictures of a run: loss, accuracy, confusion matrix."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from manifests.emotions import EMOTIONS
from manifests.store import atomic_path
from models.training.history import Epoch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_accuracy", "draw_confusion", "draw_loss"]


def draw_loss(path: Path, history: Sequence[Epoch]) -> None:
    """Draw the loss on training and validation clips by epoch, as a PNG."""
    training = [epoch.train_loss for epoch in history]
    _draw_curves(path, "Loss", training, [epoch.val_loss for epoch in history])


def draw_accuracy(path: Path, history: Sequence[Epoch]) -> None:
    """Draw the accuracy on training and validation clips by epoch, as a PNG."""
    training = [epoch.train_accuracy for epoch in history]
    _draw_curves(path, "Accuracy", training, [epoch.val_accuracy for epoch in history])


def draw_confusion(path: Path, confusion: Sequence[Sequence[int]], title: str) -> None:
    """Draw a confusion matrix (true class by row) as a PNG, shaded by the share of the row."""
    figure = _figure(5.2, 4.6)
    axes = figure.add_subplot()
    shares = [[n / max(sum(row), 1) for n in row] for row in confusion]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, counts in enumerate(confusion):
        for column, n in enumerate(counts):
            shade = "white" if shares[row][column] > 0.5 else "black"
            axes.text(column, row, str(n), ha="center", va="center", color=shade)
    places = range(len(EMOTIONS))
    axes.set_xticks(places, EMOTIONS, rotation=45, ha="right")
    axes.set_yticks(places, EMOTIONS)
    axes.set_xlabel("told as")
    axes.set_ylabel("is")
    axes.set_title(title)
    _save(figure, path)


def _draw_curves(
    path: Path, what: str, training: Sequence[float], validation: Sequence[float | None]
) -> None:
    figure = _figure(6.0, 3.8)
    axes = figure.add_subplot()
    epochs = range(1, len(training) + 1)
    axes.plot(epochs, training, label="training (as disturbed)")
    there = [(epoch, value) for epoch, value in zip(epochs, validation, strict=True) if value]
    if there:
        axes.plot(*zip(*there, strict=True), label="validation")
    axes.set_xlabel("epoch")
    axes.set_ylabel(what.lower())
    axes.set_title(what)
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def _figure(width: float, height: float) -> "Figure":
    """Return a figure that needs no display and leaves matplotlib's global state alone."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: "Figure", path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")
