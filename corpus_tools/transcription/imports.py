"""Import transcripts of another recogniser or a person: ``corpus import-transcripts``."""

import contextlib
import difflib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.intake.identify import nearest_names
from corpus_tools.segmentation.ledger.commit import sweep
from corpus_tools.subtitles.files import SUFFIXES, read_subtitle_file
from corpus_tools.subtitles.speakers import spoken_texts
from corpus_tools.transcription.assign import assign_lines
from corpus_tools.transcription.guards.flags import doubtful_texts
from corpus_tools.transcription.store import STAGE, put_transcripts, transcript_origin
from corpus_tools.transcription.subtitle_transcripts import subtitle_transcripts
from corpus_tools.transcription.text.normalise import NORMALISATION, normalise
from corpus_tools.transcription.transcribe import configured_flagger
from corpus_tools.workspace.workspace import Workspace
from manifests.base.csv_tables import Ragged, decimal, parse_table
from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.languages import find_language
from manifests.base.letters import composed
from manifests.base.outcome import Outcome
from manifests.storage.records import Clip, Source, Transcript
from manifests.storage.shards import STAGES, read_shard, read_stage, shard_paths
from manifests.storage.store import fingerprint
from manifests.storage.tombstones import Withdrawn

__all__ = ["import_transcripts"]

COLUMNS = ("clip_id", "text", "language", "avg_logprob", "no_speech_prob", "words")
"""Columns of a row; the first two are required, and CSV files have no ``words``."""

NUMBERS = ("avg_logprob", "no_speech_prob")
TABLES = (".csv", ".tsv")

LARGEST_FILE = 512 * 2**20  # bytes
LONGEST_TEXT = 10_000  # characters in one clip's text


@dataclass(frozen=True)
class ImportedText:
    """Row of a file: ``where`` (file and line) and the known columns that aren't empty."""

    where: str
    fields: dict[str, Any]

    @property
    def clip_id(self) -> str:
        """Id of the clip."""
        return composed(str(self.fields["clip_id"]))


