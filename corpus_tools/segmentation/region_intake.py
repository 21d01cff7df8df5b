"""Take the rows of a regions file in, with the sources that they name."""

from collections.abc import Sequence
from pathlib import Path

from corpus_tools.segmentation.choices import put_regions, read_choices
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.regions import read_regions
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.update import Update
from manifests.errors import DataError
from manifests.outcome import Outcome
from manifests.records import Choice

__all__ = ["take_regions"]


def take_regions(
    file: Path,
    inputs: Sequence[MediaInput],
    update: Update,
    settings: SegmentSettings,
    outcome: Outcome,
) -> None:
    """Replace the regions of each source that a file names; other sources keep theirs.

    Args:
        file: as for `read_regions`.
        inputs: the sources of this run, one of which each row must name.
        update: the corpus and its frozen clips; a source with any keeps the regions it has.
        settings: shortest clip.
        outcome: takes a failure for each bad row, and a warning for each that is too short.

    Raises:
        DataError: if the file can't be read.
    """
    chosen: dict[str, list[Choice]] = {}
    for row in read_regions(file):
        if isinstance(row, DataError):
            outcome.fail(file.name, str(row))
            continue
        named = [one.source.source_id for one in inputs if one.goes_by(row.source)]
        if len(named) != 1:
            what = "several of the media given" if named else "none of the media given"
            outcome.fail(
                file.name, f"line {row.line}: {row.source!r} names {what}; write its source_id"
            )
            continue
        source_id = named[0]
        chosen.setdefault(source_id, []).append(row.choice(source_id))
        length = row.end - row.start
        if row.decision == "keep" and length < settings.min_seconds:
            outcome.warnings.append(
                f"{file.name}, line {row.line}: lasts {length:.1f} s, too short for a clip of "
                f"{settings.min_seconds:g} s; nothing is cut from it"
            )
    for source_id, choices in chosen.items():
        choices.sort(key=lambda row: (row.start, row.end, row.decision))
        try:
            known = read_choices(update.corpus, source_id).regions
        except DataError as error:
            outcome.fail(file.name, str(error))
            continue
        if known == choices:
            continue
        if update.touched(source_id):
            outcome.fail(
                file.name,
                f"{source_id} has clips that are frozen, so its regions were not taken in; "
                f"drop single clips with corpus review, or cut it into another corpus",
            )
        else:
            put_regions(update.corpus, source_id, choices)
