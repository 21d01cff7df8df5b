"""Take the rows of a regions file in, with the sources that they name."""

from collections.abc import Sequence
from pathlib import Path

from corpus_tools.media.errors import MediaError
from corpus_tools.media.length import length_of
from corpus_tools.segmentation.choices import put_regions, read_choices
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.naming import nearest_names
from corpus_tools.segmentation.regions import Region, RegionReset, read_regions
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.times import format_time
from corpus_tools.segmentation.update import Update
from manifests.errors import DataError
from manifests.outcome import Outcome
from manifests.records import Choice

__all__ = ["import_regions"]


def import_regions(
    file: Path,
    inputs: Sequence[MediaInput],
    update: Update,
    settings: SegmentSettings,
    outcome: Outcome,
) -> None:
    """Replace the regions of each source that a file names; other sources keep theirs.

    A row with ``none`` takes away all that its source has.

    Args:
        file: as for `read_regions`.
        inputs: the sources of this run, one of which each row must name.
        update: the corpus and its frozen clips; a source with any keeps the regions it has.
        settings: shortest clip.
        outcome: takes a failure for each bad row, counted among what came in, and a warning for
            each that is too short or reaches past the end.

    Raises:
        DataError: if the file can't be read.
    """
    chosen = _Intake(file, inputs, settings, outcome).chosen()
    for source_id, choices in chosen.items():
        choices.sort(key=lambda row: (row.start, row.end, row.decision))
        try:
            known = read_choices(update.corpus, source_id).regions
        except DataError as error:
            _fail(file, str(error), outcome)
            continue
        if known == choices:
            continue
        if update.frozen_clips(source_id):
            _fail(
                file,
                f"{source_id} has clips that are frozen, so its regions were not taken in; "
                f"drop single clips with corpus review, or cut it into another corpus",
                outcome,
            )
        else:
            put_regions(update.corpus, source_id, choices)


class _Intake:
    """The rows of one file, checked against the media of this run."""

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

    def chosen(self) -> dict[str, list[Choice]]:
        """Return the regions that each source named is to have."""
        chosen: dict[str, list[Choice]] = {}
        withdrawn: dict[str, int] = {}
        for row in read_regions(self._file):
            try:
                if isinstance(row, DataError):
                    raise row
                one = self._meant(row)
                name = one.source.source_id
                if isinstance(row, RegionReset):
                    withdrawn[name] = row.line
                else:
                    self._check(row, one)
                    chosen.setdefault(name, []).append(row.choice(name))
            except DataError as error:
                _fail(self._file, str(error), self._outcome)
        for name, line in withdrawn.items():
            if chosen.setdefault(name, []):
                _fail(
                    self._file,
                    f"line {line}: takes back the stretches of {name}, of which other rows choose "
                    f"some; leave the one or the others",
                    self._outcome,
                )
        return chosen

    def _meant(self, row: Region | RegionReset) -> MediaInput:
        """Return the source that a row names, the only one of this run."""
        if row.source not in self._named:
            self._named[row.source] = self._find(row.source)
        found = self._named[row.source]
        if isinstance(found, str):
            raise DataError(f"line {row.line}: {row.source!r} {found}")
        return found

    def _find(self, name: str) -> MediaInput | str:
        """Return the one source with a name, or what is wrong with the name."""
        named = [one for one in self._inputs if one.identified_by(name)]
        if len(named) == 1:
            return named[0]
        several = nearest_names(name, [one.source for one in named or self._inputs])
        if named:
            return f"names several of the media given; write the id of one: {several}"
        return f"names none of the media given; the nearest are {several or 'none'}"

    def _check(self, row: Region, one: MediaInput) -> None:
        """Refuse a row beyond its film's end, and warn of one of which nothing or less comes."""
        length = self._length(one)
        title = one.source.title
        if length is not None and row.start >= length:
            raise DataError(
                f"line {row.line}: begins at {format_time(row.start)}, but {title!r} lasts only "
                f"{format_time(length)}; check its source and times"
            )
        where = f"{self._file.name}, line {row.line}"
        if length is not None and row.end > length + _ROUNDED_UP:
            self._outcome.warnings.append(
                f"{where}: ends at {format_time(row.end)}, but {title!r} lasts only "
                f"{format_time(length)}; taken to its end"
            )
        lasts = row.end - row.start
        if row.decision == "keep" and lasts < self._settings.min_seconds:
            self._outcome.warnings.append(
                f"{where}: lasts {lasts:.1f} s, too short for a clip of "
                f"{self._settings.min_seconds:g} s; nothing is cut from it"
            )

    def _length(self, one: MediaInput) -> float | None:
        name = one.source.source_id
        if name not in self._lengths:
            self._lengths[name] = _length(one)
        return self._lengths[name]


def _fail(file: Path, reason: str, outcome: Outcome) -> None:
    """Note a failure of the file, which counts like one of the media."""
    outcome.items_in += 1
    outcome.fail(file.name, reason)


def _length(one: MediaInput) -> float | None:
    """Return how long a source lasts in seconds, by its record or else by its file's packets."""
    if one.known:
        return one.source.duration
    try:
        return length_of(one.path, one.source.track)
    except MediaError:
        return None


_ROUNDED_UP = 1.0  # seconds by which people round an end up
