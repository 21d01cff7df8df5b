"""Manual regions and review decisions of a source, and their effect on its clips."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus_tools.media.cut import Cut
from corpus_tools.media.identity import clip_id
from manifests.base.errors import DataError
from manifests.storage.records import Choice
from manifests.storage.store import inside, read_sealed, sealed_jsonl, write_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
"""Reasons of clips that a person decided on; they override every measure."""

REGION_DROP, NOT_CHOSEN = "region_drop", "not_chosen"
CLOSED = (REGION_DROP, NOT_CHOSEN)
"""Ledger reasons of manually dropped regions, and of time outside the regions kept."""


@dataclass(frozen=True)
class Choices:
    """Manual regions and review decisions of one source, in order of time."""

    rows: tuple[Choice, ...] = ()

    @cached_property
    def regions(self) -> list[Choice]:
        """Manual regions, from a regions file."""
        return [row for row in self.rows if row.origin == "regions"]

    @cached_property
    def reviews(self) -> list[Choice]:
        """Review decisions on single clips."""
        return [row for row in self.rows if row.origin == "review"]

    @cached_property
    def _by_edges(self) -> dict[tuple[float, float], str]:
        return {(row.start, row.end): row.decision for row in self.reviews}

    @property
    def inputs(self) -> dict[str, Any]:
        """JSON-ready inputs of the cuts: regions and moved edges, which alone change the cuts."""
        return {
            "regions": [[row.start, row.end, row.decision, row.speaker] for row in self.regions],
            "trims": [[row.start, row.end] for row in self.reviews if is_trim(row)],
        }

    def review_of(self, clip: str) -> Choice | None:
        """Return the decision on a clip, by its planned id or by the id with its current edges."""
        return next((row for row in self.reviews if clip in (row.clip_id, _name(row))), None)

    def fixed(self) -> list[Cut]:
        """Return the cuts decided in review, which no plan may change."""
        return [Cut.at(row.start, row.end) for row in self.reviews]

    def closed(self, length: int) -> "dict[str, NDArray[np.bool_]]":
        """Return the frames that manual regions close to clips, by ledger reason.

        These are the dropped regions and, if any region is kept, all of the ``length`` frames that
        don't lie completely in a kept one.
        """
        import numpy as np  # not at the top: corpus why reads choices, too

        from corpus_tools.segmentation.voice.base import FRAME_MS

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
        """Return the manual reason for the clip with these edges in seconds, if any."""
        decision = self._by_edges.get((start, end))
        if decision:
            return HUMAN_KEEP if decision == "keep" else HUMAN_DROP
        for row in self.regions:
            if row.decision == "keep" and row.start <= start and end <= row.end:
                return HUMAN_KEEP
        return None

    def speakers(self, start: float, end: float) -> set[str]:
        """Return the speakers that the regions file gives for a clip with these edges in seconds.

        One if only its regions contain the clip, else those of all that overlap it if several.
        """
        named = [(row.speaker, row) for row in self.regions if row.speaker]
        containing = {speaker for speaker, row in named if row.start <= start and end <= row.end}
        if len(containing) == 1:
            return containing
        overlapping = {speaker for speaker, row in named if row.start < end and start < row.end}
        return overlapping if len(overlapping) > 1 else set()


def read_choices(corpus: Path, source_id: str) -> Choices:
    """Return a source's regions and review decisions; empty without a file.

    `DataError` names file and line of a row that isn't a valid record.
    """
    path = _path(corpus, source_id)
    if not path.is_file():
        return Choices()
    rows = tuple(
        Choice.parse(row, f"{path}, line {number}")
        for number, row in enumerate(read_sealed(path), start=1)
    )
    other = next((row.source_id for row in rows if row.source_id != source_id), None)
    if other is not None:
        raise DataError(f"{path}: has the choices of {other}; restore it from a copy")
    return Choices(rows)


def put_regions(corpus: Path, source_id: str, regions: Sequence[Choice]) -> None:
    """Replace the manual regions of a source; review decisions stay."""
    _write(corpus, source_id, [*read_choices(corpus, source_id).reviews, *regions])


def put_reviews(
    corpus: Path, source_id: str, reviews: Iterable[Choice], undone: Collection[str] = ()
) -> None:
    """Add review decisions; each replaces the earlier one on its clip, named by ``clip_id``.

    Decisions on the clips with the planned ids in ``undone`` are removed.
    """
    stored = read_choices(corpus, source_id)
    by_planned = {row.clip_id: row for row in stored.reviews if row.clip_id not in undone}
    planned_of = {_name(row): name for name, row in by_planned.items()}
    for row in reviews:
        planned = planned_of.get(row.clip_id or "", row.clip_id)
        earlier = by_planned.get(planned)
        if earlier:
            planned_of.pop(_name(earlier), None)
        edges = {"start": round(row.start, 3), "end": round(row.end, 3)}
        by_planned[planned] = row.changed(clip_id=planned, **edges)
        planned_of[_name(row)] = planned
    _write(corpus, source_id, [*stored.regions, *by_planned.values()])


def _write(corpus: Path, source_id: str, rows: Iterable[Choice]) -> None:
    path = _path(corpus, source_id)
    ordered = sorted(rows, key=lambda row: (row.start, row.end, row.origin, row.decision))
    if ordered or path.is_file():
        write_bytes(path, sealed_jsonl(row.row() for row in ordered))


def _path(corpus: Path, source_id: str) -> Path:
    return inside(corpus, f"choices/{source_id}.jsonl")


def _name(row: Choice) -> str:
    cut = Cut.at(row.start, row.end)
    return clip_id(row.source_id, cut.start_ms, cut.end_ms)


def is_trim(row: Choice) -> bool:
    """Return whether a review decision moves the edges of its clip."""
    return row.clip_id is not None and row.clip_id != _name(row)
