"""Validation of review decisions against the corpus, before they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.review.decisions import Decision
from corpus_tools.segmentation.choices import Choices, is_trim
from corpus_tools.segmentation.settings import SegmentSettings
from manifests.errors import DataError
from manifests.records import Choice, Clip, Source

__all__ = ["DecisionChecker"]


@dataclass(frozen=True)
class DecisionChecker:
    """Validator of decisions on the clips of one source.

    Attributes:
        source: the source.
        film: its film, ``None`` if not found.
        clips: its clips by id.
        accepted: ids of the accepted clips.
        choices: stored manual regions and review decisions.
        frozen: clip ids that must not change, each with the file that names it.
        settings: settings of section [segment], for the clip lengths.
    """

    source: Source
    film: Path | None
    clips: Mapping[str, Clip]
    accepted: frozenset[str]
    choices: Choices
    frozen: Mapping[str, str]
    settings: SegmentSettings

    def choice(self, decision: Decision, others: Sequence[Decision]) -> Choice:
        """Return the record of a decision.

        Args:
            decision: decision on a clip of this source.
            others: decisions of the same run on its other clips.

        Raises:
            DataError: if it contradicts the corpus.
        """
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
        """Return the stored decision to undo, ``None`` if there is none.

        Args:
            clip_id: id of the clip as planned, or with its present edges.

        Raises:
            DataError: if it can't be undone, or there is no such clip.
        """
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
