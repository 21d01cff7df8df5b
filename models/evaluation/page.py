"""An evaluation as one page that needs nothing but itself: no script, nothing loaded."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from manifests.emotions import EMOTIONS
from manifests.store import write_bytes
from models.evaluation.mistakes import Mistake
from models.evaluation.report import FIGURES
from models.evaluation.slices import KEYS, most_clips

__all__ = ["evaluation_page", "write_evaluation_page"]


def write_evaluation_page(
    path: Path, document: Mapping[str, Any], mistakes: Sequence[Mistake]
) -> None:
    """Write the page, whole or not at all; see :func:`evaluation_page`."""
    page = evaluation_page(document, mistakes)
    write_bytes(path, page.encode("utf-8", "xmlcharrefreplace"))


def evaluation_page(document: Mapping[str, Any], mistakes: Sequence[Mistake]) -> str:
    """Return the page; all text in it is escaped.

    Args:
        document: as in ``metrics.json``.
        mistakes: the worst, with their sound.
    """
    # the sheet comes with the package, so nothing in it needs escaping
    style = Markup(files(_HOME).joinpath("page.css").read_text(encoding="utf-8"))  # noqa: S704
    metrics = document["metrics"]
    page: str = _template().render(
        policy=_policy(style),
        style=style,
        document=document,
        metrics=metrics,
        calibration=document["calibration"],
        emotions=EMOTIONS,
        figures=[(name, metrics[key], metrics[f"{key}_interval"]) for name, key in FIGURES],
        rivals=_rivals(document),
        shares=[[n / max(sum(row), 1) for n in row] for row in metrics["confusion"]],
        groups=_groups(document["slices"]),
        ticks=[(place / 5, f"{place / 5:g}") for place in range(6)],
        mistakes=mistakes,
        wrong=round(metrics["n"] * (1 - metrics["accuracy"])),
    )
    return page.lstrip()


@dataclass(frozen=True)
class _Span:
    """A dot with a line around it, from 0 to 1."""

    name: str
    middle: float | None
    interval: Sequence[float] | None = None
    n: int | None = None
    own: bool = False


@dataclass(frozen=True)
class _Group:
    """The slices by one key that are shown, and how many are not."""

    name: str
    rows: Sequence[Mapping[str, Any]]
    spans: Sequence[_Span]
    hidden: int


def _rivals(document: Mapping[str, Any]) -> list[_Span]:
    """Return the model's UAR and what is scored without hearing the emotion."""
    metrics, giveaways = document["metrics"], document["giveaways"]
    rows = [_Span("this model", metrics["uar"], metrics["uar_interval"], own=True)]
    rows += [_Span(one["name"], one["uar"]) for one in document["chance"]]
    if giveaways["shallow_cues"]:
        rows.append(_Span("duration and loudness", giveaways["shallow_cues"]["uar"]))
    rows += [
        _Span(f"table by {key} *", one["uar"]) for key, one in giveaways["confounding"].items()
    ]
    return rows


def _groups(slices: Sequence[Mapping[str, Any]]) -> list[_Group]:
    groups = []
    for key in KEYS:
        rows = [row for row in slices if row["key"] == key]
        if not rows:
            continue
        shown = most_clips(rows, _SHOWN)
        spans = [_Span(row["value"], row["uar"], row["uar_interval"], row["n"]) for row in shown]
        groups.append(_Group(key.replace("_", " "), shown, spans, len(rows) - len(shown)))
    return groups


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; media-src data:; "
        f"base-uri 'none'; form-action 'none'"
    )


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader(_HOME, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


_HOME = "models.evaluation"
_SHOWN = 40  # slices of a kind
