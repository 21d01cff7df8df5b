"""The agreement report as tables for a terminal."""

from rich.table import Table

from annotation.agreement_report import AgreementReport
from manifests.emotions import EMOTIONS

__all__ = ["agreement_tables"]


def agreement_tables(report: AgreementReport) -> list[Table]:
    """Return the summary, the classes, the pairs and the annotators; the empty ones left out."""
    tables = [_summary(report)]
    if report.clips["several"]:
        tables.append(_classes(report))
    if report.pairs:
        tables.append(_pairs(report))
    if report.annotators:
        tables.append(_annotators(report))
    return tables


def _summary(report: AgreementReport) -> Table:
    table = Table(title="Agreement", title_justify="left", show_header=False)
    alpha = report.alpha
    interval = "" if alpha.low is None else f"  [{alpha.low:.3f}, {alpha.high:.3f}]"
    table.add_row("Krippendorff's α (nominal)", _figure(alpha.value) + interval)
    table.add_row("observed agreement", _figure(report.observed))
    table.add_row("clips with several votes", str(report.clips["several"]))
    table.add_row("clips with one vote", str(report.clips["one"]))
    table.add_row("clips with none", str(report.clips["none"]))
    return table


def _classes(report: AgreementReport) -> Table:
    table = Table(title="Where one vote says (row), the others say (column)", title_justify="left")
    table.add_column("class")
    table.add_column("votes", justify="right")
    for emotion in EMOTIONS:
        table.add_column(emotion, justify="right")
    for row in report.classes:
        shares = map(_figure, row.confused_with or [])
        table.add_row(row.emotion, str(row.votes), *shares)
    return table


def _pairs(report: AgreementReport) -> Table:
    table = Table(title="Pairs of annotators", title_justify="left")
    table.add_column("pair")
    for name in ("clips", "agreement", "Cohen's κ"):
        table.add_column(name, justify="right")
    for row in report.pairs:
        pair = " ".join(row.annotators)
        table.add_row(pair, str(row.clips), _figure(row.agreement), _figure(row.kappa))
    return table


def _annotators(report: AgreementReport) -> Table:
    table = Table(title="Annotators", title_justify="left")
    table.add_column("annotator")
    for name in ("answered", "unclear", "skipped", "median s", "agreement", *EMOTIONS):
        table.add_column(name, justify="right")
    for row in report.annotators:
        table.add_row(
            row.annotator,
            str(row.answered),
            str(row.unclear),
            str(row.skipped),
            "–" if row.median_seconds is None else f"{row.median_seconds:.1f}",
            _figure(row.agreement),
            *(str(count) for count in row.votes),
        )
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
