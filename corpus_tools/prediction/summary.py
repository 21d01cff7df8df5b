"""Summary of predictions by class, for the terminal and as a page with pictures."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manifests.base.emotions import EMOTIONS
from manifests.base.outcome import counted
from manifests.base.timecode import format_time
from models.evaluation.page import render_page

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["ClassSummary", "prediction_page", "summarise", "summary_table"]

Clips = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ClassSummary:
    """What was predicted to be of a class: clips, seconds, share of the time, mean probability.

    ``surest`` is the start of the clip with the highest probability. The last two are None without
    clips.
    """

    emotion: str
    clips: int
    seconds: float
    share: float
    probability: float | None
    surest: float | None

    @property
    def cells(self) -> tuple[str, ...]:
        """Cells of its row."""
        mean = "–" if self.probability is None else f"{self.probability:.2f}"
        surest = "–" if self.surest is None else format_time(self.surest)
        share = f"{100 * self.share:.0f} %"
        return (self.emotion, str(self.clips), f"{self.seconds:.0f} s", share, mean, surest)


def summarise(clips: Clips) -> list[ClassSummary]:
    """Return the summary of each class, in class order."""
    total = sum(clip["end"] - clip["start"] for clip in clips) or 1.0
    found = []
    for name in EMOTIONS:
        own = [clip for clip in clips if clip["emotion"] == name]
        seconds = sum(clip["end"] - clip["start"] for clip in own)
        odds = [clip["probabilities"][name] for clip in own]
        surest = own[odds.index(max(odds))]["start"] if own else None
        mean = sum(odds) / len(odds) if odds else None
        found.append(ClassSummary(name, len(own), seconds, seconds / total, mean, surest))
    return found


def summary_table(title: str, clips: Clips, *, timed: bool = True) -> "Table":
    """Return the printed summary of clips; without ``timed`` the surest isn't given by its time."""
    from rich.table import Table

    heads = HEADS if timed else HEADS[:-1]
    table = Table(*heads, title=title, caption=counted(len(clips), "clip"))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in summarise(clips):
        table.add_row(*row.cells[: len(heads)])
    return table


def prediction_page(run: str, pictures: Mapping[str, tuple[Clips, Path]], count: int) -> str:
    """Return the HTML of a page with a summary and the picture of each file, by its name."""
    parts = [
        {
            "name": name,
            "clips": counted(len(clips), "clip"),
            "rows": [row.cells for row in summarise(clips)],
            "table": f"timelines/{path.stem}.csv",
            "picture": f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}",
        }
        for name, (clips, path) in list(pictures.items())[:_MOST_PICTURES]
        if path.is_file()
    ]
    more = len(pictures) - len(parts)
    return render_page(
        "corpus_tools.prediction",
        run=run,
        heads=HEADS,
        parts=parts,
        clips=counted(count, "clip"),
        hidden=counted(more, "more file") if more else "",
    )


HEADS = ("emotion", "clips", "time", "share", "mean probability", "surest at")
_MOST_PICTURES = 50  # files on a page
