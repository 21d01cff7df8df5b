"""Plots of runs and evaluations: loss, accuracy, confusion, reliability, intervals, timelines."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from manifests.base.emotions import EMOTIONS
from manifests.card.plots import save_pdf
from manifests.storage.store import atomic_path
from models.runs import Epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

__all__ = [
    "draw_accuracy",
    "draw_confusion",
    "draw_curves",
    "draw_loss",
    "draw_reliability",
    "draw_spans",
    "draw_timeline",
]


def draw_loss(path: Path, history: Sequence[Epoch], note: str = "") -> None:
    """Draw training and validation loss by epoch as a PNG, beside that of guessing, with a note."""
    training = [epoch.train_loss for epoch in history]
    validation = [epoch.val_loss for epoch in history if epoch.val_loss is not None]
    curves = {"training (augmented)": [training], "validation": [validation]}
    guess = ("guessing: ln 6", math.log(len(EMOTIONS)))
    draw_curves(path, "Loss", "loss", curves, level=guess, note=note if validation else "")


def draw_accuracy(path: Path, history: Sequence[Epoch]) -> None:
    """Draw training and validation accuracy by epoch as a PNG."""
    training = [epoch.train_accuracy for epoch in history]
    validation = [epoch.val_accuracy for epoch in history if epoch.val_accuracy is not None]
    curves = {"training (augmented)": [training], "validation": [validation]}
    draw_curves(path, "Accuracy", "accuracy", curves)


def draw_curves(
    path: Path,
    title: str,
    unit: str,
    curves: Mapping[str, Sequence[Sequence[float]]],
    *,
    level: tuple[str, float] | None = None,
    note: str = "",
) -> None:
    """Draw curves by epoch as a PNG: the mean of each over its runs, and their range.

    ``curves`` has the values of each run by epoch, by name; empty ones are left out. A ``level`` is
    a dashed line, with its name; a ``note`` explains the curves below them.
    """
    from matplotlib.ticker import MaxNLocator

    figure = _figure(6.0, 4.5 if note else 3.8)
    axes = figure.add_subplot()
    for name, runs in curves.items():
        if shortest := min((len(run) for run in runs), default=0):
            values = np.array([run[:shortest] for run in runs])  # (runs, epochs)
            epochs = np.arange(1, shortest + 1)
            axes.plot(epochs, values.mean(axis=0), label=name)
            axes.fill_between(epochs, values.min(axis=0), values.max(axis=0), alpha=0.2)
    if level is not None:
        axes.axhline(level[1], color="grey", linewidth=1, linestyle="--", label=level[0])
    if note:
        figure.supxlabel(fill(note, 92), fontsize="small")
    axes.set_xlabel("epoch")
    axes.set_ylabel(unit)
    axes.set_title(title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def draw_confusion(path: Path, confusion: Sequence[Sequence[int]], title: str) -> None:
    """Draw a confusion matrix (rows: true class) as a PNG, shaded by row share."""
    figure = _figure(5.2, 4.6)
    axes = figure.add_subplot()
    shares = [[n / max(sum(row), 1) for n in row] for row in confusion]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, counts in enumerate(confusion):
        for column, n in enumerate(counts):
            shade = "white" if shares[row][column] > 0.5 else "black"
            axes.text(column, row, str(n), ha="center", va="center", color=shade)
    places = range(len(EMOTIONS))
    axes.set_xticks(places, EMOTIONS, rotation=45, ha="right")
    axes.set_yticks(places, EMOTIONS)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title)
    _save(figure, path)


def draw_reliability(path: Path, calibration: Mapping[str, Any]) -> None:
    """Draw a reliability diagram, accuracy against confidence, as a PNG.

    ``calibration`` is the JSON form of :class:`models.evaluation.calibration.Calibration`.
    """
    figure = _figure(4.6, 4.4)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--")
    for group in calibration["bins"]:
        if not group["n"]:
            continue
        low, width = group["low"], group["high"] - group["low"]
        axes.bar(low, group["accuracy"], width, align="edge", color="#0072b2", alpha=0.35)
        axes.plot(group["confidence"], group["accuracy"], "o", color="#0072b2")
        axes.annotate(str(group["n"]), (low + width / 2, 0.015), ha="center", fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("probability of the predicted class")
    axes.set_ylabel("accuracy")
    axes.set_title(f"Calibration: ECE {calibration['ece']:.3f}, Brier {calibration['brier']:.3f}")
    _save(figure, path)


def draw_spans(path: Path, rows: Sequence[Mapping[str, Any]], title: str) -> None:
    """Draw the UAR of slices with intervals as a PNG, at most 60 slices with the most clips."""
    shown = sorted(rows, key=lambda row: -row["n"])[:_MOST_ROWS]
    figure = _figure(6.0, 1.2 + 0.26 * max(len(shown), 1))
    axes = figure.add_subplot()
    for place, row in enumerate(reversed(shown)):
        low, high = row["uar_interval"]
        axes.plot([low, high], [place, place], color="#56b4e9", linewidth=4, solid_capstyle="butt")
        axes.plot(row["uar"], place, "o", color="#0072b2")
    names = [_plain(f"{row['value'][:24]} ({row['n']})") for row in reversed(shown)]
    axes.set_yticks(range(len(shown)), names)
    axes.set_xlim(0, 1)
    axes.grid(axis="x", alpha=0.3)
    axes.set_title(title)
    _save(figure, path)


def draw_timeline(path: Path, clips: Sequence[Mapping[str, Any]], title: str) -> None:
    """Draw the class probabilities over the time of a file, stacked, as a PNG.

    Long files are split into several lines of five minutes or more. Clips are in temporal order,
    each with ``start``, ``end`` and ``probabilities`` by class.
    """
    from matplotlib.patches import Patch

    end = max((clip["end"] for clip in clips), default=1.0)
    lines = min(math.ceil(end / _LINE_SECONDS), _MOST_LINES)
    length = end if lines == 1 else max(_LINE_SECONDS, math.ceil(end / lines / 60) * 60)
    figure = _figure(10.0, 1.6 + 1.4 * lines)
    for number, axes in enumerate(figure.subplots(lines, 1, squeeze=False)[:, 0]):
        since, until = number * length, (number + 1) * length
        shown = [clip for clip in clips if clip["end"] > since and clip["start"] < until]
        _draw_probabilities(axes, shown)
        axes.set_xlim(since, until)
        axes.set_ylim(0, 1)
        axes.xaxis.set_major_locator(_ticks(length))
        axes.xaxis.set_major_formatter(
            lambda seconds, _: f"{round(seconds) // 60}:{round(seconds) % 60:02d}"
        )
    axes.set_xlabel("time (min:s)")
    figure.supylabel("probability", fontsize="medium")
    figure.suptitle(_plain(title))
    handles = [Patch(color=colour, label=name) for name, colour in _colours()]
    figure.legend(handles=handles, loc="outside right center", frameon=False, reverse=True)
    _save(figure, path)


def _draw_probabilities(axes: "Axes", clips: Sequence[Mapping[str, Any]]) -> None:
    from matplotlib.collections import PolyCollection

    floor = [0.0] * len(clips)
    for name, colour in _colours():
        tops = [low + clip["probabilities"][name] for low, clip in zip(floor, clips, strict=True)]
        boxes = [
            [(clip["start"], low), (clip["start"], top), (clip["end"], top), (clip["end"], low)]
            for clip, low, top in zip(clips, floor, tops, strict=True)
        ]
        axes.add_collection(PolyCollection(boxes, facecolors=colour, linewidths=0))
        floor = tops


def _ticks(length: float) -> "Locator":
    """Return at most ten ticks at round times."""
    from matplotlib.ticker import MultipleLocator

    return MultipleLocator(
        next(step for step in _STEPS if length / step <= 10 or step == _STEPS[-1])
    )


def _colours() -> list[tuple[str, str]]:
    return list(zip(EMOTIONS, COLOURS, strict=True))


def _plain(text: str) -> str:
    """Return a text with formulas escaped, and letters that matplotlib's font lacks as "?"."""
    letters = (letter if ord(letter) < _FIRST_MISSING else "?" for letter in text)
    return "".join(letters).replace("$", r"\$")


def _figure(width: float, height: float) -> "Figure":
    """Return a figure without a display and without changing matplotlib's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: "Figure", path: Path) -> None:
    with atomic_path(path) as temporary:
        if path.suffix == ".pdf":
            save_pdf(figure, temporary)
            return
        figure.savefig(temporary, format="png")


COLOURS = ("#d55e00", "#cc79a7", "#e6a700", "#9aa1a8", "#009e73", "#0072b2")
"""Colours of the classes after Okabe and Ito, distinguishable with colour blindness."""

_MOST_ROWS = 60
_LINE_SECONDS = 300  # shortest line of a timeline
_MOST_LINES = 18
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800)  # seconds
_FIRST_MISSING = 0x530  # first code point that the font lacks
