"""Table of a comparison: its systems, their metrics, and the significance of differences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from manifests.base.latex import latex_table
from manifests.base.outcome import counted
from models.config.train import Modality, TrainSettings
from models.evaluation.bootstrap import RESAMPLED, SystemResamples, interval
from models.evaluation.metrics import confusion_matrix, scores
from models.evaluation.report import rounded

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "BASELINES",
    "COLUMNS",
    "EGEMAPS",
    "FUSION",
    "NETWORKS",
    "OPTIONAL",
    "STATISTICS",
    "SVM",
    "SYSTEMS",
    "WHISPER",
    "System",
    "caption",
    "cells",
    "holm",
    "latex",
    "markdown",
    "rich_table",
    "system_rows",
    "table_csv",
    "two_sided",
]


@dataclass(frozen=True)
class System:
    """One row of the table: its key in files, name, input, and settings of its audio branch.

    ``preset`` is another preset than that of the comparison.
    """

    key: str
    name: str
    modality: Modality
    audio: dict[str, Any] = field(default_factory=dict)
    preset: str | None = None

    def settings(self, base: TrainSettings, seed: int = 0) -> TrainSettings:
        """Return the settings of a run, from those shared by all systems.

        Example:
            >>> NETWORKS[0].settings(TrainSettings()).audio.dynamic
            False
        """
        return base.changed(
            preset=self.preset, modality=self.modality, seed=seed, audio=self.audio or None
        )


_FRAMES = {"encoder": "convolutions"}

SVM = System("svm", "functionals + linear SVM", "audio", _FRAMES)
"""Baseline without a network or a seed."""

EGEMAPS = System("egemaps", "eGeMAPS + linear SVM", "audio")
"""Baseline on openSMILE's features, on request or where openSMILE is installed."""

WHISPER = System("whisper", "audio: Whisper's encoder", "audio", preset="whisper")
"""Audio model on the recogniser's features, on request."""

FUSION = System("fusion", "fusion", "both")
"""Reference system of the differences."""

STATISTICS = System("statistics", "audio: statistics of the clip", "audio")
"""Audio branch of presets without convolutions."""

_CNN = _FRAMES | {"dynamic": False, "attention": False}
_PAPER = _FRAMES | {"dynamic": True, "attention": True}

NETWORKS = (
    System("cnn", "plain CNN", "audio", _CNN),
    System("audio", "audio: CNN, ODConv, CBAM", "audio", _PAPER),
    System("text", "Text-CNN", "text"),
    FUSION,
)
"""Systems of the paper's Table 2."""

OPTIONAL = (EGEMAPS, WHISPER)
"""Systems that are compared on request."""

BASELINES = (SVM, EGEMAPS)
"""Systems without a network and without a seed."""

SYSTEMS = (*BASELINES, *NETWORKS[:-2], STATISTICS, WHISPER, *NETWORKS[-2:])
"""All rows that there may be, the simplest first."""


def two_sided(differences: NDArray[np.float64]) -> float:
    """Return the two-sided bootstrap p value of no difference: twice the share beyond 0, at most 1.

    Example:
        >>> two_sided(np.array([0.1] * 999))
        0.002
    """
    beyond = min((differences <= 0).sum(), (differences >= 0).sum())
    return float(min(2 * (beyond + 1) / (len(differences) + 1), 1.0))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p values corrected for multiple tests.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    corrected: dict[str, float] = {}
    highest = 0.0
    for rank, (key, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(p * (len(p_values) - rank), 1.0))
        corrected[key] = round(highest, 10)
    return corrected


Labels = NDArray[np.int64]

COLUMNS = ("model", "accuracy", "UAR", "macro-F1", "UAR vs. fusion", "p")


