"""Import of an existing corpus: the work behind ``corpus import-manifest``."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from corpus_tools.assembly.manifest import build_from_corpus
from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.importing.checks import check_table, report_missing, table_warnings
from corpus_tools.importing.columns import map_columns, unread_columns
from corpus_tools.importing.cutting import ACCEPT_ALL, cut_rows, import_inputs
from corpus_tools.importing.labels import LabelMapping, SplitMapping, divided
from corpus_tools.importing.merging import join_vote_columns, merge_rows
from corpus_tools.importing.rows import (
    MissingSoundError,
    Reading,
    Row,
    labels_in,
    numbered_anew,
    read_row,
    speaker_in,
)
from corpus_tools.importing.tables import RawRow, Table, fill_patterns, read_corpus_tables
from corpus_tools.importing.votes import add_judgements
from corpus_tools.segmentation.intake.identify import KnownSources, RecordingIntake
from corpus_tools.segmentation.ledger.commit import sweep
from corpus_tools.segmentation.ledger.decisions import clips_of
from corpus_tools.segmentation.ledger.update import Status, Update
from corpus_tools.subtitles.speakers import spoken_texts
from corpus_tools.transcription.guards.flags import Flagger, doubtful_texts, guards_version
from corpus_tools.transcription.store import put_transcripts
from corpus_tools.transcription.text.normalise import NORMALISATION, normalise
from corpus_tools.workspace.runner import run_each
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import DataError
from manifests.base.outcome import FileWarnings, Outcome, Progress, listed, no_progress
from manifests.base.voices import one_spelling
from manifests.storage.frozen import frozen_clips
from manifests.storage.partials import clear_partials, partial_path
from manifests.storage.records import Clip, Split, Transcript
from manifests.storage.speakers import merge_speakers, read_speakers
from manifests.storage.store import canonical_json
from manifests.versions.manifest import load_manifest, newest

__all__ = ["import_manifest"]


def import_manifest(
    workspace: Workspace,
    path: Path,
    *,
    audio_folder: Path | None = None,
    columns: Mapping[str, str] | None = None,
    mapped: Mapping[str, str] | None = None,
    dropped: Collection[str] = (),
    ignored: Collection[str] = (),
    series: str | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Import the clips, labels, speakers, texts and splits of another corpus.

    An item is a row; an unusable row doesn't stop the others. If rows name splits, the next version
    of the manifest is written with them. Importing the same table again changes nothing.

    Args:
        workspace: target corpus.
        path: table or folder, see `corpus_tools.importing.tables.read_corpus_tables`.
        audio_folder: base of relative paths, which must not leave it.
        columns: column name by field, for names that aren't recognised.
        mapped: class by label, or split by its name, for those that aren't recognised.
        dropped: labels to leave out.
        ignored: columns that aren't to be read, although they look like one that matters.
        series: series of rows that name none; default: their source, else the table's name.
        progress: callback after each file.

    Returns:
        ``details``: ``clips speakers unlabelled labels new_judgements unchanged splits columns
        unread_columns split_names from_names`` and, if a version was built, ``manifest``, see
        :func:`manifests.building.build.build_manifest`.

    Raises:
        ConfigurationError: if there is nothing to read, columns don't fit, or labels or splits are
            unknown.
        DataError: if the table or the corpus can't be read, or nothing in it has a label although
            it should.
    """
    outcome = Outcome()
    classes, sides = divided(mapped or {})
    mapping, splits = LabelMapping(classes, dropped), SplitMapping(sides)
    with workspace.lock("import-manifest") as lock:
        outcome.warnings += [lock.broken] if lock.broken else []
        with _scratch_folder() as scratch:
            table = read_corpus_tables(
                path,
                scratch,
                audio_folder,
                mapping=mapping,
                splits=splits,
                named=columns,
                language=workspace.configuration.corpus.language,
            )
            fill_patterns(table, (columns or {}).values())
            join_vote_columns(table, mapping, {*(columns or {}).values(), *ignored})
            by_field = map_columns(table.columns, columns, ignored)
            check_table(table, by_field, mapping, splits, path)
            names = dict.fromkeys(filter(None, (speaker_in(raw, by_field) for raw in table.rows)))
            known = read_speakers(workspace.speakers, workspace.configuration.corpus.language)
            reading = Reading(
                by_field,
                table.root,
                scratch,
                mapping,
                splits,
                one_spelling(names, known),
                other_base=audio_folder is not None,
                found=frozenset(table.sounds),
                anew=numbered_anew(table.rows, by_field),
            )
            rows = _spoken(_read_rows(table, reading, outcome))
            unread = _unread(table, by_field)
            outcome.warnings += [
                *table.notes,
                *table_warnings(table, reading, rows, path, known, unread),
                *_vote_warnings(rows),
                *_split_warnings(rows),
                *_source_warnings(rows),
            ]
            by_clip = _import_rows(
                workspace, rows, series or path.resolve().stem, progress, outcome
            )
        labelled = {} if outcome.full else by_clip  # files named by their content wait for all rows
        new = add_judgements(workspace.root, labelled, _table_digest(table), outcome)
        given: dict[str, Split] = {clip: row.split for clip, row in labelled.items() if row.split}
        outcome.details |= {
            "clips": len(by_clip),
            "speakers": len({row.speaker.speaker_id for row in by_clip.values() if row.speaker}),
            "unlabelled": sum(not row.votes and row.emotion is None for row in by_clip.values()),
            "labels": {
                f"{label}={emotion}": n for (label, emotion), n in sorted(mapping.used.items())
            },
            "new_judgements": new,
            "splits": len(given),
            "split_names": {
                f"{name}={split}": n for (name, split), n in sorted(splits.used.items())
            },
            "columns": by_field,
            "unread_columns": unread,
            "from_names": table.from_names,
        }
        lost = sorted({row.split for row in rows if row.split} - set(given.values()))
        if outcome.full:
            outcome.warnings.append(
                f"{path.name}: no label was imported yet; free some space and import it again"
            )
        elif lost:
            outcome.fail(
                path.name,
                f"no clip of {' and '.join(lost)} could be imported, so no version was written; "
                f"mend the failed rows and import it again",
            )
        elif given:
            _build_version(workspace, given, outcome)
        if not new and outcome.details["unchanged"] == outcome.details["files"] and outcome.ok:
            outcome.warnings.append(f"{path.name}: nothing new to import")
    return outcome


