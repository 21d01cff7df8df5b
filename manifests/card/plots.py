"""Plots of a manifest: clips per class, and classes in each split."""

from pathlib import Path
from typing import TYPE_CHECKING

from manifests.base.emotions import EMOTIONS
from manifests.splits.partition import SPLITS, Partition
from manifests.storage.records import Split

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "draw_classes", "draw_splits", "save_pdf"]

# Okabe & Ito's colours, distinguishable with colour blindness
COLOURS: dict[Split, str] = {
    "train": "#0072B2",
    "val": "#E69F00",
    "test": "#009E73",
    "held": "#BBBBBB",
}


def draw_classes(partition: Partition, path: Path) -> None:
    """Plot clips per class, stacked by split, into a PNG or PDF."""
    figure, axes = _figure()
    below = [0] * len(EMOTIONS)
    for split in _present(partition):
        heights = list(partition.counts[split].values())
        axes.bar(EMOTIONS, heights, 0.65, bottom=below, color=COLOURS[split], label=split)
        below = [base + height for base, height in zip(below, heights, strict=True)]
    for place, total in enumerate(below):
        axes.annotate(
            str(total), (place, total), (0, 3), textcoords="offset points", ha="center", va="bottom"
        )
    axes.set_ylim(0, 1.12 * max(*below, 1))
    axes.set_ylabel("clips")
    axes.set_title(f"Clips per class (n = {sum(below)})", loc="left")
    _save(figure, axes, path)


def draw_splits(partition: Partition, path: Path) -> None:
    """Plot the share of each class per split, PNG or PDF; equal bars mean a stratified split."""
    figure, axes = _figure()
    splits = _present(partition)
    width = 0.8 / len(splits)
    highest = 0.0
    for number, split in enumerate(splits):
        size = partition.sizes[split]
        shares = [100 * count / size for count in partition.counts[split].values()]
        places = [base + (number - (len(splits) - 1) / 2) * width for base in range(len(EMOTIONS))]
        axes.bar(places, shares, 0.92 * width, color=COLOURS[split], label=f"{split} (n = {size})")
        highest = max(highest, *shares)
    axes.set_xticks(range(len(EMOTIONS)), EMOTIONS)
    axes.set_ylim(0, 1.12 * highest)
    axes.set_ylabel("share of the split (%)")
    axes.set_title("Classes in each split", loc="left")
    _save(figure, axes, path)


def _present(partition: Partition) -> list[Split]:
    return [split for split in SPLITS if partition.sizes[split]]


def _figure() -> "tuple[Figure, Axes]":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.2), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _save(figure: "Figure", axes: "Axes", path: Path) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.yaxis.grid(color="#DDDDDD", linewidth=0.8)
    axes.set_axisbelow(True)
    figure.legend(frameon=False, loc="outside lower center", ncols=4)
    if path.suffix == ".pdf":
        save_pdf(figure, path)
        return
    figure.savefig(path, format="png", metadata={"Software": None})


def save_pdf(figure: "Figure", path: Path) -> None:
    """Write a figure as PDF, with letters that can be searched; equal figures give equal bytes."""
    from matplotlib import rc_context

    with rc_context({"pdf.fonttype": 42}):
        figure.savefig(path, format="pdf", metadata={"CreationDate": None})