def read_imported_texts(
    path: Path, outcome: Outcome, language: str | None = None
) -> list[ImportedText]:
    """Return the usable rows of a .jsonl, .csv or .tsv file, with a row per clip.

    Unusable rows and unknown columns are failures, with file and line. Raise DataError if the file
    can't be read, or lacks a required column.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(f"{path}: larger than {LARGEST_FILE >> 20} MiB; split it")
        text = read_text(path, language)
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror})") from error
    in_csv = path.suffix.lower() in TABLES
    rows = _csv_rows(path, text) if in_csv else _json_rows(path, text)
    known = COLUMNS[:-1] if in_csv else COLUMNS
    usable: list[ImportedText] = []
    unknown: set[str] = set()
    for where, row in rows:
        columns = set() if isinstance(row, str) else {str(name) for name in row} - set(known)
        for column in sorted(columns - unknown):
            outcome.fail(where, _unknown_column(column, known))
        unknown |= columns
        problem = row if isinstance(row, str) else _row_problem(row)
        if problem:
            outcome.items_in += 1
            outcome.fail(where, problem)
        elif isinstance(row, dict):
            fields = {name: row[name] for name in known if row.get(name) not in (None, "")}
            usable.append(ImportedText(where, fields))
    return usable


def _json_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        where = f"{path.name}, line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield where, f"not valid JSON ({error}); write one object per line"
            continue
        if isinstance(row, dict):
            yield where, row
        else:
            yield where, "expected a JSON object with clip_id and text"


def _csv_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any] | str]]:
    names, rows = parse_table(text, str(path))
    missing = [name for name in COLUMNS[:2] if name not in names]
    if missing:
        raise DataError(
            f"{path}: no column '{missing[0]}'; its first line must name {_HEAD}, with commas "
            f"between them, and it is: {', '.join(map(repr, names))[:_SHOWN]}"
        )
    for number, row in rows:
        yield (
            f"{path.name}, line {number}",
            row.problem if isinstance(row, Ragged) else _numbers(row),
        )


def _numbers(row: dict[str, str]) -> dict[str, Any]:
    """Return a row of a table with its decimals as numbers, where they are such."""
    numbers: dict[str, Any] = {}
    for name in NUMBERS:
        with contextlib.suppress(KeyError, ValueError):
            numbers[name] = decimal(row[name])
    return {**row, **numbers}


def _row_problem(row: dict[str, Any]) -> str | None:
    for name in COLUMNS[:2]:
        if name not in row:
            return f"has no {name}; a row must have {_HEAD}"
        if not isinstance(row[name], str):
            return f"its {name} isn't a text"
        if any("\ud800" <= letter <= "\udfff" for letter in row[name]):
            return f"its {name} isn't valid Unicode (half a character)"
    if not row["text"].strip():
        return f"its text is empty; leave {row['clip_id'] or 'the clip'} out instead"
    if len(row["text"]) > LONGEST_TEXT:
        return f"its text has more than {LONGEST_TEXT} characters, too many for a clip"
    return None


def _unknown_column(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known columns: {', '.join(known)}"
    return f"unknown column '{name}', ignored; {hint}"


_SHOWN = 200  # characters of a header
_HEAD = " and ".join(COLUMNS[:2])


def import_transcripts(
    workspace: Workspace, path: Path, name: str | None = None, source_id: str | None = None
) -> Outcome:
    """Import the texts of a file; importing the same file again changes nothing.

    Texts imported under the same name replace each other clip by clip.

    Args:
        workspace: the corpus.
        path: .jsonl, .csv or .tsv with ``clip_id`` and ``text``, or .srt, .ass, .ssa, .vtt.
        name: name of the recogniser or person; by default the file's stem.
        source_id: source of the subtitles; for subtitle files only.

    Returns:
        Rows (or subtitle lines) as items; every unusable row is a failure. ``details``: ``name``,
        and ``changed``, the number of sources with new texts.

    Raises:
        ConfigurationError: if ``source_id`` is missing, unknown, or given with a table.
        DataError: if the file can't be read.
    """
    name = name or path.stem
    outcome = Outcome()
    with workspace.lock("import-transcripts"):
        sweep(workspace.root)
        if path.suffix.lower() in SUFFIXES:
            texts = _subtitle_file_texts(workspace, path, name, source_id, outcome)
        elif path.suffix.lower() in (".jsonl", *TABLES):
            if source_id is not None:
                raise ConfigurationError(f"--source is for subtitle files; {path.name} names clips")
            texts = _table_texts(workspace, path, name, outcome)
        else:
            raise ConfigurationError(
                f"{path.name}: unknown kind of file; expected .jsonl, "
                f"{', '.join((*TABLES, *SUFFIXES))}"
            )
        flagged = _with_flags(workspace, texts, path.name, outcome)
        changed = [
            sid
            for sid, new in sorted(flagged.items())
            if _merge_into_shard(workspace.root, sid, new)
        ]
    outcome.outputs += [STAGE.path(workspace.root, sid) for sid in changed]
    outcome.details |= {"name": name, "changed": len(changed)}
    if not changed and outcome.ok:
        outcome.warnings.append(f"{path.name}: no new texts")
    return outcome


def _with_flags(
    workspace: Workspace, texts: Mapping[str, list[Transcript]], file: str, outcome: Outcome
) -> dict[str, list[Transcript]]:
    """Return the texts by source with the flags of the guards, and warn of those flagged."""
    flagger = configured_flagger(workspace.configuration.transcribe, workspace.root)
    flagged = {}
    for source_id, own in texts.items():
        clips = read_shard(STAGES["segments"].path(workspace.root, source_id), Clip)
        flagged[source_id] = flagger.flag(own, {clip.clip_id: clip.duration for clip in clips})
    records = [record for own in flagged.values() for record in own]
    if warning := doubtful_texts(records, f"of {file}"):
        outcome.warnings.append(warning)
    return flagged


def _subtitle_file_texts(
    workspace: Workspace, path: Path, name: str, source_id: str | None, outcome: Outcome
) -> Mapping[str, list[Transcript]]:
    if source_id is None:
        raise ConfigurationError(f"{path.name}: give the source it belongs to with --source SOURCE")
    source_id = composed(source_id)
    shard = STAGES["segments"].path(workspace.root, source_id)
    if source_id not in _known_sources(workspace.root):
        known = read_stage(workspace.root, STAGES["sources"], Source)
        raise ConfigurationError(
            f"no source '{source_id}' with clips; the nearest are {nearest_names(source_id, known)}"
        )
    subtitles = read_subtitle_file(path, workspace.configuration.corpus.language)
    events = subtitles.events
    outcome.warnings += subtitles.notes
    clips = [clip for clip in read_shard(shard, Clip) if clip.superseded_by is None]
    texts = assign_lines(events, clips)
    outcome.items_in = len(events)
    outcome.kept = sum(len(text.lines) for text in texts.values())
    outcome.rejected += Counter({"outside clips": len(events) - outcome.kept})
    language = workspace.configuration.corpus.language
    return {source_id: subtitle_transcripts(texts, clips, "import", name, language)}


def _table_texts(
    workspace: Workspace, path: Path, name: str, outcome: Outcome
) -> Mapping[str, list[Transcript]]:
    sources = {
        clip.clip_id: clip.source_id
        for clip in read_stage(workspace.root, STAGES["segments"], Clip)
    }
    in_any_case = {clip_id.casefold(): clip_id for clip_id in sources}
    texts: dict[str, list[Transcript]] = defaultdict(list)
    seen: dict[str, str] = {}
    language = workspace.configuration.corpus.language
    withdrawn = Withdrawn.of(workspace.root).clips
    rows = read_imported_texts(path, outcome, language)
    spoken = spoken_texts([given.fields["text"] for given in rows])
    for given, text in zip(rows, spoken, strict=True):
        outcome.items_in += 1
        if gone := withdrawn.get(given.clip_id):
            outcome.fail(given.where, f"{given.clip_id} went with {gone.summary}; leave it out")
        elif given.clip_id not in sources:
            near = in_any_case.get(given.clip_id.casefold())
            hint = f"; did you mean '{near}'?" if near else ""
            outcome.fail(given.where, f"no clip '{given.clip_id}' in the corpus{hint}")
        elif given.clip_id in seen:
            outcome.fail(
                given.where, f"{given.clip_id} already has a text in {seen[given.clip_id]}"
            )
        else:
            try:
                record = _transcript(given, text, name, language)
                texts[sources[given.clip_id]].append(record)
                seen[given.clip_id] = given.where
                outcome.kept += 1
            except DataError as error:
                outcome.fail(given.where, str(error).removeprefix(f"{given.where}: "))
    return texts


def _transcript(given: ImportedText, text: str, name: str, language: str) -> Transcript:
    """Return the record of a row with its spoken text."""
    named = given.fields.get("language")
    if named is not None:
        try:
            language = find_language(str(named)).code
        except ValueError as error:
            raise DataError(f"{given.where}: language {named!r}: {error}") from error
    row = given.fields | {
        "clip_id": given.clip_id,
        "text": normalise(text, language),
        "text_raw": given.fields["text"],
        "source": "import",
        "model": name,
        "language": None if named is None else language,
    }
    parsed: Transcript = Transcript.parse(row, given.where)
    return parsed


def _merge_into_shard(corpus: Path, source_id: str, new: Iterable[Transcript]) -> bool:
    """Merge texts with those of the same origin in a source; return whether any changed."""
    new = list(new)
    if not new:
        return False
    origin = transcript_origin(new[0])
    path = STAGE.path(corpus, source_id)
    existing = read_shard(path, Transcript) if path.exists() else []
    merged = {text.clip_id: text for text in existing if transcript_origin(text) == origin}
    merged |= {text.clip_id: text for text in new}
    rows = [merged[clip_id].row() for clip_id in sorted(merged)]
    inputs = {"texts": fingerprint(rows), "normalisation": NORMALISATION}
    return put_transcripts(corpus, source_id, origin, list(merged.values()), inputs)


def _known_sources(corpus: Path) -> frozenset[str]:
    return frozenset(path.stem for path in shard_paths(corpus, STAGES["segments"]))
