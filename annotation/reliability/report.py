"""Agreement report: its records, JSON-ready by ``dataclasses.asdict``, and its tables."""

from dataclasses import dataclass

from rich.table import Table

from manifests.base.emotions import EMOTIONS

__all__ = [
    "AgreementReport",
    "Alpha",
    "AnnotatorRow",
    "ClassRow",
    "GoldAccuracy",
    "PairRow",
    "Quarter",
    "Suspicion",
    "agreement_tables",
]


@dataclass(frozen=True)
class Alpha:
    """Krippendorff's nominal α over clips with two or more votes, with a bootstrap interval.

    The interval is over clips. The value is null where α is undefined; ``undefined`` is the reason.
    """

    value: float | None
    low: float | None
    high: float | None
    level: float
    resamples: int
    undefined: str | None


@dataclass(frozen=True)
class ClassRow:
    """Agreement on one class, which has ``votes`` votes on clips with two or more votes.

    ``agreement`` is the share of the other votes on those clips for the same class,
    ``confused_with`` has their shares for each class, in class order.
    """

    emotion: str
    votes: int
    agreement: float | None
    confused_with: list[float] | None


@dataclass(frozen=True)
class PairRow:
    """Agreement of two annotators on the clips with a vote of both: share of equal votes, and κ.

    Cohen's κ is null where chance agreement is 1. The confusion matrix, (6, 6), has clips by class
    of the first (rows) and of the second (columns), in class order.
    """

    annotators: tuple[str, str]
    clips: int
    agreement: float
    kappa: float | None
    confusion: list[list[int]]


@dataclass(frozen=True)
class GoldAccuracy:
    """Accuracy of an annotator on gold clips, with Wilson's 95 % interval."""

    answers: int
    right: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Quarter:
    """Statistics of a chronological quarter of an annotator's answers.

    Agreement is the share of the other annotators' votes on the same clips that are equal.
    """

    answered: int
    agreement: float | None
    gold_accuracy: float | None
    median_seconds: float | None


@dataclass(frozen=True)
class Suspicion:
    """Suspicious pattern in an annotator's answers, and a description with figures."""

    pattern: str
    sentence: str


@dataclass(frozen=True)
class AnnotatorRow:
    """Statistics of one annotator.

    Attributes:
        answered: number of answers, ``unclear`` included.
        median_seconds: median answering time as measured by Label Studio.
        seconds: 10th, 50th and 90th percentile of answering times; null where not measured.
        faster_than_clip: answers in less than the clip's duration; null where unknown.
        agreement: share of the other annotators' votes on the same clips that are equal.
        kappa: Cohen's κ between these votes and each other vote on the same clips.
        alpha_without: α of all other annotators.
        gold: accuracy on gold clips; null without votes on them.
        votes: votes by class, in class order.
        confusion: (6, 6) own class (rows) by the other annotators' votes (columns).
        quarters: four quarters, or none below 20 answers.
    """

    annotator: str
    answered: int
    unclear: int
    skipped: int
    median_seconds: float | None
    seconds: list[float] | None
    faster_than_clip: int | None
    agreement: float | None
    kappa: float | None
    alpha_without: float | None
    gold: GoldAccuracy | None
    votes: list[int]
    confusion: list[list[int]]
    quarters: list[Quarter]
    suspicions: list[Suspicion]


@dataclass(frozen=True)
class AgreementReport:
    """Report of `corpus agreement`.

    Attributes:
        clips: judged clips by number of votes for a class: ``none one several``.
        alpha: Krippendorff's α with its interval.
        fleiss: Fleiss' κ for any number of votes, null where undefined.
        gold_clips: number of gold clips with a vote.
        observed: share of agreeing pairs of votes, weighted as in α: 1 − observed disagreement.
        classes: agreement by class.
        pairs: agreement of every two annotators with common clips.
        annotators: statistics by annotator.
    """

    clips: dict[str, int]
    alpha: Alpha
    observed: float | None
    fleiss: float | None
    gold_clips: int
    classes: list[ClassRow]
    pairs: list[PairRow]
    annotators: list[AnnotatorRow]


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
