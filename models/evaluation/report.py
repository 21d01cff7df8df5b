"""Metrics of a set of predictions with their intervals, as a document and as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from models.evaluation.bootstrap import bootstrap_interval
from models.evaluation.metrics import measure, uar

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["evaluate_predictions", "evaluation_tables"]

Labels = NDArray[np.int64]


def evaluate_predictions(truth: Labels, told: Labels) -> dict[str, Any]:
    """Return all metrics of at least one prediction, JSON-ready.

    Accuracy and UAR come with a bootstrap 95 % interval over clips and with chance beside them.

    Args:
        truth: numbers of the classes (n,).
        told: numbers of the predicted classes (n,).
    """
    document = asdict(measure(truth, told, EMOTIONS))
    document["accuracy_interval"] = bootstrap_interval(truth, told, _accuracy)
    document["uar_interval"] = bootstrap_interval(truth, told, uar)
    document["interval"] = "bootstrap over clips, 95 %"
    rounded: dict[str, Any] = _round(document)
    return rounded


def evaluation_tables(split: str, metrics: Mapping[str, Any]) -> "Sequence[Table]":
    """Return the tables to print: the figures, the classes, the confusion matrix."""
    from rich.table import Table

    figures = Table(title=f"{split}: {metrics['n']} clips")
    for head in ("", "value", "95 % interval", "chance"):
        figures.add_column(head, justify="left" if not head else "right")
    for name, key in (("accuracy", "accuracy"), ("UAR", "uar")):
        low, high = metrics[f"{key}_interval"]
        chance = metrics[f"chance_{key}"]
        figures.add_row(name, f"{metrics[key]:.3f}", f"{low:.3f}-{high:.3f}", f"{chance:.3f}")
    figures.add_row("macro-F1", f"{metrics['macro_f1']:.3f}", "", "")

    classes = Table(title="clips of the class in the row, told as the class in the column")
    classes.add_column("")
    for name in (*(one["name"] for one in metrics["classes"]), "n", "precision", "recall", "F1"):
        classes.add_column(name, justify="right")
    for one, row in zip(metrics["classes"], metrics["confusion"], strict=True):
        shares = (_share(one[key]) for key in ("precision", "recall", "f1"))
        classes.add_row(one["name"], *map(str, row), str(one["n"]), *shares)
    return figures, classes


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _accuracy(truth: Labels, told: Labels) -> float:
    return float((truth == told).mean())


def _round(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _round(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_round(inner) for inner in value]
    return value
