"""audformat export: a database with a table per split and a table of votes."""

from pathlib import Path
from typing import Any

from manifests.base.emotions import EMOTIONS
from manifests.exports.contents import Contents, import_extra
from manifests.storage.records import ManifestEntry, Split

__all__ = ["write"]

UNCLEAR = "unclear"
"""Label of a vote for no class."""

_SPLITS: dict[Split, str] = {"train": "train", "val": "dev", "test": "test", "held": "other"}
_TEXTS = ("clip_id", "text", "text_source", "source_id", "series", "sentence", "group", "sha256")
_NUMBERS = ("agreement", "text_confidence", "start", "end", "duration")


def write(contents: Contents, folder: Path) -> None:
    """Write ``db.yaml`` and its tables: ``train``, ``dev``, ``test``, ``held`` and ``votes``.

    The tables of the splits have a row per clip with the emotion, the share of each class
    (``soft_angry`` …), the speaker (described in the scheme's labels), text, source and other
    fields. ``votes`` has a column per annotator (rater); a vote for no class is ``unclear``. An
    adjudicator's decisions are in a column of their own, ``a03 adjudication``. ConfigurationError
    if audformat isn't installed.
    """
    audformat = import_extra("audformat")
    database = audformat.Database(
        contents.name,
        source=contents.param("card", "collection") or "",
        usage=audformat.define.Usage.OTHER,
        languages=_languages(audformat, contents),
        description=contents.param("card", "description"),
        license=contents.param("corpus", "licence"),
        meta={"digest": contents.manifest.header.digest},
    )
    _declare(audformat, database, contents)
    for split, name in _SPLITS.items():
        entries = [entry for entry in contents.entries if entry.split == split]
        if entries:
            _table_of_split(audformat, database, contents, entries, split, name)
    _votes(audformat, database, contents)
    database.save(str(folder))


def _languages(audformat: Any, contents: Contents) -> list[str]:
    """Return the language's code in audformat, empty if it is unknown there."""
    try:
        return [audformat.utils.map_language(contents.param("corpus", "language") or "")]
    except ValueError:
        return []


def _declare(audformat: Any, database: Any, contents: Contents) -> None:
    """Declare media, splits, raters and schemes."""
    packed = any(name.endswith(".flac") for name in contents.files.values())
    database.media["clips"] = audformat.Media(
        type="audio",
        format="flac" if packed else "wav",
        sampling_rate=16000,
        channels=1,
        bit_depth=16,
    )
    for split, name in _SPLITS.items():
        database.splits[split] = audformat.Split(name)
    annotators = {annotator for entry in contents.entries for annotator, _ in entry.votes}
    for name in sorted(annotators):
        database.raters[name] = audformat.Rater("human")
    database.raters["votes"] = audformat.Rater("vote", description="aggregated votes")
    database.schemes["emotion"] = audformat.Scheme("str", labels=list(EMOTIONS))
    database.schemes["vote"] = audformat.Scheme("str", labels=[*EMOTIONS, UNCLEAR])
    database.schemes["speaker"] = audformat.Scheme("str", labels=_speakers(contents))
    database.schemes["share"] = audformat.Scheme("float", minimum=0.0, maximum=1.0)
    database.schemes["adjudicated"] = audformat.Scheme("bool")
    database.schemes["fold"] = audformat.Scheme("int")
    database.schemes["text"] = audformat.Scheme("str")
    database.schemes["number"] = audformat.Scheme("float")


def _speakers(contents: Contents) -> dict[str, dict[str, Any]]:
    """Return the known properties of each speaker."""
    speakers: dict[str, dict[str, Any]] = {}
    for entry in contents.entries:
        if entry.speaker is not None:
            row = contents.row(entry)
            known = {name: row[name] for name in ("gender", "age", "region", "native")}
            speakers[entry.speaker] = {
                name: value for name, value in known.items() if value is not None
            }
    return dict(sorted(speakers.items()))


def _table_of_split(
    audformat: Any,
    database: Any,
    contents: Contents,
    entries: list[ManifestEntry],
    split: Split,
    name: str,
) -> None:
    rows = [contents.row(entry) for entry in entries]
    table = audformat.Table(
        audformat.filewise_index([row["file"] for row in rows]), split_id=split, media_id="clips"
    )
    database["held" if name == "other" else name] = table

    def column(title: str, scheme: str, values: list[Any], rater: str | None = None) -> None:
        table[title] = audformat.Column(scheme_id=scheme, rater_id=rater)
        table[title].set(values)

    column("emotion", "emotion", [row["emotion"] for row in rows], rater="votes")
    for place, emotion in enumerate(EMOTIONS):
        column(f"soft_{emotion}", "share", [row["soft"][place] for row in rows], rater="votes")
    column("speaker", "speaker", [row["speaker"] for row in rows])
    column("adjudicated", "adjudicated", [row["adjudicated"] for row in rows])
    column("fold", "fold", [row["fold"] for row in rows])
    for title in _TEXTS:
        column(title, "text", [row[title] for row in rows])
    for title in _NUMBERS:
        column(title, "number", [row[title] for row in rows])


def _votes(audformat: Any, database: Any, contents: Contents) -> None:
    votes: dict[tuple[str, str], dict[int, str]] = {}
    for place, entry in enumerate(contents.entries):
        for number, (annotator, emotion) in enumerate(entry.votes, start=1):
            adjudication = entry.adjudicated and number == len(entry.votes)
            title = f"{annotator} adjudication" if adjudication else annotator
            votes.setdefault((title, annotator), {})[place] = emotion or UNCLEAR
    files = [contents.files[entry.clip_id] for entry in contents.entries]
    database["votes"] = audformat.Table(audformat.filewise_index(files), media_id="clips")
    for (title, annotator), given in sorted(votes.items()):
        database["votes"][title] = audformat.Column(scheme_id="vote", rater_id=annotator)
        database["votes"][title].set([given.get(place) for place in range(len(files))])
