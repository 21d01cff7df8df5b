"""Long takes of a session, matched together and cut one by one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.recordings.alignment.aligner import Matcher, match_takes
from corpus_tools.recordings.readings.script import put_script_texts
from corpus_tools.recordings.takes.match_table import (
    TableRow,
    read_table,
    table_path,
    table_rows,
    write_table,
)
from corpus_tools.recordings.takes.matches import LineMatch, check_script_fits, line_matches
from corpus_tools.recordings.takes.recognised import TranscriptSource
from corpus_tools.recordings.takes.take import (
    PieceTranscriber,
    Take,
    analyse_take,
    clip_cuts,
    cut_take,
    take_inputs,
)
from corpus_tools.segmentation.intake.identify import MediaInput, RecordingIntake
from corpus_tools.segmentation.ledger.commit import SEGMENTS, SourceResult, is_cut
from corpus_tools.segmentation.ledger.decisions import SourceDecisions, clips_of
from corpus_tools.segmentation.ledger.update import Status, Update
from corpus_tools.workspace.runner import run_each
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress
from manifests.storage.shards import read_header

__all__ = ["AddedTake", "TakeSession"]


@dataclass(frozen=True)
class AddedTake:
    """Result of adding a take, with a table row for each line and the ids of accepted clips.

    ``status`` is ``cut``, ``screened`` or ``unchanged``; the lines were matched ``by`` ``text`` or
    ``sound``; ``rejected`` counts lines without an accepted clip by reason.
    """

    source_id: str
    status: str
    by: str
    table: list[TableRow]
    rejected: Counter[str]
    accepted: frozenset[str]


@dataclass(frozen=True)
class _IdentifiedTake:
    """Take with an identified media file, and the inputs of its clips."""

    take: Take
    media: MediaInput
    transcribe: PieceTranscriber | None
    inputs: dict[str, Any]


@dataclass(frozen=True)
class TakeSession:
    """Settings of a run; `add` adds all its takes.

    ``intake`` identifies the takes.
    """

    update: Update
    intake: RecordingIntake
    segment: SegmentSettings
    series: str
    language: str | None
    transcripts: TranscriptSource

    def add(
        self, takes: Sequence[Take], outcome: Outcome, progress: Progress
    ) -> list[tuple[Take, AddedTake]]:
        """Add or update takes; failures go to the outcome."""
        identified = {
            take.file: result
            for take, result in run_each(takes, self._identify, outcome, name=_take_file)
        }
        known = [
            self._with_inputs(take, *identified[take.file], identified, takes)
            for take in takes
            if take.file in identified
        ]
        if self.transcripts.flag:
            outcome.warnings += [
                f"{one.take.file}: no recognised text for it ({one.take.path.stem}.srt, .json, …); "
                f"matched by sound"
                for one in known
                if one.transcribe is None
            ]
        waiting = {one.take.file for one in known if not self._is_done(one)}
        uses_others = any(
            one.inputs["matching"]["companions"] for one in known if one.take.file in waiting
        )
        needed = [one for one in known if uses_others or one.take.file in waiting]
        matched = self._match(needed, outcome, progress)
        return [
            (one.take, added)
            for one, added in run_each(
                [one for one in known if one.take.file not in waiting or one.take.file in matched],
                lambda one: self._finish(one, matched.get(one.take.file)),
                outcome,
                name=lambda one: one.take.file,
            )
        ]

    def _identify(self, take: Take) -> tuple[MediaInput, Any, PieceTranscriber | None]:
        media = self.intake.identify(take.path, take.file, self.series)
        return (media, *self.transcripts.of(take))

    def _with_inputs(
        self,
        take: Take,
        media: MediaInput,
        text_id: Any,
        transcribe: PieceTranscriber | None,
        identified: Mapping[str, tuple[MediaInput, Any, PieceTranscriber | None]],
        takes: Sequence[Take],
    ) -> _IdentifiedTake:
        """Return a take with its inputs.

        A take with frozen clips keeps its matches, even if other takes or texts would now match it
        better, unless it is to be cut again.
        """
        lines = {row.sentence for row in take.rows}
        other_takes = [
            identified[other.file][0].source.sha256
            for other in takes
            if other is not take
            and other.file in identified
            and lines & {row.sentence for row in other.rows}
        ]
        inputs = take_inputs(media, take, self.segment, text_id, [] if transcribe else other_takes)
        source_id = media.source.source_id
        path = SEGMENTS.path(self.update.corpus, source_id)
        keeps_cuts = self.update.frozen_clips(source_id) and source_id not in self.update.recut
        if keeps_cuts and path.is_file():
            before = read_header(path).inputs
            if {**before, "matching": None} == {**inputs, "matching": None}:
                inputs = before
        return _IdentifiedTake(take, media, transcribe, inputs)

    def _is_done(self, take: _IdentifiedTake) -> bool:
        source_id, corpus = take.media.source.source_id, self.update.corpus
        return is_cut(corpus, source_id, take.inputs) and table_path(corpus, source_id).is_file()

    def _match(
        self, takes: Sequence[_IdentifiedTake], outcome: Outcome, progress: Progress
    ) -> dict[str, tuple[Matcher, list[LineMatch]]]:
        """Analyse takes and match them, in an order that doesn't depend on the script."""

        def matcher(one: _IdentifiedTake) -> Matcher:
            corpus = self.update.corpus
            return Matcher(analyse_take(one.take, one.media, self.segment, corpus, one.transcribe))

        ordered = sorted(takes, key=lambda one: one.media.source.sha256)
        matchers = list(
            run_each(ordered, matcher, outcome, name=lambda one: one.take.file, progress=progress)
        )
        alignments = match_takes([one for _, one in matchers])
        return {
            known.take.file: (one, line_matches(one, aligned))
            for (known, one), aligned in zip(matchers, alignments, strict=True)
        }

    def _finish(
        self, known: _IdentifiedTake, matched: tuple[Matcher, list[LineMatch]] | None
    ) -> AddedTake:
        """Cut a take, then write its transcripts and last its table, which marks it as done."""
        corpus, take = self.update.corpus, known.take
        source_id = known.media.source.source_id
        path = table_path(corpus, source_id)
        if matched is None or self._is_done(known):
            clips = {clip.clip_id: clip for clip in clips_of(corpus, source_id)}
            table = read_table(path, take.rows, clips)
            cuts = {
                Cut.at(float(row.start), float(row.end)): int(row.line) - 1
                for row in table
                if row.clip_id
            }
            status, decisions = self._cut(known, cuts)
        else:
            matcher, matches = matched
            check_script_fits(matcher, matches)
            margin_ms = round(self.segment.margin_seconds * 1000)
            cuts = clip_cuts(matches, matcher.speech.pieces, margin_ms)
            status, decisions = self._cut(known, cuts, outdated=path)
            table = table_rows(take.rows, matches, source_id, cuts)
        screens = {row.clip_id: row for row in decisions.screens}
        if unknown := {row.clip_id for row in table if row.clip_id} - screens.keys():
            raise DataError(
                f"has frozen clips, and {path.name} no longer assigns lines to them "
                f"({min(unknown)} isn't one of them); restore that file from a copy"
            )
        put_script_texts(
            corpus,
            source_id,
            [(row.clip_id, row.text, row.flags.split()) for row in table if row.clip_id],
            self.language,
        )
        write_table(path, table)
        by = "sound" if known.inputs["matching"]["heard"] is None else "text"
        accepted = frozenset(
            row.clip_id for row in table if row.clip_id and screens[row.clip_id].accepted
        )
        rejected = Counter(
            screens[row.clip_id].reasons[0] if row.clip_id else "skipped"
            for row in table
            if row.clip_id not in accepted
        )
        return AddedTake(source_id, status, by, table, rejected, accepted)

    def _cut(
        self, known: _IdentifiedTake, cuts: Mapping[Cut, int], *, outdated: Path | None = None
    ) -> tuple[Status, SourceDecisions]:
        """Cut a take unless it is up to date; an outdated table is deleted before new clips."""

        def cut(frozen: Mapping[str, str], _: object) -> SourceResult:
            corpus, inputs = self.update.corpus, known.inputs
            found = cut_take(known.media, known.take, cuts, corpus, self.segment, inputs, frozen)
            if outdated is not None:
                outdated.unlink(missing_ok=True)
            return found

        return self.update.run(known.media, known.inputs, cut)


def _take_file(take: Take) -> str:
    return take.file
