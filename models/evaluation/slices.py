"""Metrics per slice of a split: speaker, source, duration, agreement and more."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from manifests.base.emotions import EMOTIONS
from manifests.storage.records import ManifestEntry
from models.evaluation.bootstrap import bootstrap
from models.evaluation.metrics import uar

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["KEYS", "agreement_level", "duration_bin", "slice_predictions", "slice_table"]

UNKNOWN = "(unknown)"

Labels = NDArray[np.int64]


def duration_bin(seconds: float) -> str:
    """Return the duration bin of a clip.

    Example:
        >>> duration_bin(3.0), duration_bin(1.2)
        ('3 to 4 s', 'under 2 s')
    """
    return _DURATIONS[int(np.digitize(seconds, _EDGES))]


def agreement_level(entry: ManifestEntry) -> str:
    """Return the level of agreement of a clip's emotion votes."""
    votes = sum(emotion is not None for _, emotion in entry.votes)
    if votes < 2:
        return _LEVELS[4 + (votes == 0)]
    return _LEVELS[int(np.searchsorted([-1.0, -0.75, -0.5], -entry.agreement))]


def confidence_level(entry: ManifestEntry) -> str | None:
    """Return the level of the share of the vote that a clip's combined text has, if it is one."""
    if entry.text_confidence is None:
        return None
    return _CONFIDENCES[int(np.searchsorted([-1.0, -0.9, -0.7], -entry.text_confidence))]


def slice_predictions(
    entries: Sequence[ManifestEntry], truth: Labels, predicted: Labels
) -> list[dict[str, Any]]:
    """Return clips, accuracy and UAR of every slice, JSON-ready.

    Rows have ``key``, ``value`` (``(unknown)`` for an empty field), ``n``, ``accuracy``, ``uar``
    (over the classes that occur in the slice), ``uar_interval`` (bootstrap over the slice's clips,
    95 %) and ``classes`` (their number). No rows by source if each source has one clip, or by the
    confidence of texts if none has one.
    """
    table = pd.DataFrame(
        {key: [value_of(entry) or UNKNOWN for entry in entries] for key, value_of in KEYS.items()}
    )
    rows = []
    for key in KEYS:
        parts = table.groupby(key).indices
        if key == "source" and len(parts) == len(entries):
            continue
        if key == "text_confidence" and [*parts] == [UNKNOWN]:
            continue
        for value in _in_order(key, {str(value) for value in parts}):
            part = parts[value]
            true, guess = truth[part], predicted[part]
            low, high = bootstrap(true, guess, len(EMOTIONS), resamples=_RESAMPLES).uar
            rows.append(
                {
                    "key": key,
                    "value": value,
                    "n": len(part),
                    "accuracy": round(float((true == guess).mean()), 4),
                    "uar": round(uar(true, guess), 4),
                    "uar_interval": [round(low, 4), round(high, 4)],
                    "classes": len(np.unique(true)),
                }
            )
    return rows


def slice_table(rows: Sequence[Mapping[str, Any]]) -> "Table":
    """Return the slices as a printed table, the twelve largest of each key."""
    from rich.table import Table

    table = Table(title="slices")
    for name in ("by", "value"):
        table.add_column(name)
    for name in ("clips", "classes", "accuracy", "UAR", "95 % interval"):
        table.add_column(name, justify="right")
    for key in KEYS:
        own = [row for row in rows if row["key"] == key]
        shown = most_clips(own, _SHOWN)
        for number, row in enumerate(shown):
            by = "" if number else key.replace("_", " ")
            low, high = row["uar_interval"]
            figures = (f"{row['accuracy']:.3f}", f"{row['uar']:.3f}", f"{low:.3f}-{high:.3f}")
            table.add_row(by, row["value"], str(row["n"]), str(row["classes"]), *figures)
        if len(own) > len(shown):
            table.add_row("", f"and {len(own) - len(shown)} with fewer clips")
    return table


def most_clips(rows: Sequence[Mapping[str, Any]], limit: int) -> list[Mapping[str, Any]]:
    """Return at most ``limit`` rows, those with most clips, in their original order."""
    if len(rows) <= limit:
        return list(rows)
    by_clips = sorted(range(len(rows)), key=lambda row: -rows[row]["n"])
    return [rows[row] for row in sorted(by_clips[:limit])]


def _in_order(key: str, values: set[str]) -> list[str]:
    order = _ORDERS.get(key)
    return sorted(values) if order is None else [value for value in order if value in values]


KEYS: Mapping[str, Callable[[ManifestEntry], str | None]] = {
    "speaker": lambda entry: entry.speaker,
    "gender": lambda entry: entry.gender,
    "series": lambda entry: entry.series,
    "source": lambda entry: entry.source_id,
    "duration": lambda entry: duration_bin(entry.duration),
    "text_source": lambda entry: entry.text_source,
    "text_confidence": confidence_level,
    "agreement": agreement_level,
}
"""Slice keys, and the function that returns a clip's value."""

_EDGES = (2.0, 3.0, 4.0, 5.0)  # seconds
_DURATIONS = ("under 2 s", "2 to 3 s", "3 to 4 s", "4 to 5 s", "5 s and more")
_LEVELS = (
    "all votes agree",
    "three quarters or more",
    "half or more",
    "less than half",
    "one vote",
    "no votes",
)
_CONFIDENCES = ("unanimous", "0.9 and more", "0.7 to 0.9", "under 0.7")
_ORDERS = {
    "duration": _DURATIONS,
    "text_confidence": (*_CONFIDENCES, UNKNOWN),
    "agreement": _LEVELS,
}
_RESAMPLES = 1000
_SHOWN = 12  # slices per key in the printed table
