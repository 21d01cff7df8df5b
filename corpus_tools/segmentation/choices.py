"""What people chose for a source, stretches and single clips, and what follows from it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.identity import clip_id
from corpus_tools.segmentation.activity import FRAME_MS
from corpus_tools.segmentation.planning import Cut
from manifests.records import Choice
from manifests.store import inside, read_jsonl, write_jsonl

__all__ = [
    "CLOSED",
    "HUMAN_DROP",
    "HUMAN_KEEP",
    "Choices",
    "is_trim",
    "put_regions",
    "put_reviews",
    "read_choices",
]

HUMAN_KEEP, HUMAN_DROP = "human_keep", "human_drop"
"""Reasons of clips that a person decided on; they outrank every measure."""

REGION_DROP, NOT_CHOSEN = "region_drop", "not_chosen"
CLOSED = (REGION_DROP, NOT_CHOSEN)
"""Where the seconds go of stretches that a person dropped, or left out of what they chose."""


@dataclass(frozen=True)
class Choices:
    """All that people chose for one source.

    Attributes:
        rows: in order of time.
    """

    rows: tuple[Choice, ...] = ()

    @cached_property
    def regions(self) -> list[Choice]:
        """Those that came as a regions file."""
        return [row for row in self.rows if row.origin == "regions"]

    @cached_property
    def reviews(self) -> list[Choice]:
        """Those about single clips."""
        return [row for row in self.rows if row.origin == "review"]

    @cached_property
    def _by_edges(self) -> dict[tuple[float, float], str]:
        return {(row.start, row.end): row.decision for row in self.reviews}

    @property
    def inputs(self) -> dict[str, Any]:
        """What of them the cuts depend on, JSON-ready: regions, and edges moved by hand.

        A clip that was kept or dropped as it is changes no cut.
        """
        return {
            "regions": [[row.start, row.end, row.decision, row.speaker] for row in self.regions],
            "trims": [[row.start, row.end] for row in self.reviews if is_trim(row)],
        }

    def review_of(self, clip: str) -> Choice | None:
        """Return the decision on a clip, named as it was planned or as its edges are now."""
        return next((row for row in self.reviews if clip in (row.clip_id, _name(row))), None)

    def fixed(self) -> list[Cut]:
        """Return the cuts that a person decided on, which no plan may change."""
        return [Cut.at(row.start, row.end) for row in self.reviews]

    def closed(self, length: int) -> dict[str, NDArray[np.bool_]]:
        """Return the frames in which a person wants no clip, by ledger reason.

        Dropped stretches are; where any stretch was kept, so is all that lies outside. A frame is
        in a stretch if all of it is.

        Args:
            length: of the source, in frames.
        """
        dropped = np.zeros(length, dtype=np.bool_)
        kept = np.zeros(length, dtype=np.bool_)
        for row in self.regions:
            cut = Cut.at(row.start, row.end)
            if row.decision == "drop":
                dropped[cut.start_ms // FRAME_MS : -(-cut.end_ms // FRAME_MS)] = True
            else:
                kept[-(-cut.start_ms // FRAME_MS) : cut.end_ms // FRAME_MS] = True
        outside = ~(kept | dropped) & any(row.decision == "keep" for row in self.regions)
        return {REGION_DROP: dropped, NOT_CHOSEN: outside}

    def reason(self, start: float, end: float) -> str | None:
        """Return what a person decided on the clip with these edges in seconds, if anything."""
        decision = self._by_edges.get((start, end))
        if decision:
            return HUMAN_KEEP if decision == "keep" else HUMAN_DROP
        for row in self.regions:
            if row.decision == "keep" and row.start <= start and end <= row.end:
                return HUMAN_KEEP
        return None

    def speakers(self, start: float, end: float) -> set[str]:
        """Return who a regions file says speaks in a clip with these edges in seconds.

        Returns:
            The speaker of the stretch that it lies in; all of them where it lies in, or over,
            stretches of several; nobody where the file doesn't say.
        """
        named = [(row.speaker, row) for row in self.regions if row.speaker]
        around = {speaker for speaker, row in named if row.start <= start and end <= row.end}
        if len(around) == 1:
            return around
        touched = {speaker for speaker, row in named if row.start < end and start < row.end}
        return touched if len(touched) > 1 else set()


def read_choices(corpus: Path, source_id: str) -> Choices:
    """Return what people chose for a source; nothing if no file tells.

    Raises:
        DataError: naming file and line, for a row that is no such record.
    """
    path = _path(corpus, source_id)
    if not path.is_file():
        return Choices()
    return Choices(
        tuple(
            Choice.parse(row, f"{path}, line {number}")
            for number, row in enumerate(read_jsonl(path), start=1)
        )
    )


def put_regions(corpus: Path, source_id: str, regions: Sequence[Choice]) -> None:
    """Replace the regions of a source; reviews stay."""
    _write(corpus, source_id, [*read_choices(corpus, source_id).reviews, *regions])


def put_reviews(
    corpus: Path, source_id: str, reviews: Iterable[Choice], undone: Collection[str] = ()
) -> None:
    """Add decisions on clips; a later one on the same clip replaces the earlier one.

    Args:
        corpus: the corpus folder.
        source_id: of which source.
        reviews: each with the ``clip_id`` that the person looked at.
        undone: clips, as they were planned, of which no decision is to be kept.
    """
    known = read_choices(corpus, source_id)
    by_planned = {row.clip_id: row for row in known.reviews if row.clip_id not in undone}
    planned_of = {_name(row): name for name, row in by_planned.items()}
    for row in reviews:
        planned = planned_of.get(row.clip_id or "", row.clip_id)
        earlier = by_planned.get(planned)
        if earlier:
            planned_of.pop(_name(earlier), None)
        edges = {"start": round(row.start, 3), "end": round(row.end, 3)}
        by_planned[planned] = row.changed(clip_id=planned, **edges)
        planned_of[_name(row)] = planned
    _write(corpus, source_id, [*known.regions, *by_planned.values()])


def _write(corpus: Path, source_id: str, rows: Iterable[Choice]) -> None:
    path = _path(corpus, source_id)
    ordered = sorted(rows, key=lambda row: (row.start, row.end, row.origin, row.decision))
    if ordered or path.is_file():
        write_jsonl(path, [row.row() for row in ordered])


def _path(corpus: Path, source_id: str) -> Path:
    return inside(corpus, f"choices/{source_id}.jsonl")


def _name(row: Choice) -> str:
    cut = Cut.at(row.start, row.end)
    return clip_id(row.source_id, cut.start_ms, cut.end_ms)


def is_trim(row: Choice) -> bool:
    """Return whether a person moved the edges of a clip."""
    return row.clip_id is not None and row.clip_id != _name(row)
