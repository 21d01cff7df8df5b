"""How a model fares on parts of a split: by speaker, gender, series and source of text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from manifests.records import ManifestEntry
from models.evaluation.metrics import uar

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["KEYS", "slice_predictions", "slice_table"]

KEYS = ("speaker", "gender", "series", "text_source")
"""Fields of a manifest entry that clips are sliced by."""

UNKNOWN = "(unknown)"

Labels = NDArray[np.int64]


def slice_predictions(
    entries: Sequence[ManifestEntry], truth: Labels, told: Labels
) -> list[dict[str, Any]]:
    """Return clips, accuracy and UAR of every slice, JSON-ready.

    Args:
        entries: of the clips (n).
        truth: numbers of their classes (n,).
        told: numbers of the predicted classes (n,).

    Returns:
        Rows with ``key``, ``value`` (``(unknown)`` where the field is empty), ``n``, ``accuracy``,
        ``uar`` (over the classes that the slice has) and ``classes`` (how many those are).
    """
    table = pd.DataFrame(
        [[getattr(entry, key) or UNKNOWN for key in KEYS] for entry in entries], columns=list(KEYS)
    ).assign(truth=truth, told=told)
    rows = []
    for key in KEYS:
        for value, part in table.groupby(key, sort=True):
            true, said = part["truth"].to_numpy(), part["told"].to_numpy()
            rows.append(
                {
                    "key": key,
                    "value": value,
                    "n": len(part),
                    "accuracy": round(float((true == said).mean()), 4),
                    "uar": round(uar(true, said), 4),
                    "classes": int(part["truth"].nunique()),
                }
            )
    return rows


def slice_table(rows: Sequence[Mapping[str, Any]]) -> "Table":
    """Return the slices as a table to print."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="slices")
    for name in ("by", "value"):
        table.add_column(name)
    for name in ("clips", "classes", "accuracy", "UAR"):
        table.add_column(name, justify="right")
    last = None
    for row in rows:
        by = "" if row["key"] == last else row["key"].replace("_", " ")
        figures = (f"{row['accuracy']:.3f}", f"{row['uar']:.3f}")
        table.add_row(by, escape(row["value"]), str(row["n"]), str(row["classes"]), *figures)
        last = row["key"]
    return table
