"""Agreement report for papers: its tables for LaTeX, and a figure as PDF."""

from pathlib import Path

from annotation.reliability.report import AgreementReport, agreement_tables
from manifests.base.latex import latex_of
from manifests.card.plots import COLOURS, save_pdf
from manifests.storage.store import atomic_path, write_text

__all__ = ["write_agreement_latex"]


def write_agreement_latex(folder: Path, report: AgreementReport) -> None:
    """Write ``agreement.tex``, which needs booktabs, and ``agreement.pdf`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = [latex_of(table, "agreement") for table in agreement_tables(report)]
    write_text(folder / "agreement.tex", "\n".join(tables))
    with atomic_path(folder / "agreement.pdf") as path:
        _draw(path, report)


def _draw(path: Path, report: AgreementReport) -> None:
    """Draw the agreement on each class and of each annotator with the others, as a PDF."""
    from matplotlib.figure import Figure

    bars = [(row.emotion, row.agreement, COLOURS["train"]) for row in report.classes]
    bars += [(row.annotator, row.agreement, COLOURS["test"]) for row in report.annotators]
    shown = [bar for bar in bars if bar[1] is not None]
    figure = Figure(figsize=(6.0, 1.2 + 0.28 * max(len(shown), 1)), layout="constrained")
    axes = figure.add_subplot()
    for place, (_, agreement, colour) in enumerate(reversed(shown)):
        axes.barh(place, agreement or 0.0, color=colour)
    names = [name.replace("$", r"\$") for name, _, _ in reversed(shown)]
    axes.set_yticks(range(len(shown)), names)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the other votes that agree")
    axes.spines[["top", "right"]].set_visible(False)
    save_pdf(figure, path)
