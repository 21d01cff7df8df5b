"""The paper's Table 2: every system's figures, and what it lacks to the fusion."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.comparison.significance import holm, two_sided
from models.comparison.systems import FUSION, SYSTEMS
from models.evaluation.draws import DRAWN, Draws, interval
from models.evaluation.metrics import confusion_matrix, scores
from models.evaluation.report import rounded

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["caption", "markdown", "rich_table", "system_rows", "table_csv"]

Labels = NDArray[np.int64]

_HEADS = ("model", "accuracy", "UAR", "macro-F1", "UAR beside fusion", "p")


def system_rows(
    truth: Labels, told: Mapping[str, Mapping[int, Labels]], classes: int, draws: Draws
) -> list[dict[str, Any]]:
    """Return a row for every system, JSON-ready.

    A row has ``system``, ``name``, ``seeds``, for each figure (``accuracy``, ``uar``,
    ``macro_f1``) ``mean``, ``deviation`` over seeds (None for one), ``interval`` and ``runs``, and
    ``beside_fusion``: the ``difference`` of UAR to the fusion's, its ``interval``, and ``p``,
    raised for the number of questions; None for the fusion itself.

    Args:
        truth: numbers of the classes (n,).
        told: numbers of the predicted classes (n,) by system and seed.
        classes: how many there are.
        draws: of the same.
    """
    runs = {
        key: {
            seed: scores(confusion_matrix(truth, one, classes)[None])
            for seed, one in by_seed.items()
        }
        for key, by_seed in told.items()
    }
    means = {
        key: {
            figure: float(np.mean([getattr(one, figure)[0] for one in by_seed.values()]))
            for figure in DRAWN
        }
        for key, by_seed in runs.items()
    }
    lacks = {
        key: draws.figures[key]["uar"] - draws.figures[FUSION.key]["uar"]
        for key in told
        if key != FUSION.key
    }
    chances = holm({key: two_sided(values) for key, values in lacks.items()})
    rows = []
    for system in SYSTEMS:
        key = system.key
        row: dict[str, Any] = {"system": key, "name": system.name, "seeds": list(told[key])}
        for figure in DRAWN:
            values = {seed: float(getattr(one, figure)[0]) for seed, one in runs[key].items()}
            row[figure] = {
                "mean": means[key][figure],
                "deviation": _deviation(list(values.values())),
                "interval": interval(draws.figures[key][figure]),
                "runs": {str(seed): value for seed, value in values.items()},
            }
        row["beside_fusion"] = None
        if key != FUSION.key:
            row["beside_fusion"] = {
                "difference": means[key]["uar"] - means[FUSION.key]["uar"],
                "interval": interval(lacks[key]),
                "p": chances[key],
            }
        rows.append(rounded(row))
    return rows


def markdown(document: Mapping[str, Any]) -> str:
    """Return the table with what there is to know about it, ready for a paper's draft.

    Args:
        document: as :func:`models.comparison.run.compare` leaves it.
    """
    head = [f"| {' | '.join(_HEADS)} |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    body = [f"| {' | '.join(_cells(row))} |" for row in document["systems"]]
    return "\n".join([*head, *body, "", document["caption"]]) + "\n"


def rich_table(document: Mapping[str, Any]) -> "Table":
    """Return the table to print."""
    from rich.table import Table

    table = Table(title=f"{document['clips']['test']} test clips", caption=document["caption"])
    for place, head in enumerate(_HEADS):
        table.add_column(head, justify="right" if place else "left")
    for row in document["systems"]:
        table.add_row(*(cell.replace(" (", "\n(") for cell in _cells(row)))
    return table


def table_csv(document: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    """Yield the table as rows for a CSV file, the heads first; one row for a system and figure."""
    heads = ("mean", "deviation", "low", "high")
    beside = ("beside_fusion", "beside_low", "beside_high", "p")
    yield ("system", "figure", "seeds", *heads, *beside)
    for row in document["systems"]:
        for figure in DRAWN:
            one, lack = row[figure], row["beside_fusion"] if figure == "uar" else None
            told = () if lack is None else (lack["difference"], *lack["interval"], lack["p"])
            seeds = len(row["seeds"])
            blank = [""] * (len(beside) - len(told))
            spread = "" if one["deviation"] is None else one["deviation"]
            yield (
                row["system"],
                figure,
                seeds,
                one["mean"],
                spread,
                *one["interval"],
                *told,
                *blank,
            )


def caption(document: Mapping[str, Any]) -> str:
    """Return how to read the table, in sentences."""
    seeds = document["seeds"]
    spread = " ± deviation over seeds" if seeds > 1 else ""
    return (
        f"Manifest {document['manifest']}, preset {document['preset']}, "
        f"{document['clips']['test']} test clips, {seeds} {'seed' if seeds == 1 else 'seeds'} "
        f"(the SVM has none). Figures: mean{spread}, and in brackets {document['interval']}. "
        f"Chance: accuracy {document['chance_accuracy']:.3f}, UAR {document['chance_uar']:.3f}. "
        f"p: two-sided, from the same draws, by Holm for {len(document['systems']) - 1} questions."
    )


def _cells(row: Mapping[str, Any]) -> Sequence[str]:
    figures = []
    for figure in DRAWN:
        one = row[figure]
        spread = "" if one["deviation"] is None else f" ± {one['deviation']:.3f}"
        figures.append(f"{one['mean']:.3f}{spread} {_range(one['interval'])}")
    beside = row["beside_fusion"]
    if beside is None:
        return [row["name"], *figures, "", ""]
    lack = f"{beside['difference']:+.3f} {_range(beside['interval'], '+')}"
    return [row["name"], *figures, lack, f"{beside['p']:.3f}"]


def _range(ends: Sequence[float], sign: str = "") -> str:
    low, high = (format(end, f"{sign}.3f") for end in ends)
    return f"({low} to {high})"


def _deviation(values: Sequence[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
