"""The long takes of a session: matched together, then cut one by one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.recordings.hearing import Hearing
from corpus_tools.recordings.match_table import (
    TableRow,
    read_table,
    table_path,
    table_rows,
    write_table,
)
from corpus_tools.recordings.matches import LineMatch, check_fit, matches_of
from corpus_tools.recordings.matching import Matcher, match_takes
from corpus_tools.recordings.script_texts import put_script_texts
from corpus_tools.recordings.take import Hear, Take, cut_take, cuts_of, listen, take_inputs
from corpus_tools.runner import run_each
from corpus_tools.segmentation.inputs import KnownSources, MediaInput, identify
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.publish import SCREEN, SEGMENTS, SourceCuts, clips_of, is_cut
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.update import Update
from manifests.errors import DataError
from manifests.outcome import Outcome, Progress
from manifests.records import Screen
from manifests.shards import read_header, read_shard

__all__ = ["AddedTake", "TakeSession"]


@dataclass(frozen=True)
class AddedTake:
    """What a take came to.

    Attributes:
        source_id: of the take.
        status: ``cut``, ``screened`` or ``unchanged``.
        by: ``text`` or ``sound``.
        table: a row for each line.
        rejected: lines without an accepted clip, by reason.
        accepted: ids of the clips that are.
    """

    source_id: str
    status: str
    by: str
    table: list[TableRow]
    rejected: Counter[str]
    accepted: frozenset[str]


@dataclass(frozen=True)
class _Known:
    """A take whose file was identified, and what its clips depend on."""

    take: Take
    one: MediaInput
    hear: Hear | None
    inputs: dict[str, Any]


@dataclass(frozen=True)
class TakeSession:
    """One run's settings; `add` does all takes of it.

    Attributes:
        update: what all sources share.
        known: sources of the corpus.
        segment: section [segment].
        series: of all takes.
        language: BCP 47 code of what is read; None if nobody knows.
        hearing: where recognised text comes from.
        by_content: first file of each content seen in this run.
    """

    update: Update
    known: KnownSources
    segment: SegmentSettings
    series: str
    language: str | None
    hearing: Hearing
    by_content: dict[str, str]

    def add(
        self, takes: Sequence[Take], outcome: Outcome, progress: Progress
    ) -> list[tuple[Take, AddedTake]]:
        """Bring takes up to date in the corpus; what fails is named in the outcome."""
        identified = {
            take.file: found for take, found in run_each(takes, self._identify, outcome, name=_name)
        }
        known = [
            self._with_inputs(take, *identified[take.file], identified, takes)
            for take in takes
            if take.file in identified
        ]
        if self.hearing.flag:
            outcome.warnings += [
                f"{one.take.file}: no recognised text of its name ({one.take.path.stem}.srt, "
                f".json, …); matched by its sound"
                for one in known
                if one.hear is None
            ]
        waiting = {one.take.file for one in known if not self._is_done(one)}
        helped = any(
            one.inputs["matching"]["companions"] for one in known if one.take.file in waiting
        )
        listened = [one for one in known if helped or one.take.file in waiting]
        matched = self._matched(listened, outcome, progress)
        return [
            (one.take, added)
            for one, added in run_each(
                [one for one in known if one.take.file not in waiting or one.take.file in matched],
                lambda one: self._finish(one, matched.get(one.take.file)),
                outcome,
                name=lambda one: one.take.file,
            )
        ]

    def _identify(self, take: Take) -> tuple[MediaInput, Any, Hear | None]:
        one = identify(
            take.path, self.update.corpus, self.known, kind="scripted", series=self.series
        )
        first = self.by_content.setdefault(one.source.sha256, take.file)
        if first != take.file:
            raise DataError(f"has the same content as {first}; record it again or leave it out")
        return (one, *self.hearing.of(take))

    def _with_inputs(
        self,
        take: Take,
        one: MediaInput,
        heard: Any,
        hear: Hear | None,
        identified: Mapping[str, tuple[MediaInput, Any, Hear | None]],
        takes: Sequence[Take],
    ) -> _Known:
        """Return a take with its inputs.

        A take whose clips people have touched stays as it was matched, even if there are other
        takes or texts now that would match it better; unless it is to be cut anew.
        """
        lines = {row.sentence for row in take.rows}
        companions = [
            identified[other.file][0].source.sha256
            for other in takes
            if other is not take
            and other.file in identified
            and lines & {row.sentence for row in other.rows}
        ]
        inputs = take_inputs(one, take, self.segment, heard, [] if hear else companions)
        source_id = one.source.source_id
        path = SEGMENTS.path(self.update.corpus, source_id)
        stays = self.update.frozen_clips(source_id) and source_id not in self.update.recut
        if stays and path.is_file():
            before = read_header(path).inputs
            if {**before, "matching": None} == {**inputs, "matching": None}:
                inputs = before
        return _Known(take, one, hear, inputs)

    def _is_done(self, one: _Known) -> bool:
        source_id, corpus = one.one.source.source_id, self.update.corpus
        return is_cut(corpus, source_id, one.inputs) and table_path(corpus, source_id).is_file()

    def _matched(
        self, takes: Sequence[_Known], outcome: Outcome, progress: Progress
    ) -> dict[str, tuple[Matcher, list[LineMatch]]]:
        """Listen to takes and match them, in an order that the script doesn't change."""

        def matcher(one: _Known) -> Matcher:
            corpus = self.update.corpus
            return Matcher(listen(one.take, one.one, self.segment, corpus, one.hear))

        ordered = sorted(takes, key=lambda one: one.one.source.sha256)
        heard = list(
            run_each(ordered, matcher, outcome, name=lambda one: one.take.file, progress=progress)
        )
        aligned = match_takes([one for _, one in heard])
        return {
            known.take.file: (one, matches_of(one, found))
            for (known, one), found in zip(heard, aligned, strict=True)
        }

    def _finish(self, known: _Known, matched: tuple[Matcher, list[LineMatch]] | None) -> AddedTake:
        """Cut a take and write its texts, then its table, which says that all was done."""
        corpus, take = self.update.corpus, known.take
        source_id = known.one.source.source_id
        path = table_path(corpus, source_id)
        if matched is None or self._is_done(known):
            clips = {clip.clip_id: clip for clip in clips_of(corpus, source_id)}
            table = read_table(path, take.rows, clips)
            cuts = {
                Cut.at(float(row.start), float(row.end)): int(row.line) - 1
                for row in table
                if row.clip_id
            }
            status = self._cut(known, cuts)
        else:
            matcher, matches = matched
            check_fit(matcher, matches)
            margin_ms = round(self.segment.margin_seconds * 1000)
            cuts = cuts_of(matches, matcher.said.pieces, margin_ms)
            status = self._cut(known, cuts, outdated=path)
            table = table_rows(take.rows, matches, source_id, cuts)
        there = {row.clip_id: row for row in read_shard(SCREEN.path(corpus, source_id), Screen)}
        if strange := {row.clip_id for row in table if row.clip_id} - there.keys():
            raise DataError(
                f"people have touched its clips, and {path.name} no longer tells which lines they "
                f"are ({min(strange)} is none of them); restore that file from a copy"
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
            row.clip_id for row in table if row.clip_id and there[row.clip_id].accepted
        )
        rejected = Counter(
            there[row.clip_id].reasons[0] if row.clip_id else "skipped"
            for row in table
            if row.clip_id not in accepted
        )
        return AddedTake(source_id, status, by, table, rejected, accepted)

    def _cut(self, known: _Known, cuts: Mapping[Cut, int], *, outdated: Path | None = None) -> str:
        """Bring a take up to date; a table of other cuts goes just before new ones are there."""

        def cut(frozen: Mapping[str, str], _: object) -> SourceCuts:
            corpus, inputs = self.update.corpus, known.inputs
            found = cut_take(known.one, known.take, cuts, corpus, self.segment, inputs, frozen)
            if outdated is not None:
                outdated.unlink(missing_ok=True)
            return found

        return self.update.run(known.one, known.inputs, cut)


def _name(take: Take) -> str:
    return take.file
