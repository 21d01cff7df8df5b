"""Metrics of a set of predictions with their intervals, as JSON and as printed tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from manifests.base.emotions import EMOTIONS
from manifests.base.outcome import counted
from models.evaluation.bootstrap import bootstrap
from models.evaluation.metrics import measure

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["FIGURES", "baselines_table", "evaluate_predictions", "evaluation_tables", "rounded"]

FIGURES = (("accuracy", "accuracy"), ("UAR", "uar"), ("macro-F1", "macro_f1"))
"""Display names and keys of the metrics."""

Labels = NDArray[np.int64]


def evaluate_predictions(
    truth: Labels, predicted: Labels, speakers: Sequence[str | None] | None = None
) -> dict[str, Any]:
    """Return all metrics of at least one prediction, JSON-ready.

    Each has a bootstrap 95 % interval, over speakers if ten or more are known (not None), else over
    clips; ``interval`` names the method.
    """
    document = asdict(measure(truth, predicted, EMOTIONS))
    intervals = bootstrap(truth, predicted, len(EMOTIONS), speakers)
    for key in ("accuracy", "uar", "macro_f1"):
        document[f"{key}_interval"] = getattr(intervals, key)
    for number, row in enumerate(document["classes"]):
        row["precision_interval"] = intervals.precision[number]
        row["recall_interval"] = intervals.recall[number]
    document["interval"] = intervals.describe()
    document["interval_over"] = intervals.over
    document["interval_units"] = intervals.units
    result: dict[str, Any] = rounded(document)
    return result


def evaluation_tables(split: str, metrics: Mapping[str, Any]) -> "Sequence[Table]":
    """Return the printed tables: metrics, and classes with the confusion matrix."""
    from rich.table import Table

    figures = Table(title=f"{split}: {counted(metrics['n'], 'clip')}", caption=metrics["interval"])
    for head in ("", "value", "95 % interval", "chance"):
        figures.add_column(head, justify="left" if not head else "right")
    for name, key in FIGURES:
        low, high = metrics[f"{key}_interval"]
        chance = metrics.get(f"chance_{key}")
        at_chance = "" if chance is None else f"{chance:.3f}"
        figures.add_row(name, f"{metrics[key]:.3f}", f"{low:.3f}-{high:.3f}", at_chance)

    classes = Table(title="confusion matrix: true class by row, predicted class by column")
    classes.add_column("")
    for name in (*(own["name"] for own in metrics["classes"]), "n", "precision", "recall", "F1"):
        classes.add_column(name, justify="right")
    for own, row in zip(metrics["classes"], metrics["confusion"], strict=True):
        shares = (_share(own[key]) for key in ("precision", "recall", "f1"))
        classes.add_row(own["name"], *map(str, row), str(own["n"]), *shares)
    return figures, classes


def baselines_table(document: Mapping[str, Any]) -> "Table":
    """Return the printed table of baselines that ignore the sound, and of calibration."""
    from rich.table import Table

    calibration, cues = document["calibration"], document["giveaways"]
    table = Table(
        title="UAR of baselines that ignore the sound",
        caption=f"calibration: ECE {calibration['ece']:.3f}, Brier {calibration['brier']:.3f}, "
        f"temperature {calibration['temperature']:.2f}",
    )
    table.add_column("")
    table.add_column("UAR", justify="right")
    for level in document["chance"]:
        table.add_row(level["name"], f"{level['uar']:.3f}")
    if cues["shallow_cues"]:
        table.add_row("duration and loudness", f"{cues['shallow_cues']['uar']:.3f}")
    for key, cue in cues["confounding"].items():
        table.add_row(f"lookup by {key}, over all clips", f"{cue['uar']:.3f}")
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
