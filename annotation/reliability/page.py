"""Agreement report as a self-contained HTML page, without scripts or external resources."""

import base64
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from annotation.reliability.report import AgreementReport, AnnotatorRow
from manifests.base.emotions import EMOTIONS
from manifests.base.outcome import counted
from manifests.storage.partials import clear_partials
from manifests.storage.store import created_now, write_text

__all__ = ["agreement_page", "write_agreement_page"]


def write_agreement_page(path: Path, report: AgreementReport, name: str) -> None:
    """Write the page of a corpus atomically, replacing an existing file."""
    clear_partials(path.parent)
    write_text(path, agreement_page(report, name))


def agreement_page(report: AgreementReport, name: str) -> str:
    """Return the page of a corpus; all text in it is escaped."""
    # the style sheet is part of the package, so it needs no escaping
    style = Markup(files("annotation.reliability").joinpath("page.css").read_text(encoding="utf-8"))  # noqa: S704
    rows = report.annotators
    slowest = max((row.seconds[2] for row in rows if row.seconds), default=1.0)
    decades = range(max(1, math.ceil(math.log10(max(slowest, 1.0)))) + 1)
    page: str = _template().render(
        policy=_policy(style),
        style=style,
        name=name,
        counted=counted,
        created=created_now(),
        report=report,
        emotions=EMOTIONS,
        names=[row.annotator for row in rows],
        scale=[(place / 5, f"{place / 5:g}") for place in range(6)],
        seconds_scale=[(place / decades[-1], f"{10**place} s") for place in decades],
        alpha_row=[_span("α", report.alpha.value, report.alpha.low, report.alpha.high)],
        findings=[(row.annotator, finding) for row in rows for finding in row.suspicions],
        confused=[row.confused_with or _NO_SHARES for row in report.classes],
        class_rows=[
            _span(row.emotion, row.agreement, text=f"{counted(row.votes, 'vote')}")
            for row in report.classes
        ],
        given=[[count / max(sum(row.votes), 1) for count in row.votes] for row in rows],
        agreement_rows=[_span(row.annotator, row.agreement) for row in rows],
        gold_rows=list(_gold(rows)),
        seconds_rows=list(_seconds(rows, decades[-1])),
        drift=[_drift(row) for row in rows if row.quarters],
        kappas=_kappas(report),
        least=sorted(report.pairs, key=lambda row: 2.0 if row.kappa is None else row.kappa)[
            :_MAX_PAIRS
        ],
    )
    return page.lstrip()


@dataclass(frozen=True)
class _Span:
    """Point estimate with an interval, scaled to 0..1."""

    name: str
    middle: float | None
    low: float | None
    high: float | None
    text: str


def _span(
    name: str,
    middle: float | None,
    low: float | None = None,
    high: float | None = None,
    text: str | None = None,
) -> _Span:
    def place(value: float | None) -> float | None:
        return None if value is None else min(max(value, 0.0), 1.0)

    shown = text if text is not None else "–" if middle is None else f"{middle:.3f}"
    return _Span(name, place(middle), place(low), place(high), shown)


def _gold(rows: Iterable[AnnotatorRow]) -> Iterable[_Span]:
    for row in rows:
        if row.gold is not None:
            text = f"{row.gold.right} of {row.gold.answers}"
            yield _span(row.annotator, row.gold.accuracy, row.gold.low, row.gold.high, text)


def _seconds(rows: Iterable[AnnotatorRow], decades: int) -> Iterable[_Span]:
    for row in rows:
        if row.seconds is not None:
            low, middle, high = (math.log10(max(value, 1.0)) / decades for value in row.seconds)
            yield _span(row.annotator, middle, low, high, f"{row.seconds[1]:.1f} s")


def _drift(row: AnnotatorRow) -> dict[str, Any]:
    quarters = row.quarters
    lines = (
        ("others", [quarter.agreement for quarter in quarters]),
        ("gold", [quarter.gold_accuracy for quarter in quarters]),
    )
    times = [quarter.median_seconds for quarter in quarters]
    return {
        "name": row.annotator,
        "lines": [_line(kind, values) for kind, values in lines],
        "seconds": ["" if time is None else f"{time:.1f} s" for time in times],
    }


def _line(kind: str, values: Sequence[float | None]) -> dict[str, Any]:
    dots = [
        (45 + 45 * place, round(90 - 80 * value, 1))
        for place, value in enumerate(values)
        if value is not None
    ]
    return {"kind": kind, "dots": dots, "points": " ".join(f"{x},{y}" for x, y in dots)}


def _kappas(report: AgreementReport) -> list[list[float | None]]:
    place = {row.annotator: number for number, row in enumerate(report.annotators)}
    matrix: list[list[float | None]] = [[None] * len(place) for _ in place]
    for pair in report.pairs:
        one, other = (place[name] for name in pair.annotators)
        matrix[one][other] = matrix[other][one] = pair.kappa
    return matrix


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("annotation.reliability", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


_NO_SHARES: list[float | None] = [None] * len(EMOTIONS)
_MAX_PAIRS = 6  # pairs with a confusion matrix on the page
