"""Decision files, saved by a page and possibly edited in a spreadsheet, and their validation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.segmentation.intake.selections import Choices, is_trim
from manifests.base.csv_tables import Ragged, read_rows
from manifests.base.errors import DataError
from manifests.base.timecode import parse_time
from manifests.storage.records import Choice, Clip, Source

__all__ = ["Decision", "DecisionChecker", "read_decisions"]

Action = Literal["keep", "drop", "trim", "undo"]
COLUMNS = ("source", "clip_id", "from", "to", "decision", "note")


@dataclass(frozen=True)
class Decision:
    """Row of a decision file.

    ``action`` is ``keep``, ``drop``, ``trim`` (keep with other edges) or ``undo``; ``start`` and
    ``end`` are in seconds, for ``trim`` of the trimmed clip, and None if empty.
    """

    file: str
    line: int
    source_id: str
    clip_id: str
    action: Action
    start: float | None
    end: float | None
    note: str | None


def read_decisions(path: Path) -> Iterator[Decision | DataError]:
    """Yield the rows of a decision file; a bad row as an error that names its line.

    The columns `COLUMNS` (``note`` is optional) may be in any order. Times are seconds or
    ``[h:]m:s``, with a point or a comma. Raise DataError if the file can't be read, or lacks a
    column.
    """
    rows = read_rows(path)
    _, first = next(rows, (0, []))
    names = [name.lower() for name in first]
    missing = [name for name in COLUMNS[:-1] if name not in names]
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        raise DataError(f"{path}: duplicate column '{twice[0]}'; rename or remove one")
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; the columns are {', '.join(COLUMNS)}"
        )
    for line, cells in rows:
        try:
            if any(cells[len(names) :]):
                raise DataError(Ragged.problem)
            yield _decision(path.name, line, dict(zip(names, cells, strict=False)))
        except DataError as error:
            yield DataError(f"line {line}: {error}")


def _decision(file: str, line: int, row: dict[str, str]) -> Decision:
    source_id, clip_id, action = (row.get(name, "") for name in ("source", "clip_id", "decision"))
    if not 0 < len(source_id) <= _LONGEST_ID or not 0 < len(clip_id) <= _LONGEST_ID:
        raise DataError("no source and clip; don't edit these columns")
    if action.lower() not in get_args(Action):
        raise DataError(f"unknown decision {action[:40]!r}; write keep, drop, trim or undo")
    start, end = (parse_time(row[name]) if row.get(name) else None for name in ("from", "to"))
    if action.lower() == "trim" and (start is None or end is None):
        raise DataError("trim without times; fill in from and to")
    if start is not None and end is not None and end <= start:
        raise DataError(f"ends at {row['to']}, not after its start; check from and to")
    return Decision(
        file=file,
        line=line,
        source_id=source_id,
        clip_id=clip_id,
        action=cast(Action, action.lower()),
        start=start,
        end=end,
        note=row.get("note") or None,
    )


_LONGEST_ID = 200


@dataclass(frozen=True)
class DecisionChecker:
    """Validator of decisions on the clips of one source, by the stored records and settings.

    ``film`` is None if not found; ``frozen`` names the file that freezes each such clip.
    """

    source: Source
    film: Path | None
    clips: Mapping[str, Clip]
    accepted: frozenset[str]
    choices: Choices
    frozen: Mapping[str, str]
    settings: SegmentSettings

    def choice(self, decision: Decision, others: Sequence[Decision]) -> Choice:
        """Return a decision's record, given the source's others, or raise DataError."""
        clip = self.clips.get(decision.clip_id)
        if clip is None:
            return self._stored(decision)
        start = clip.start if decision.start is None else decision.start
        end = clip.end if decision.end is None else decision.end
        moved = abs(start - clip.start) > _ROUNDING or abs(end - clip.end) > _ROUNDING
        if moved and decision.action != "trim":
            raise DataError(
                f"{start:.3f} to {end:.3f} aren't the clip's times; write trim to move its edges"
            )
        if not moved:
            return _choice(decision, clip.start, clip.end)
        self._check_edges(clip, start, end)
        self._check_neighbours(clip, start, end, others)
        return _choice(decision, start, end)

    def undone(self, clip_id: str) -> Choice | None:
        """Return a clip's decision to undo, None without any; DataError if that's impossible."""
        row = self.choices.review_of(clip_id)
        if row is None:
            if clip_id not in self.clips:
                raise self._unknown(clip_id)
            return None
        if is_trim(row):
            trimmed = [c for c in self.clips.values() if (c.start, c.end) == _edges(row)]
            for clip in trimmed:
                self._check_movable(clip)
        return row

    def _stored(self, decision: Decision) -> Choice:
        """Return a decision that was applied already, so that its planned clip is gone."""
        for row in self.choices.reviews:
            if row.clip_id != decision.clip_id:
                continue
            if decision.action == "trim" and (row.start, row.end) == (
                decision.start,
                decision.end,
            ):
                return row
            raise DataError(
                f"the edges of {decision.clip_id} were moved since the page was made; "
                f"write the page again: corpus review"
            )
        raise self._unknown(decision.clip_id)

    def _unknown(self, clip_id: str) -> DataError:
        return DataError(
            f"{clip_id} is not a clip of {self.source.source_id}; "
            f"if it was cut again since, write the page again: corpus review"
        )

    def _check_movable(self, clip: Clip) -> None:
        if self.source.kind != "drama":
            raise DataError("a recorded line can't be trimmed; keep it or drop it")
        if self.film is None:
            raise DataError(
                "trimming needs the film, which is not in the corpus folder; "
                "name it after the file: corpus review --apply FILE FILM"
            )
        if clip.clip_id in self.frozen:
            raise DataError(
                f"{clip.clip_id} is frozen (named by {self.frozen[clip.clip_id]}) and can't be "
                f"trimmed; keep or drop it as it is"
            )

    def _check_edges(self, clip: Clip, start: float, end: float) -> None:
        self._check_movable(clip)
        low, high = self.settings.min_seconds, self.settings.max_seconds
        if not low - _ROUNDING <= end - start <= high + _ROUNDING:
            raise DataError(
                f"{start:.3f} to {end:.3f} is {end - start:.3f} s; clips last {low:g} to {high:g} s"
            )
        if end > self.source.duration + _ROUNDING:
            raise DataError(f"{end:.3f} is after the source's end, {self.source.duration:.3f} s")

    def _check_neighbours(
        self, clip: Clip, start: float, end: float, others: Sequence[Decision]
    ) -> None:
        """Refuse to overlap clips that are accepted, decided on or frozen."""
        decided = {other.clip_id: other for other in others}
        reviewed = {(row.start, row.end) for row in self.choices.reviews}
        for other in self.clips.values():
            edges = (other.start, other.end)
            own = decided.get(other.clip_id)
            fixed = other.clip_id in self.accepted or other.clip_id in self.frozen
            if other.clip_id == clip.clip_id or not (own or fixed or edges in reviewed):
                continue
            if own and own.action == "trim" and own.start is not None and own.end is not None:
                edges = (own.start, own.end)
            if start < edges[1] - _ROUNDING and edges[0] < end - _ROUNDING:
                raise DataError(
                    f"{start:.3f} to {end:.3f} overlaps {other.clip_id}, "
                    f"{edges[0]:.3f} to {edges[1]:.3f}; keep out of it"
                )


def _edges(row: Choice) -> tuple[float, float]:
    return row.start, row.end


def _choice(decision: Decision, start: float, end: float) -> Choice:
    return Choice(
        source_id=decision.source_id,
        start=start,
        end=end,
        decision="drop" if decision.action == "drop" else "keep",
        origin="review",
        clip_id=decision.clip_id,
        note=decision.note,
    )


_ROUNDING = 0.0006  # seconds
