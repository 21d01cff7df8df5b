"""HTML page of an evaluation with its worst mistakes; no scripts or external resources."""

import base64
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.base.outcome import counted
from manifests.storage.records import ManifestEntry
from manifests.storage.store import write_bytes
from manifests.versions.manifest import Manifest
from models.evaluation.report import FIGURES
from models.evaluation.slices import KEYS, most_clips
from models.features.cache import read_clip
from models.features.extractor import SAMPLE_RATE, Samples

__all__ = [
    "Mistake",
    "clip_sound",
    "evaluation_page",
    "render_page",
    "worst_mistakes",
    "write_evaluation_page",
]


@dataclass(frozen=True)
class Mistake:
    """A wrong prediction, with the probabilities of the predicted and of the true class.

    ``sound`` is a data URI of the first seconds as FLAC, None if they can't be read; ``cut`` is
    True if the clip is longer.
    """

    entry: ManifestEntry
    emotion: str
    predicted: str
    probability: float
    true_probability: float
    sound: str | None
    cut: bool = False


def worst_mistakes(
    manifest: Manifest,
    entries: Sequence[ManifestEntry],
    truth: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    classes: Sequence[str],
    limit: int = 20,
) -> list[Mistake]:
    """Return the wrong predictions by descending margin of the wrong over the true class."""
    rows = np.arange(len(truth))
    predicted = probabilities.argmax(axis=1)
    margin = probabilities[rows, predicted] - probabilities[rows, truth]
    wrong = rows[predicted != truth]
    mistakes = []
    for row in wrong[np.argsort(-margin[wrong], kind="stable")][:limit]:
        sound, cut = clip_sound(manifest, entries[row])
        mistakes.append(
            Mistake(
                entries[row],
                classes[truth[row]],
                classes[predicted[row]],
                float(probabilities[row, predicted[row]]),
                float(probabilities[row, truth[row]]),
                sound,
                cut,
            )
        )
    return mistakes


def clip_sound(manifest: Manifest, entry: ManifestEntry) -> tuple[str | None, bool]:
    """Return a clip's first seconds as a data URI, None if unreadable, and whether it is longer."""
    try:
        samples = read_clip(manifest.audio(entry), entry.file_sha256)
    except DataError:
        return None, False
    longest = _SECONDS * SAMPLE_RATE
    return _data_uri(samples[:longest]), len(samples) > longest


def _data_uri(samples: Samples) -> str:
    import soundfile

    stream = io.BytesIO()
    soundfile.write(stream, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return f"data:audio/flac;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


_SECONDS = 12  # of each clip in the page; clips are 3 to 5 s


def write_evaluation_page(
    path: Path, document: Mapping[str, Any], mistakes: Sequence[Mistake]
) -> None:
    """Write the page, whole or not at all; see :func:`evaluation_page`."""
    page = evaluation_page(document, mistakes)
    write_bytes(path, page.encode("utf-8", "xmlcharrefreplace"))


def evaluation_page(document: Mapping[str, Any], mistakes: Sequence[Mistake]) -> str:
    """Return the HTML of the page from the content of ``metrics.json``; all text is escaped."""
    metrics = document["metrics"]
    return render_page(
        _HOME,
        document=document,
        metrics=metrics,
        calibration=document["calibration"],
        emotions=EMOTIONS,
        figures=[(name, metrics[key], metrics[f"{key}_interval"]) for name, key in FIGURES],
        baselines=_baselines(document),
        shares=[[n / max(sum(row), 1) for n in row] for row in metrics["confusion"]],
        groups=_groups(document["slices"]),
        ticks=[(place / 5, f"{place / 5:g}") for place in range(6)],
        mistakes=mistakes,
        wrong=round(metrics["n"] * (1 - metrics["accuracy"])),
    )


def render_page(package: str, **values: Any) -> str:
    """Return ``page.html`` of a package with these values, in the style of the evaluation's."""
    # the style sheet is part of the package, so it needs no escaping
    style = Markup(files(_HOME).joinpath("page.css").read_text(encoding="utf-8"))  # noqa: S704
    page: str = _template(package).render(
        policy=_policy(style), style=style, counted=counted, **values
    )
    return page.lstrip()


@dataclass(frozen=True)
class _Span:
    """A value with its interval on a scale from 0 to 1."""

    name: str
    middle: float | None
    interval: Sequence[float] | None = None
    n: int | None = None
    own: bool = False


@dataclass(frozen=True)
class _Group:
    """Displayed slices by one key, and the number of hidden ones."""

    name: str
    rows: Sequence[Mapping[str, Any]]
    spans: Sequence[_Span]
    hidden: int


def _baselines(document: Mapping[str, Any]) -> list[_Span]:
    """Return the UAR of the model, of chance and of the label cues."""
    metrics, cues = document["metrics"], document["giveaways"]
    rows = [_Span("this model", metrics["uar"], metrics["uar_interval"], own=True)]
    rows += [_Span(level["name"], level["uar"]) for level in document["chance"]]
    if cues["shallow_cues"]:
        rows.append(_Span("duration and loudness", cues["shallow_cues"]["uar"]))
    rows += [_Span(f"lookup by {key} *", cue["uar"]) for key, cue in cues["confounding"].items()]
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
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; media-src data:; "
        f"base-uri 'none'; form-action 'none'"
    )


def _template(package: str) -> Any:
    environment = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


_HOME = "models.evaluation"
_SHOWN = 40  # slices per key
