"""Regions files: time ranges of films to keep or drop, and their import."""

import difflib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.errors import MediaError
from corpus_tools.media.probe import length_of
from corpus_tools.segmentation.intake.identify import MediaInput, nearest_names
from corpus_tools.segmentation.intake.selections import put_regions, read_choices
from manifests.base.csv_tables import Ragged, read_rows
from manifests.base.errors import DataError
from manifests.base.letters import composed
from manifests.base.outcome import Outcome
from manifests.base.timecode import format_time, parse_time
from manifests.base.voices import is_diarised, is_nobody, within_source
from manifests.storage.records import Choice

__all__ = ["Region", "import_regions", "read_regions"]

COLUMNS = ("source", "from", "to", "decision", "note", "speaker")


@dataclass(frozen=True)
class Region:
    """Row of a regions file: film (source_id, title, file name or ``series/title``) and its record.

    The record has the name as the source; ``None`` removes all regions of the source.
    """

    line: int
    source: str
    choice: Choice | None


def read_regions(path: Path) -> Iterator[Region | DataError]:
    """Yield the rows of a regions file; for each invalid one, the error.

    The CSV file, as for `read_rows`, has the columns ``source, from, to, decision, note, speaker``,
    the last two optional; without a header they are in this order. Times are seconds or
    ``[h:]m:s``; ``decision`` is ``keep``, ``drop`` or ``none``. Raises `DataError` if the file
    can't be read, lacks a column or has an unknown one, or has no rows.
    """
    columns: dict[str, int] | None = None
    width, empty = len(COLUMNS), True
    for line, cells in read_rows(path):
        if columns is None:
            columns = _column_indices(path, cells)
            if not _is_row(cells):
                width = len(cells)
                continue
        empty = False
        try:
            if any(cells[width:]):
                raise DataError(Ragged.problem)
            yield _parse_row(line, cells, columns)
        except DataError as error:
            yield DataError(f"line {line}: {error}")
    if empty:
        raise DataError(f"{path}: has no rows; is it the right file?")


def _is_row(cells: Sequence[str]) -> bool:
    return len(cells) > 3 and cells[3].lower() in _DECISIONS


def _column_indices(path: Path, cells: Sequence[str]) -> dict[str, int]:
    """Return the index of each column, from the first line."""
    if _is_row(cells):
        return {column: index for index, column in enumerate(COLUMNS)}
    named = [cell.lower() for cell in cells]
    if twice := [name for name in COLUMNS if named.count(name) > 1]:
        raise DataError(f"{path}: duplicate column '{twice[0]}'; rename or remove one")
    if unknown := [name for name in named if name not in (*COLUMNS, "keep|drop", "")]:
        near = difflib.get_close_matches(unknown[0], COLUMNS, n=1, cutoff=0.0)[0]
        raise DataError(
            f"{path}: unknown column '{unknown[0]}'; did you mean '{near}'? The columns are "
            f"{', '.join(COLUMNS)}"
        )
    columns = {column: named.index(column) for column in COLUMNS if column in named}
    if "keep|drop" in named:
        columns.setdefault("decision", named.index("keep|drop"))
    missing = [column for column in COLUMNS[:4] if column not in columns]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; the columns are {', '.join(COLUMNS)}"
        )
    return columns


def _parse_row(line: int, cells: Sequence[str], columns: dict[str, int]) -> Region:
    def cell(column: str) -> str:
        index = columns.get(column, len(cells))
        return cells[index] if index < len(cells) else ""

    decision = cell("decision").lower()
    if decision not in _DECISIONS:
        raise DataError(f"decision {decision[:40]!r}; write keep, drop or none")
    if not cell("source"):
        raise DataError("names no source; give a file name or a source_id")
    if decision == "none":
        if cell("from") or cell("to"):
            raise DataError("none removes all regions of a source; leave from and to empty")
        return Region(line, cell("source"), None)
    start, end = parse_time(cell("from")), parse_time(cell("to"))
    if end <= start:
        raise DataError(f"ends at {cell('to')}, not after it begins; check from and to")
    speaker = composed(cell("speaker"))
    choice = Choice(
        source_id=cell("source"),
        start=start,
        end=end,
        decision=cast(Literal["keep", "drop"], decision),
        origin="regions",
        note=cell("note") or None,
        speaker=None if is_nobody(speaker) else speaker,
    )
    return Region(line, cell("source"), choice)


_DECISIONS = ("keep", "drop", "none")


