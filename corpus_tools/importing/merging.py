"""Votes in several rows or columns, and other rows about the same audio."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from corpus_tools.importing.cells import cell_text
from corpus_tools.importing.columns import ALIASES
from corpus_tools.importing.labels import LabelMapping
from corpus_tools.importing.rows import Row, Vote
from corpus_tools.importing.tables import Table
from manifests.base.letters import plain_letters
from manifests.base.outcome import Outcome, listed
from manifests.base.voices import person_key

__all__ = ["join_vote_columns", "merge_rows"]

AGAIN = "the same row again"


def join_vote_columns(table: Table, mapping: LabelMapping, others: Collection[str]) -> None:
    """Replace a table's columns of one annotator each (rater1, rater2 …) by a column of votes.

    Columns are those of annotators only if most cells are known labels. Nothing is done to a table
    with a column of votes or annotators, ``others`` being columns that the user named.
    """
    plain = {name: plain_letters(name) for name in table.columns if name not in others}
    names = [name for name, letters in plain.items() if _NUMBERED.fullmatch(letters)]
    if len(names) < 2 or {*ALIASES["votes"], *ALIASES["annotator"]} & {*plain.values()}:
        return
    labels = [
        label for raw in table.rows for name in names if (label := cell_text(raw.cells.get(name)))
    ]
    if not labels or 2 * sum(map(mapping.knows, labels)) < len(labels):
        return
    for raw in table.rows:
        cells = ((name, cell_text(raw.cells.pop(name, None))) for name in names)
        raw.cells["votes"] = [[name, label] for name, label in cells if label is not None]
    for name in names:
        del table.columns[name]
    table.columns["votes"] = None


def merge_rows(rows: Iterable[Row], mapping: LabelMapping, outcome: Outcome) -> list[Row]:
    """Return one row for each audio, in order of first appearance.

    Rows that name their annotators become votes; other rows must not contradict one another. Left
    out and recorded in the outcome are all rows that do, repeated ones, and those with labels to
    drop only.
    """
    groups: defaultdict[object, list[Row]] = defaultdict(list)
    resolved = cache(Path.resolve)
    for row in rows:
        groups[resolved(row.path), row.start, row.end].append(row)
    merged = (_Group(own, mapping, outcome).merged() for own in groups.values())
    return [row for row in merged if row is not None]


class _Group:
    """Rows about the same audio."""

    def __init__(self, rows: Sequence[Row], mapping: LabelMapping, outcome: Outcome) -> None:
        self._rows, self._mapping, self._outcome = rows, mapping, outcome

    def merged(self) -> Row | None:
        """Return the row that the rows make together, None if they are left out."""
        rows, labels = self._rows, [row.label for row in self._rows if row.label is not None]
        by_person = any(row.annotator is not None for row in rows)
        fields = [*_FIELDS, *(() if by_person else ("emotion",))]
        differing = [name for name in fields if len(set(self._values(name))) > 1]
        if by_person and any(row.votes for row in rows):
            self._fail(rows, "has both a column of votes and one of annotators; leave one out")
            return None
        if differing:
            self._fail(rows, f"{self._contradicts(differing)}; {_CORRECT}")
            return None
        if labels and all(self._mapping.drops(label) for label in labels):
            self._outcome.rejected[f"label {labels[0]}"] += len(rows)
            return None
        whole = next((row for row in rows if row.emotion), rows[0])
        known = {
            name: next(self._values(name), getattr(whole, name)) for name in (*_FIELDS, "sentence")
        }
        whole = replace(whole, **known, where=rows[0].where)
        if by_person:
            return self._of_votes(whole)
        self._repeated(rows)
        return whole

    def _of_votes(self, row: Row) -> Row | None:
        """Return a row with a vote of each annotator who gave one label."""
        people: defaultdict[str | None, list[Row]] = defaultdict(list)
        for one in self._rows:
            people[one.annotator and person_key(one.annotator)].append(one)
        votes: list[Vote] = []
        kept = 0
        for key, own in people.items():
            labelled = [one for one in own if one.label is not None]
            values = {self._value("emotion", one) for one in labelled}
            if key is None and labelled:
                self._fail(labelled, "names no annotator, as other rows about the same audio do")
                own = [one for one in own if one.label is None]
            elif len(values) > 1:
                self._fail(
                    own, f"{self._contradicts(['emotion'], own)}, by one annotator; keep one"
                )
                continue
            elif labelled:
                name = str(labelled[0].annotator)
                votes.append((name, labelled[0].emotion))
                self._repeated(own)
                own = own[:1]
            kept += len(own)
        if not votes and not kept:
            return None
        return replace(row, emotion=None, votes=tuple(votes), rows=kept)

    def _repeated(self, rows: Sequence[Row]) -> None:
        if len(rows) > 1:
            self._outcome.rejected[AGAIN] += len(rows) - 1

    def _values(self, field: str, rows: Sequence[Row] = ()) -> Iterator[Any]:
        """Yield the values of a field that aren't missing."""
        values = (self._value(field, row) for row in rows or self._rows)
        return (value for value in values if value not in (None, (), False))

    def _value(self, field: str, row: Row) -> object:
        """Return a value of a row; instead of an emotion that is no class, the label."""
        if field == "emotion":
            return row.emotion or row.label
        return getattr(row, field)

    def _contradicts(self, fields: Iterable[str], rows: Sequence[Row] = ()) -> str:
        own = rows or self._rows
        others = [row.where for row in own[1:]]
        said = []
        for field in fields:
            values = dict.fromkeys(str(value)[:_LONG] for value in self._values(field, own))
            shown = list(values)[:_SHOWN]
            said.append(f"{field} ({', '.join(shown)}{', …' if len(values) > _SHOWN else ''})")
        return f"contradicts {listed(others)} about the same audio in {' and '.join(said)}"

    def _fail(self, rows: Sequence[Row], reason: str) -> None:
        self._outcome.fail(rows[0].where, reason)


_NUMBERED = re.compile(
    r"(emotion|emo|label)?(annotator|annot|ann|rater|worker|coder|evaluator|eval|labell?er|judge|"
    r"listener|vote|r|a|标注者|标注员|评分者)(?:\d+|[a-z])(emotion|emo|label)?"
)
_FIELDS = (
    "votes",
    "adjudicated",
    "duration",
    "speaker",
    "text",
    "text_source",
    "text_confidence",
    "split",
    "source",
    "series",
)
_CORRECT = (
    "all of them were left out: correct them or, if each is a vote, name the column of the "
    "annotators with --column annotator=NAME"
)
_SHOWN, _LONG = 3, 40
