"""The agreement report as tables for a terminal of 80 columns."""

from rich.table import Table

from annotation.agreement_report import AgreementReport, AnnotatorRow
from manifests.emotions import EMOTIONS

__all__ = ["agreement_tables"]


def agreement_tables(report: AgreementReport) -> list[Table]:
    """Return the non-empty tables: summary, classes, pairs, annotators, suspicious patterns."""
    rows = report.annotators
    tables = [_summary(report)]
    if report.clips["several"]:
        tables.append(_classes(report))
    if report.pairs:
        tables.append(_pairs(report))
    if rows:
        tables += [_annotators(rows), _votes(rows)]
    if any(row.quarters for row in rows):
        tables.append(_drift(rows))
    if any(row.suspicions for row in rows):
        tables.append(_suspicions(rows))
    return tables


def _summary(report: AgreementReport) -> Table:
    table = Table(title="Agreement", title_justify="left", show_header=False)
    alpha = report.alpha
    interval = "" if alpha.low is None else f"  [{alpha.low:.3f}, {alpha.high:.3f}]"
    table.add_row("Krippendorff's α (nominal)", _figure(alpha.value) + interval)
    table.add_row("Fleiss' κ", _figure(report.fleiss))
    table.add_row("observed agreement", _figure(report.observed))
    table.add_row("clips with several votes", str(report.clips["several"]))
    table.add_row("clips with one vote", str(report.clips["one"]))
    table.add_row("clips with none", str(report.clips["none"]))
    if report.gold_clips:
        table.add_row("gold clips with a vote", str(report.gold_clips))
    return table


def _classes(report: AgreementReport) -> Table:
    title = "Share of the other votes (columns) by class of a vote (rows)"
    table = _table(title, "class", "votes", *EMOTIONS)
    for row in report.classes:
        shares = map(_figure, row.confused_with or [])
        table.add_row(row.emotion, str(row.votes), *shares)
    return table


def _pairs(report: AgreementReport) -> Table:
    pairs = sorted(report.pairs, key=lambda row: 2.0 if row.kappa is None else row.kappa)
    hidden = len(pairs) - _MOST_PAIRS
    more = f"; the {_MOST_PAIRS} that agree least, --json gives {hidden} more" if hidden > 0 else ""
    table = _table(f"Pairs of annotators{more}", "pair", "clips", "agreement", "Cohen's κ")
    for row in pairs[:_MOST_PAIRS] if hidden > 0 else report.pairs:
        pair = " ".join(row.annotators)
        table.add_row(pair, str(row.clips), _figure(row.agreement), _figure(row.kappa))
    return table


def _annotators(rows: list[AnnotatorRow]) -> Table:
    names = ("answers", "unclear", "skips", "s", "agrees", "κ", "gold")
    table = _table("Annotators; s: median seconds, κ: with the others", "annotator", *names)
    for row in rows:
        table.add_row(
            row.annotator,
            str(row.answered),
            str(row.unclear),
            str(row.skipped),
            "–" if row.median_seconds is None else f"{row.median_seconds:.1f}",
            _figure(row.agreement),
            _figure(row.kappa),
            "–" if row.gold is None else f"{row.gold.right}/{row.gold.answers}",
        )
    return table


def _votes(rows: list[AnnotatorRow]) -> Table:
    table = _table("Classes given", "annotator", *EMOTIONS)
    for row in rows:
        table.add_row(row.annotator, *map(str, row.votes))
    return table


def _drift(rows: list[AnnotatorRow]) -> Table:
    title = "Drift: agreement by quarter of each annotator's answers"
    table = _table(title, "annotator", "1st", "2nd", "3rd", "4th", "s, 1st", "s, 4th")
    for row in rows:
        if row.quarters:
            times = (row.quarters[0].median_seconds, row.quarters[-1].median_seconds)
            table.add_row(
                row.annotator,
                *(_figure(quarter.agreement) for quarter in row.quarters),
                *("–" if time is None else f"{time:.1f}" for time in times),
            )
    return table


def _suspicions(rows: list[AnnotatorRow]) -> Table:
    table = Table(title="Suspicious patterns", title_justify="left")
    for name in ("annotator", "pattern", "finding"):
        table.add_column(name)
    for row in rows:
        for finding in row.suspicions:
            table.add_row(row.annotator, finding.pattern, finding.sentence)
    return table


def _table(title: str, first: str, *names: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for name in names:
        table.add_column(name, justify="right")
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


_MOST_PAIRS = 15