def import_regions(
    file: Path,
    inputs: Sequence[MediaInput],
    corpus: Path,
    frozen_clips: Callable[[str], Collection[str]],
    settings: SegmentSettings,
    outcome: Outcome,
) -> None:
    """Replace the regions of each source named in a file; other sources keep theirs.

    Each row must name a source of this run; ``none`` removes all regions of its source. A source
    with ``frozen_clips`` keeps its regions. Each invalid row counts as an input item and is a
    failure in the outcome; a region that is too short or past the end is a warning. Raises
    `DataError` if the file can't be read.
    """
    regions = _RegionImport(file, inputs, settings, outcome).by_source()
    for source_id, choices in regions.items():
        choices.sort(key=lambda row: (row.start, row.end, row.decision))
        try:
            stored = read_choices(corpus, source_id).regions
        except DataError as error:
            _fail(file, str(error), outcome)
            continue
        if stored == choices:
            continue
        if frozen_clips(source_id):
            _fail(
                file,
                f"{source_id} has frozen clips, so its regions were not imported; "
                f"drop single clips with corpus review, or cut it into another corpus",
                outcome,
            )
        else:
            put_regions(corpus, source_id, choices)


class _RegionImport:
    """Checks the rows of one file against the media of this run."""

    def __init__(
        self,
        file: Path,
        inputs: Sequence[MediaInput],
        settings: SegmentSettings,
        outcome: Outcome,
    ) -> None:
        self._file = file
        self._inputs = inputs
        self._settings = settings
        self._outcome = outcome
        self._named: dict[str, MediaInput | str] = {}
        self._lengths: dict[str, float | None] = {}

    def by_source(self) -> dict[str, list[Choice]]:
        """Return the new regions of each named source."""
        regions: dict[str, list[Choice]] = {}
        resets: dict[str, int] = {}
        labels: set[str] = set()
        for row in read_regions(self._file):
            try:
                if isinstance(row, DataError):
                    raise row
                media = self._media_of(row)
                name = media.source.source_id
                if row.choice is None:
                    resets[name] = row.line
                else:
                    choice = row.choice.changed(source_id=name)
                    if choice.speaker and is_diarised(choice.speaker):
                        labels.add(choice.speaker)
                        choice = choice.changed(speaker=within_source(choice.speaker, name))
                    self._check(row.line, choice, media)
                    regions.setdefault(name, []).append(choice)
            except DataError as error:
                _fail(self._file, str(error), self._outcome)
        if labels:
            self._outcome.warnings.append(
                f"{self._file.name}: {', '.join(sorted(labels)[:3])} are labels of a diarisation "
                f"tool, which mean others in each film; each is a speaker of its own film; write "
                f"names if the same people speak in other films"
            )
        for name, line in resets.items():
            if regions.setdefault(name, []):
                _fail(
                    self._file,
                    f"line {line}: removes the regions of {name}, for which other rows add "
                    f"some; keep one or the other",
                    self._outcome,
                )
        return regions

    def _media_of(self, row: Region) -> MediaInput:
        """Return the one source of this run that a row names."""
        if row.source not in self._named:
            self._named[row.source] = self._find(row.source)
        media = self._named[row.source]
        if isinstance(media, str):
            raise DataError(f"line {row.line}: {row.source!r} {media}")
        return media

    def _find(self, name: str) -> MediaInput | str:
        """Return the one source with a name, or an error message."""
        named = [media for media in self._inputs if media.identified_by(name)]
        if len(named) == 1:
            return named[0]
        several = nearest_names(name, [media.source for media in named or self._inputs])
        if named:
            return f"names several of the given media; write the id of one: {several}"
        return f"names none of the given media; the nearest are {several or 'none'}"

    def _check(self, line: int, row: Choice, media: MediaInput) -> None:
        """Refuse a row after the end of its film, and warn of one that is cut short or unused."""
        length = self._length(media)
        title = media.source.title
        if length is not None and row.start >= length:
            raise DataError(
                f"line {line}: begins at {format_time(row.start)}, but {title!r} lasts only "
                f"{format_time(length)}; check its source and times"
            )
        where = f"{self._file.name}, line {line}"
        if length is not None and row.end > length + _ROUNDED_UP:
            self._outcome.warnings.append(
                f"{where}: ends at {format_time(row.end)}, but {title!r} lasts only "
                f"{format_time(length)}; used up to its end"
            )
        lasts = row.end - row.start
        if row.decision == "keep" and lasts < self._settings.min_seconds:
            self._outcome.warnings.append(
                f"{where}: lasts {lasts:.1f} s, too short for a clip of "
                f"{self._settings.min_seconds:g} s; nothing is cut from it"
            )

    def _length(self, media: MediaInput) -> float | None:
        name = media.source.source_id
        if name not in self._lengths:
            self._lengths[name] = _duration(media)
        return self._lengths[name]


def _fail(file: Path, reason: str, outcome: Outcome) -> None:
    """Add a failure of the regions file, which counts as an input item."""
    outcome.items_in += 1
    outcome.fail(file.name, reason)


def _duration(media: MediaInput) -> float | None:
    """Return the duration of a source in seconds, from its record or its file's packets."""
    if media.known:
        return media.source.duration
    try:
        return length_of(media.path, media.source.track)
    except MediaError:
        return None


_ROUNDED_UP = 1.0  # seconds; people round ends up by as much
