"""Metrics of a set of predictions with their intervals, as a document and as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from models.evaluation.bootstrap import bootstrap
from models.evaluation.metrics import measure

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["FIGURES", "beside_table", "evaluate_predictions", "evaluation_tables", "rounded"]

FIGURES = (("accuracy", "accuracy"), ("UAR", "uar"), ("macro-F1", "macro_f1"))
"""What the figures are called, and their keys."""

Labels = NDArray[np.int64]


def evaluate_predictions(
    truth: Labels, told: Labels, speakers: Sequence[str | None] | None = None
) -> dict[str, Any]:
    """Return all metrics of at least one prediction, JSON-ready.

    All come with a bootstrap 95 % interval, over speakers where ten or more are known, else over
    clips; ``interval`` says which.

    Args:
        truth: numbers of the classes (n,).
        told: numbers of the predicted classes (n,).
        speakers: of the clips, None where unknown; None if all are.
    """
    document = asdict(measure(truth, told, EMOTIONS))
    intervals = bootstrap(truth, told, len(EMOTIONS), speakers)
    for key in ("accuracy", "uar", "macro_f1"):
        document[f"{key}_interval"] = getattr(intervals, key)
    for number, one in enumerate(document["classes"]):
        one["precision_interval"] = intervals.precision[number]
        one["recall_interval"] = intervals.recall[number]
    document["interval"] = intervals.describe()
    document["interval_over"] = intervals.over
    document["interval_units"] = intervals.units
    found: dict[str, Any] = rounded(document)
    return found


def evaluation_tables(split: str, metrics: Mapping[str, Any]) -> "Sequence[Table]":
    """Return the tables to print: the figures, the classes, the confusion matrix."""
    from rich.table import Table

    figures = Table(title=f"{split}: {metrics['n']} clips", caption=metrics["interval"])
    for head in ("", "value", "95 % interval", "chance"):
        figures.add_column(head, justify="left" if not head else "right")
    for name, key in FIGURES:
        low, high = metrics[f"{key}_interval"]
        chance = metrics.get(f"chance_{key}")
        beside = "" if chance is None else f"{chance:.3f}"
        figures.add_row(name, f"{metrics[key]:.3f}", f"{low:.3f}-{high:.3f}", beside)

    classes = Table(title="clips of the class in the row, told as the class in the column")
    classes.add_column("")
    for name in (*(one["name"] for one in metrics["classes"]), "n", "precision", "recall", "F1"):
        classes.add_column(name, justify="right")
    for one, row in zip(metrics["classes"], metrics["confusion"], strict=True):
        shares = (_share(one[key]) for key in ("precision", "recall", "f1"))
        classes.add_row(one["name"], *map(str, row), str(one["n"]), *shares)
    return figures, classes


def beside_table(document: Mapping[str, Any]) -> "Table":
    """Return what is scored without hearing the emotion, and how calibrated the model is, to print.

    Args:
        document: as :func:`models.evaluation.account.account_of` returns it.
    """
    from rich.table import Table

    calibration, giveaways = document["calibration"], document["giveaways"]
    table = Table(
        title="UAR of what doesn't hear the emotion",
        caption=f"calibration: ECE {calibration['ece']:.3f}, Brier {calibration['brier']:.3f}, "
        f"temperature {calibration['temperature']:.2f}",
    )
    table.add_column("")
    table.add_column("UAR", justify="right")
    for one in document["chance"]:
        table.add_row(one["name"], f"{one['uar']:.3f}")
    if giveaways["shallow_cues"]:
        table.add_row("duration and loudness", f"{giveaways['shallow_cues']['uar']:.3f}")
    for key, one in giveaways["confounding"].items():
        table.add_row(f"table by {key}, over all clips", f"{one['uar']:.3f}")
    return table


def rounded(value: Any) -> Any:
    """Return a JSON-ready value with its numbers rounded to four decimals."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return value


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
