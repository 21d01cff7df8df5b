"""Pictures of a run and its evaluation: loss, accuracy, confusions, reliability, timelines."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manifests.emotions import EMOTIONS
from manifests.store import atomic_path
from models.training.history import Epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

__all__ = [
    "draw_accuracy",
    "draw_confusion",
    "draw_loss",
    "draw_reliability",
    "draw_spans",
    "draw_timeline",
]


def draw_loss(path: Path, history: Sequence[Epoch]) -> None:
    """Draw the loss on training and validation clips by epoch, as a PNG."""
    training = [epoch.train_loss for epoch in history]
    _draw_curves(path, "Loss", training, [epoch.val_loss for epoch in history])


def draw_accuracy(path: Path, history: Sequence[Epoch]) -> None:
    """Draw the accuracy on training and validation clips by epoch, as a PNG."""
    training = [epoch.train_accuracy for epoch in history]
    _draw_curves(path, "Accuracy", training, [epoch.val_accuracy for epoch in history])


def draw_confusion(path: Path, confusion: Sequence[Sequence[int]], title: str) -> None:
    """Draw a confusion matrix (true class by row) as a PNG, shaded by the share of the row."""
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
    axes.set_xlabel("told as")
    axes.set_ylabel("is")
    axes.set_title(title)
    _save(figure, path)


def draw_reliability(path: Path, calibration: Mapping[str, Any]) -> None:
    """Draw how often clips were told right against how sure the model was, as a PNG.

    Args:
        path: of the PNG.
        calibration: JSON form of :class:`models.evaluation.calibration.Calibration`.
    """
    figure = _figure(4.6, 4.4)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--")
    for one in calibration["bins"]:
        if one["n"]:
            width = one["high"] - one["low"]
            axes.bar(one["low"], one["accuracy"], width, align="edge", color="#0072b2", alpha=0.35)
            axes.plot(one["confidence"], one["accuracy"], "o", color="#0072b2")
            axes.annotate(str(one["n"]), (one["low"] + width / 2, 0.015), ha="center", fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("probability of the class that was told")
    axes.set_ylabel("share told right")
    axes.set_title(f"Calibration: ECE {calibration['ece']:.3f}, Brier {calibration['brier']:.3f}")
    _save(figure, path)


def draw_spans(path: Path, rows: Sequence[Mapping[str, Any]], title: str) -> None:
    """Draw the UAR of slices with their intervals, as a PNG; of many, those with most clips."""
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
    """Draw the probabilities of the classes over the time of a file, stacked, as a PNG.

    Longer files take several lines of five minutes or more.

    Args:
        path: of the PNG.
        clips: in the order of time; ``start``, ``end`` and ``probabilities`` by class of each.
        title: of the picture.
    """
    from matplotlib.patches import Patch

    end = max((clip["end"] for clip in clips), default=1.0)
    lines = min(math.ceil(end / _LINE_SECONDS), _MOST_LINES)
    length = end if lines == 1 else max(_LINE_SECONDS, math.ceil(end / lines / 60) * 60)
    figure = _figure(10.0, 1.6 + 1.4 * lines)
    for number, axes in enumerate(figure.subplots(lines, 1, squeeze=False)[:, 0]):
        since, until = number * length, (number + 1) * length
        _draw_shares(axes, [one for one in clips if one["end"] > since and one["start"] < until])
        axes.set_xlim(since, until)
        axes.set_ylim(0, 1)
        axes.xaxis.set_major_locator(_ticks(length))
        axes.xaxis.set_major_formatter(
            lambda seconds, _: f"{round(seconds) // 60}:{round(seconds) % 60:02d}"
        )
    axes.set_xlabel("time (min:s)")
    figure.supylabel("probability", fontsize="medium")
    figure.suptitle(_plain(title))
    named = [Patch(color=colour, label=name) for name, colour in _colours()]
    figure.legend(handles=named, loc="outside right center", frameon=False, reverse=True)
    _save(figure, path)


def _draw_shares(axes: "Axes", clips: Sequence[Mapping[str, Any]]) -> None:
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
    """Return marks at round times, ten at most."""
    from matplotlib.ticker import MultipleLocator

    return MultipleLocator(
        next(step for step in _STEPS if length / step <= 10 or step == _STEPS[-1])
    )


def _colours() -> list[tuple[str, str]]:
    return list(zip(EMOTIONS, COLOURS, strict=True))


def _plain(text: str) -> str:
    """Return a text that matplotlib takes for no formula, and that its font has the letters of."""
    known = (letter if ord(letter) < _FIRST_UNKNOWN else "?" for letter in text)
    return "".join(known).replace("$", r"\$")


def _draw_curves(
    path: Path, what: str, training: Sequence[float], validation: Sequence[float | None]
) -> None:
    figure = _figure(6.0, 3.8)
    axes = figure.add_subplot()
    epochs = range(1, len(training) + 1)
    axes.plot(epochs, training, label="training (as disturbed)")
    there = [(epoch, value) for epoch, value in zip(epochs, validation, strict=True) if value]
    if there:
        axes.plot(*zip(*there, strict=True), label="validation")
    axes.set_xlabel("epoch")
    axes.set_ylabel(what.lower())
    axes.set_title(what)
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def _figure(width: float, height: float) -> "Figure":
    """Return a figure that needs no display and leaves matplotlib's global state alone."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: "Figure", path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


COLOURS = ("#d55e00", "#cc79a7", "#e6a700", "#9aa1a8", "#009e73", "#0072b2")
"""Of the classes, after Okabe and Ito, so that people with any colour vision tell them apart."""

_MOST_ROWS = 60
_LINE_SECONDS = 300  # of a timeline
_MOST_LINES = 18
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800)  # seconds
_FIRST_UNKNOWN = 0x530  # of the letters in Unicode that the font lacks