def _unread(table: Table, by_field: Mapping[str, str]) -> list[str]:
    """Return the columns that weren't read; of folders only those with several names."""
    unread = unread_columns(table.columns, by_field)
    if not table.from_names:
        return unread
    read = [_pattern(table, name) for name in by_field.values()]
    values = {name: _pattern(table, name) for name in unread}
    return [name for name, own in values.items() if len(set(own)) > 1 and own not in read]


def _pattern(table: Table, column: str) -> tuple[int, ...]:
    """Return which rows have the same value in a column, as the first row with it."""
    first: dict[Any, int] = {}
    return tuple(first.setdefault(raw.cells.get(column), row) for row, raw in enumerate(table.rows))


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    """Yield a private folder for the sounds in tables; a killed import's is removed by the next."""
    parent = Path(gettempdir()).resolve()
    clear_partials(parent)
    with partial_path(parent) as folder:
        folder.mkdir(mode=0o700)
        yield folder


def _read_rows(table: Table, reading: Reading, outcome: Outcome) -> list[Row]:
    """Return the usable rows; record the others in the outcome."""
    outcome.items_in = len(table.rows) + len(table.broken)
    for where, reason in table.broken:
        outcome.fail(where, reason)
    kept: list[Row] = []
    missing: list[tuple[RawRow, MissingSoundError]] = []
    for raw in table.rows:
        try:
            kept.append(read_row(raw, reading))
        except DataError as error:
            label = next(labels_in(raw, {"emotion": reading.columns.get("emotion", "")}), None)
            if label is not None and reading.mapping.drops(label):
                outcome.rejected[f"label {label}"] += 1
            elif isinstance(error, MissingSoundError):
                missing.append((raw, error))
            else:
                outcome.fail(raw.where, str(error))
    report_missing(missing, reading, len(table.rows), outcome)
    return merge_rows(kept, reading.mapping, outcome)


def _spoken(rows: Sequence[Row]) -> list[Row]:
    """Return rows with their texts without remarks, lyrics and names, which may say the label."""
    texts = spoken_texts([row.text or "" for row in rows])
    return [replace(row, spoken=text) for row, text in zip(rows, texts, strict=True)]


@dataclass(frozen=True)
class _FileImport:
    """Import of single files with the settings of one run."""

    update: Update
    intake: RecordingIntake
    segment: SegmentSettings
    series: str
    language: str
    texts: list[Transcript] = field(default_factory=list)

    def run(self, rows: Sequence[Row]) -> tuple[Status, dict[str, Row]]:
        """Import or update a file by its rows in order of time; return its status and clips."""
        row = rows[0]
        corpus = self.update.corpus
        series = row.series or row.source or self.series
        media = self.intake.identify(row.path, row.file, series)
        if row.source and not media.known:
            media = replace(media, source=media.source.changed(episode=row.source))
        inputs = import_inputs(media, rows, self.segment)
        status, _ = self.update.run(
            media,
            inputs,
            lambda frozen, _: cut_rows(media, rows, corpus, self.segment, inputs, frozen),
        )
        name = media.source.source_id
        clips = [clip for clip in clips_of(corpus, name) if clip.superseded_by is None]
        clips.sort(key=lambda clip: clip.start)
        by_clip = dict(zip((clip.clip_id for clip in clips), rows, strict=True))
        self.texts.extend(_put_texts(corpus, name, clips, by_clip, self.language))
        return status, by_clip