def system_rows(
    truth: Labels,
    predictions: Mapping[str, Mapping[int, Labels]],
    classes: int,
    resamples: SystemResamples,
) -> list[dict[str, Any]]:
    """Return a row for every system, JSON-ready, from predicted classes (n,) by system and seed.

    A row has ``system``, ``name``, ``seeds``; for each metric (``accuracy``, ``uar``, ``macro_f1``)
    ``mean``, ``deviation`` over seeds (None for one), ``interval`` and ``runs``; and
    ``beside_fusion``: the ``difference`` of UAR to the fusion's, its ``interval``, and ``p``,
    corrected for multiple tests; None for the fusion itself.
    """
    runs = {
        key: {
            seed: scores(confusion_matrix(truth, predicted, classes)[None])
            for seed, predicted in by_seed.items()
        }
        for key, by_seed in predictions.items()
    }
    means = {
        key: {
            figure: float(np.mean([getattr(run, figure)[0] for run in by_seed.values()]))
            for figure in RESAMPLED
        }
        for key, by_seed in runs.items()
    }
    differences = {
        key: resamples.figures[key]["uar"] - resamples.figures[FUSION.key]["uar"]
        for key in predictions
        if key != FUSION.key
    }
    p_values = holm({key: two_sided(values) for key, values in differences.items()})
    rows = []
    for system in SYSTEMS:
        key = system.key
        if key not in predictions:
            continue
        row: dict[str, Any] = {"system": key, "name": system.name, "seeds": list(predictions[key])}
        for figure in RESAMPLED:
            values = {seed: float(getattr(run, figure)[0]) for seed, run in runs[key].items()}
            row[figure] = {
                "mean": means[key][figure],
                "deviation": _deviation(list(values.values())),
                "interval": interval(resamples.figures[key][figure]),
                "runs": {str(seed): value for seed, value in values.items()},
            }
        row["beside_fusion"] = None
        if key != FUSION.key:
            row["beside_fusion"] = {
                "difference": means[key]["uar"] - means[FUSION.key]["uar"],
                "interval": interval(differences[key]),
                "p": p_values[key],
            }
        rows.append(rounded(row))
    return rows


def markdown(document: Mapping[str, Any]) -> str:
    """Return the table of a ``compare.json`` with its caption as Markdown."""
    head = [f"| {' | '.join(COLUMNS)} |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    body = [f"| {' | '.join(cells(row))} |" for row in document["systems"]]
    return "\n".join([*head, *body, "", document["caption"]]) + "\n"


def latex(document: Mapping[str, Any]) -> str:
    """Return the table of a ``compare.json`` for LaTeX."""
    rows = map(cells, document["systems"])
    return latex_table(COLUMNS, rows, caption=document["caption"], label="comparison")


def rich_table(document: Mapping[str, Any]) -> "Table":
    """Return the printed table."""
    from rich.table import Table

    table = Table(
        title=counted(document["clips"]["test"], "test clip"), caption=document["caption"]
    )
    for place, head in enumerate(COLUMNS):
        table.add_column(head, justify="right" if place else "left")
    for row in document["systems"]:
        table.add_row(*(cell.replace(" (", "\n(") for cell in cells(row)))
    return table


def table_csv(document: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    """Yield rows of a CSV file: the header, then one row per system and metric."""
    heads = ("mean", "deviation", "low", "high")
    beside = ("beside_fusion", "beside_low", "beside_high", "p")
    yield ("system", "figure", "seeds", *heads, *beside)
    for row in document["systems"]:
        for figure in RESAMPLED:
            metric, gap = row[figure], row["beside_fusion"] if figure == "uar" else None
            difference = () if gap is None else (gap["difference"], *gap["interval"], gap["p"])
            seeds = len(row["seeds"])
            blank = [""] * (len(beside) - len(difference))
            spread = "" if metric["deviation"] is None else metric["deviation"]
            yield (
                row["system"],
                figure,
                seeds,
                metric["mean"],
                spread,
                *metric["interval"],
                *difference,
                *blank,
            )


def caption(document: Mapping[str, Any]) -> str:
    """Return the caption that explains the table."""
    seeds, text = document["seeds"], document["text"]
    spread = " ± deviation over seeds" if seeds > 1 else ""
    words = f" T{text['sentence'][1:]}." if text and not text["tells"] else ""
    return (
        f"Manifest {document['manifest']}, preset {document['preset']}, "
        f"{counted(document['clips']['test'], 'test clip')}, {counted(seeds, 'seed')} "
        f"(an SVM has none). Figures: mean{spread}, and in brackets {document['interval']}. "
        f"Chance: accuracy {document['chance_accuracy']:.3f}, UAR {document['chance_uar']:.3f}. "
        f"p: two-sided, from the same resamples, Holm-corrected for "
        f"{len(document['systems']) - 1} tests.{words}"
    )


def cells(row: Mapping[str, Any]) -> Sequence[str]:
    """Return the cells of a system's row as text."""
    figures = []
    for figure in RESAMPLED:
        metric = row[figure]
        spread = "" if metric["deviation"] is None else f" ± {metric['deviation']:.3f}"
        figures.append(f"{metric['mean']:.3f}{spread} {_range(metric['interval'])}")
    gap = row["beside_fusion"]
    if gap is None:
        return [row["name"], *figures, "", ""]
    difference = f"{gap['difference']:+.3f} {_range(gap['interval'], '+')}"
    return [row["name"], *figures, difference, f"{gap['p']:.3f}"]


def _range(ends: Sequence[float], sign: str = "") -> str:
    low, high = (format(end, f"{sign}.3f") for end in ends)
    return f"({low} to {high})"


def _deviation(values: Sequence[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
