"""Table of a series: figures of the folds, of all test clips and of the speakers."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from models.evaluation.report import FIGURES

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["markdown", "rich_table"]


def markdown(document: Mapping[str, Any]) -> str:
    """Return the table as Markdown.

    Args:
        document: figures from :func:`models.training.series_figures.summarise_series`.
    """
    lines = [["", "clips", *(name for name, _ in FIGURES)], ["---", *["---:"] * 4]]
    lines += [[_escape(cell) for cell in row] for row in _table_rows(document)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{_caption(document)}\n"


def rich_table(document: Mapping[str, Any]) -> "Table":
    """Return the table for the terminal."""
    from rich.table import Table

    table = Table(caption=_caption(document))
    for head in ("", "clips", *(name for name, _ in FIGURES)):
        table.add_column(head, justify="right" if head else "left")
    for row in _table_rows(document):
        table.add_row(*(cell.replace(" (", "\n(") for cell in row))
    return table


def _table_rows(document: Mapping[str, Any]) -> Iterator[list[str]]:
    for row in document["folds"]:
        speakers = ", ".join(row["speakers"]) if len(row["speakers"]) <= _NAMED_SPEAKERS else ""
        yield _table_row(f"fold {row['fold']}" + (f": {speakers}" if speakers else ""), row)
    if document["over_folds"] is not None:
        yield _table_row("mean of the folds", document["over_folds"])
    yield _table_row("all test clips", document["pooled"])
    if len(document["seeds"]) > 1:
        for seed in document["seeds"]:
            yield _table_row(f"all, seed {seed}", _seed_figures(str(seed), document["pooled"]))
    if any(len(row["speakers"]) != 1 for row in document["folds"]) or not document["folds"]:
        for row in document["speakers"]:
            yield _table_row(f"speaker {row['speaker']}", row)


def _table_row(name: str, figures: Mapping[str, Any]) -> list[str]:
    return [name, str(figures.get("n", "")), *(_format_figure(figures[key]) for _, key in FIGURES)]


def _seed_figures(seed: str, pooled: Mapping[str, Any]) -> dict[str, Any]:
    figures = {
        key: {
            "mean": pooled[key]["runs"][seed],
            "deviation": None,
            "interval": pooled[key]["run_intervals"][seed],
        }
        for _, key in FIGURES
    }
    return {"n": pooled["n"], **figures}


def _format_figure(figure: Mapping[str, Any]) -> str:
    text = f"{figure['mean']:.3f}"
    if figure["deviation"] is not None:
        text += f" ± {figure['deviation']:.3f}"
    if "interval" in figure:
        low, high = figure["interval"]
        text += f" ({low:.3f} to {high:.3f})"
    return text


def _caption(document: Mapping[str, Any]) -> str:
    seeds = document["seeds"]
    number = f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}"
    spread = ["± deviation over seeds" if len(seeds) > 1 else ""]
    if document["over_folds"] is not None:
        spread.append("± deviation over folds in the mean of the folds")
    spread.append(f"in brackets {document['interval']}")
    explanation = "; ".join(part for part in spread if part)
    return (
        f"Manifest {document['manifest']}, preset {document['preset']}, modality "
        f"{document['modality']}, {number} ({', '.join(map(str, seeds))}); {explanation}."
    )


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|")


_NAMED_SPEAKERS = 3  # speakers of a fold that the table names
