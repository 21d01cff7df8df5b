"""The table of speakers of a corpus, ``speakers.csv``."""

from collections.abc import Iterable
from pathlib import Path

from manifests.base.csv_tables import Ragged, csv_text, read_table
from manifests.base.errors import DataError
from manifests.base.letters import composed
from manifests.base.outcome import Outcome
from manifests.storage.records import Gender, Speaker
from manifests.storage.store import write_text
from manifests.storage.tombstones import Withdrawn

__all__ = ["check_not_withdrawn", "gender_named", "merge_speakers", "read_speakers"]

COLUMNS = tuple(Speaker.fields())


def gender_named(name: str) -> Gender | None:
    """Return the gender that a word denotes, None if it denotes none.

    >>> gender_named("F"), gender_named("男"), gender_named("femal")
    ('female', 'male', None)
    """
    return _GENDERS.get(name.strip().rstrip(".").casefold())


def read_speakers(path: Path, language: str | None = None) -> dict[str, Speaker]:
    """Return the rows of speakers.csv by id, none without a file; DataError names a bad line.

    ``language`` is the corpus's, by which a file that a spreadsheet saved is decoded.
    """
    if not path.is_file():
        return {}
    speakers: dict[str, Speaker] = {}
    for number, row in read_table(path, language)[1]:
        where = f"{path}, line {number}"
        if isinstance(row, Ragged):
            raise DataError(f"{where}: {row.problem}")
        row = {name: composed(value) for name, value in row.items()}
        speaker: Speaker = Speaker.parse(row, where)
        if speakers.setdefault(speaker.speaker_id, speaker) is not speaker:
            raise DataError(f"{where}: duplicate speaker '{speaker.speaker_id}'; remove one")
    return speakers


def check_not_withdrawn(corpus: Path, script: Path, speakers: Iterable[str]) -> None:
    """Refuse a script with lines of a withdrawn speaker, by a DataError that names both."""
    withdrawn = Withdrawn.of(corpus)
    for gone in filter(None, map(withdrawn.speaker, sorted(set(speakers)))):
        raise DataError(
            f"{script}: lines of {gone.summary}; remove them from the script, or "
            f"give the speaker another id if it is another person"
        )


def merge_speakers(
    path: Path, found: Iterable[Speaker], outcome: Outcome, language: str | None = None
) -> None:
    """Add new speakers to speakers.csv and fill in missing fields of known ones.

    Existing values are never changed: a contradiction is a failure in the outcome. DataError if
    speakers.csv can't be read.
    """
    known = read_speakers(path, language)
    merged = dict(known)
    contradicted: set[tuple[str, str]] = set()
    for speaker in found:
        old = merged.get(speaker.speaker_id)
        if old is None:
            merged[speaker.speaker_id] = speaker
            continue
        known_fields = {key: value for key, value in speaker.row().items() if value is not None}
        for field, value in known_fields.items():
            current = getattr(old, field)
            if current not in (None, value) and (old.speaker_id, field) not in contradicted:
                contradicted.add((old.speaker_id, field))
                outcome.fail(
                    f"speaker {old.speaker_id}",
                    f"{field} is '{current}' in {path.name} and '{value}' in the table; "
                    f"the former was kept, correct the wrong one",
                )
        update = {key: value for key, value in known_fields.items() if getattr(old, key) is None}
        merged[speaker.speaker_id] = old.changed(**update)
    if merged != known:
        write_text(path, _to_csv(merged.values()))


def _to_csv(speakers: Iterable[Speaker]) -> str:
    rows = [one.row() for one in sorted(speakers, key=lambda one: one.speaker_id)]
    return csv_text([COLUMNS, *([row[name] for name in COLUMNS] for row in rows)])


_GENDERS: dict[str, Gender] = {
    "female": "female", "f": "female", "fem": "female", "woman": "female", "girl": "female",
    "女": "female", "女性": "female", "女声": "female", "女生": "female", "weiblich": "female",
    "frau": "female", "féminin": "female", "femme": "female", "femenino": "female",
    "mujer": "female", "kobieta": "female", "female_feminine": "female", "여성": "female",
    "male": "male", "m": "male", "man": "male", "boy": "male", "男": "male", "男性": "male",
    "男声": "male", "男生": "male", "männlich": "male", "mann": "male", "masculin": "male",
    "homme": "male", "masculino": "male", "hombre": "male", "mężczyzna": "male",
    "male_masculine": "male", "남성": "male",
    "other": "other", "o": "other", "diverse": "other", "divers": "other", "nonbinary": "other",
    "non-binary": "other", "其他": "other",
}  # fmt: skip
"""Words for each gender; ``female_feminine`` and ``male_masculine`` are those of Common Voice."""
