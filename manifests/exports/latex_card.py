"""LaTeX export: the card's table of clips by split and class, and its figures as PDF, no clips."""

from pathlib import Path

from manifests.base.emotions import EMOTIONS
from manifests.base.latex import latex_table
from manifests.base.outcome import counted
from manifests.card.plots import draw_classes, draw_splits
from manifests.exports.contents import Contents
from manifests.splits.partition import SPLITS, Partition
from manifests.storage.store import write_text

__all__ = ["write"]


def write(contents: Contents, folder: Path) -> None:
    """Write ``card.tex``, which needs booktabs, ``classes.pdf`` and ``splits.pdf``."""
    header, entries = contents.manifest.header, list(contents.entries)
    partition = Partition((), (0.0, 0.0, 0.0), entries)
    rows = []
    for split in [split for split in SPLITS if partition.sizes[split]]:
        own = [entry for entry in entries if entry.split == split]
        hours = sum(entry.duration for entry in own) / 3600
        speakers = len({entry.speaker for entry in own if entry.speaker})
        counts = [str(count) for count in partition.counts[split].values()]
        rows.append([split, *counts, str(len(own)), str(speakers), f"{hours:.2f}"])
    sources = counted(len({entry.source_id for entry in entries}), "source")
    text = latex_table(
        ["split", *EMOTIONS, "clips", "speakers", "hours"],
        rows,
        caption=f"{counted(len(entries), 'clip')} of {sources}, version {header.version}, digest "
        f"{header.digest[:16]}.",
        label="corpus",
    )
    write_text(folder / "card.tex", text)
    draw_classes(partition, folder / "classes.pdf")
    draw_splits(partition, folder / "splits.pdf")