def _import_rows(
    workspace: Workspace, rows: list[Row], series: str, progress: Progress, outcome: Outcome
) -> dict[str, Row]:
    """Create the sources and clips of rows under the lock; return the row of each clip."""
    grouped: defaultdict[Path, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.path].append(row)
    files = [sorted(own, key=lambda row: row.start or 0.0) for own in grouped.values()]
    corpus, configuration = workspace.root, workspace.configuration
    by_clip: dict[str, Row] = {}
    sweep(corpus)
    noted = FileWarnings()
    options = {"language": configuration.corpus.language, "remedy": _REMEDY}
    job = _FileImport(
        Update(corpus, ACCEPT_ALL, frozen_clips(corpus), warn=noted.add),
        RecordingIntake(corpus, KnownSources.of(corpus), options),
        configuration.segment,
        series,
        configuration.corpus.language,
    )
    unchanged = 0
    for _, (status, imported) in run_each(
        files, job.run, outcome, name=lambda own: own[0].file, progress=progress
    ):
        by_clip |= imported
        unchanged += status == "unchanged"
    if warning := doubtful_texts(job.texts, "of the table"):
        outcome.warnings.append(warning)
    speakers = [row.speaker for row in by_clip.values() if row.speaker]
    language = workspace.configuration.corpus.language
    merge_speakers(workspace.speakers, speakers, outcome, language)
    outcome.warnings += noted.lines()
    outcome.kept = sum(row.rows for row in by_clip.values())
    outcome.outputs += [workspace.clips, workspace.speakers] if by_clip else []
    outcome.details |= {"files": len(files), "unchanged": unchanged}
    return by_clip


def _put_texts(
    corpus: Path, name: str, clips: Iterable[Clip], rows: Mapping[str, Row], language: str
) -> list[Transcript]:
    """Store the texts of a file's rows with the flags of the guards, and return them."""
    given = [
        Transcript(
            clip_id=clip_id,
            text=normalise(row.spoken, language),
            text_raw=row.text,
            source="import",
            language=language,
            confidence=row.text_confidence,
            imported_from=None if row.text_source == "import" else row.text_source,
        )
        for clip_id, row in rows.items()
        if row.text
    ]
    texts = Flagger().flag(given, {clip.clip_id: clip.duration for clip in clips})
    if texts:
        inputs: dict[str, Any] = {
            "guards": guards_version(),
            "texts": [[text.clip_id, text.text, text.text_raw] for text in texts],
            "language": language,
            "normalisation": NORMALISATION,
        }
        if any(text.imported_from for text in texts):
            inputs["origins"] = [[text.imported_from, text.confidence] for text in texts]
        put_transcripts(corpus, name, "import", texts, inputs)
    return texts


def _build_version(workspace: Workspace, splits: Mapping[str, Split], outcome: Outcome) -> None:
    """Write a version with the given splits, unless the newest has all of these clips."""
    last = newest(workspace.root)
    if last is not None:
        existing = {entry.clip_id for entry in load_manifest(last).entries}
        if splits.keys() <= existing:
            return
    configuration = workspace.configuration
    built = build_from_corpus(
        workspace,
        configuration.split,
        configuration.labels,
        given=splits,
        lock=nullcontext(),
    )
    outcome.failures += built.failures
    outcome.warnings += built.warnings
    outcome.outputs += built.outputs
    outcome.details |= built.details


def _table_digest(table: Table) -> str:
    """Return the sha256 of a table's rows."""
    digest = hashlib.sha256()
    for raw in table.rows:
        digest.update(
            canonical_json([raw.where, repr(sorted(raw.cells.items()))]).encode(
                "utf-8", "backslashreplace"
            )
        )
    return digest.hexdigest()


def _vote_warnings(rows: Iterable[Row]) -> Iterator[str]:
    conflicting = [row.where for row in rows if row.votes and row.emotion and not _votes_agree(row)]
    if conflicting:
        yield (
            f"the votes of {len(conflicting)} row{'s' * (len(conflicting) != 1)} contradict the "
            f"emotion column; the votes count: {listed(conflicting, most=5)}"
        )


def _votes_agree(row: Row) -> bool:
    """Return True if the row's class has the most votes, or was set by adjudication."""
    if row.adjudicated:
        return row.votes[-1][1] == row.emotion
    counts = Counter(emotion for _, emotion in row.votes if emotion)
    most = max(counts.values(), default=0)
    return row.emotion is not None and counts[row.emotion] == most > 0


def _split_warnings(rows: Iterable[Row]) -> Iterator[str]:
    splits = {row.split for row in rows} - {None}
    missing = [split for split in ("train", "val", "test") if split not in splits]
    if splits and missing:
        yield f"the table's splits lack {' and '.join(missing)}"


def _source_warnings(rows: Iterable[Row]) -> Iterator[str]:
    splits: defaultdict[str, set[str]] = defaultdict(set)
    files: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.source:
            files[row.source].add(row.file)
            if row.split in ("train", "val", "test"):
                splits[row.source].add(row.split)
    shared = sorted(name for name, own in splits.items() if len(own) > 1 and len(files[name]) > 1)
    if shared:
        yield (
            f"{len(shared)} of the {len(files)} sources in the table have files in more than one "
            f"split, which the leakage report doesn't show, since each file becomes a source of "
            f"its own: {listed(shared, most=5)}"
        )


_REMEDY = (
    "to use another, give it as a file of its own, made with ffmpeg -i FILE -map 0:a:N -c copy OUT"
)
