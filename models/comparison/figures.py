"""The paper's Figures 5 and 6: training curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from manifests.store import atomic_path
from models.comparison.parts import SystemRun
from models.comparison.systems import FUSION, NETWORKS

__all__ = ["draw_figure_5", "draw_figure_6"]

Curves = Mapping[str, Sequence[Sequence[float]]]


def draw_figure_5(path: Path, runs: Sequence[SystemRun]) -> None:
    """Draw the training loss of the unimodal models by epoch, as a PNG."""
    curves = {
        system.name: [
            [epoch.train_loss for epoch in run.history] for run in runs if run.system == system.key
        ]
        for system in NETWORKS
        if system != FUSION
    }
    _draw(path, "Training loss of the unimodal models", "loss", curves)


def draw_figure_6(path: Path, runs: Sequence[SystemRun]) -> None:
    """Draw the fusion's accuracy on training and test clips by epoch, as a PNG."""
    fusions = [run for run in runs if run.system == FUSION.key]
    training = [[epoch.train_accuracy for epoch in run.history] for run in fusions]
    testing = [list(run.test_accuracy) for run in fusions]
    curves = {"training (augmented)": training, "test": testing}
    _draw(path, "Accuracy of the fusion", "accuracy", curves)


def _draw(path: Path, title: str, unit: str, curves: Curves) -> None:
    """Draw the mean of each curve over seeds, and its range."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(6.0, 3.8), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, runs in curves.items():
        shortest = min((len(run) for run in runs), default=0)
        if not shortest:
            continue
        values = np.array([run[:shortest] for run in runs])  # (seeds, epochs)
        epochs = np.arange(1, shortest + 1)
        axes.plot(epochs, values.mean(axis=0), label=name)
        axes.fill_between(epochs, values.min(axis=0), values.max(axis=0), alpha=0.2)
    axes.set_xlabel("epoch")
    axes.set_ylabel(unit)
    axes.set_title(title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")
