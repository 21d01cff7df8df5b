"""The corpus-wide table of speakers, and the people that a script adds to it."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from corpus_tools.transcription.encodings import decode_text
from manifests.errors import DataError
from manifests.outcome import Outcome
from manifests.records import Speaker
from manifests.store import write_text
from manifests.tombstones import Withdrawn

__all__ = ["check_not_withdrawn", "merge_speakers", "read_speakers"]

COLUMNS = tuple(Speaker.fields())


def read_speakers(path: Path) -> dict[str, Speaker]:
    """Return the rows of speakers.csv by speaker id; none if there is no such file.

    Raises:
        DataError: naming the line that is wrong.
    """
    if not path.is_file():
        return {}
    try:
        text = decode_text(path.read_bytes(), str(path))
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file ({error}); repair it") from error
    speakers: dict[str, Speaker] = {}
    for number, row in enumerate(rows, start=2):
        where = f"{path}, line {number}"
        if None in row:
            raise DataError(f"{where}: more fields than columns; repair it")
        speaker: Speaker = Speaker.parse({key: value or "" for key, value in row.items()}, where)
        if speakers.setdefault(speaker.speaker_id, speaker) is not speaker:
            raise DataError(f"{where}: speaker '{speaker.speaker_id}' is there twice; remove one")
    return speakers


def check_not_withdrawn(corpus: Path, script: Path, speakers: Iterable[str]) -> None:
    """Refuse a script in which somebody reads who withdrew.

    Args:
        corpus: the corpus folder.
        script: for the error.
        speakers: ids of those who read.

    Raises:
        DataError: naming the speaker.
    """
    withdrawn = Withdrawn.of(corpus).speakers
    for speaker in sorted(withdrawn.keys() & set(speakers)):
        raise DataError(
            f"{script}: lines of {withdrawn[speaker].summary}; remove them from the script, or "
            f"rename the speaker if it is another person"
        )


def merge_speakers(path: Path, found: Iterable[Speaker], outcome: Outcome) -> None:
    """Add speakers to speakers.csv, and what it did not know about the ones in it.

    What it says already is never changed: a contradiction is a failure in the outcome.

    Args:
        path: speakers.csv.
        found: speakers, possibly many times each.
        outcome: takes the failures.

    Raises:
        DataError: if speakers.csv can't be read.
    """
    known = read_speakers(path)
    merged = dict(known)
    contradicted: set[tuple[str, str]] = set()
    for speaker in found:
        old = merged.get(speaker.speaker_id)
        if old is None:
            merged[speaker.speaker_id] = speaker
            continue
        news = {field: value for field, value in speaker.row().items() if value is not None}
        for field, value in news.items():
            said = getattr(old, field)
            if said not in (None, value) and (old.speaker_id, field) not in contradicted:
                contradicted.add((old.speaker_id, field))
                outcome.fail(
                    f"speaker {old.speaker_id}",
                    f"{field} is '{said}' in {path.name} and '{value}' in the table; "
                    f"the former was kept, correct the one that is wrong",
                )
        update = {field: value for field, value in news.items() if getattr(old, field) is None}
        merged[speaker.speaker_id] = old.changed(**update)
    if merged != known:
        write_text(path, _as_csv(merged.values()))


def _as_csv(speakers: Iterable[Speaker]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for speaker in sorted(speakers, key=lambda one: one.speaker_id):
        writer.writerow({key: "" if v is None else v for key, v in speaker.row().items()})
    return out.getvalue()
