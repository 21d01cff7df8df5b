"""Add a scripted session to the corpus: ``corpus add-recordings``."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.configuration.recordings import RecordingSettings
from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.media.tracks import ChannelChoice
from corpus_tools.recordings.listing import Recording, list_files
from corpus_tools.recordings.readings.recording import cut_recording, recording_inputs
from corpus_tools.recordings.readings.script import put_script_texts
from corpus_tools.recordings.takes.match_table import table_path
from corpus_tools.recordings.takes.recognised import NoTranscript, TranscriptSource
from corpus_tools.recordings.takes.session import AddedTake, TakeSession
from corpus_tools.recordings.takes.take import Take
from corpus_tools.segmentation.intake.identify import (
    KnownSources,
    RecordingIntake,
    identifies,
    nearest_names,
)
from corpus_tools.segmentation.ledger.commit import sweep
from corpus_tools.segmentation.ledger.update import Update
from corpus_tools.segmentation.screening.rules import recording_rules
from corpus_tools.segmentation.voice.base import detector_name
from corpus_tools.workspace.runner import run_each
from manifests.base.errors import ConfigurationError
from manifests.base.outcome import FileWarnings, Outcome, Progress, no_progress
from manifests.base.voices import is_diarised
from manifests.storage.copies import copy_warnings
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Source
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.speakers import check_not_withdrawn, merge_speakers, read_speakers

__all__ = ["add_recordings"]


def take_report(take: Take, added: AddedTake) -> dict[str, Any]:
    """Return a take's counts and doubtful lines, JSON-ready."""
    table = added.table
    return {
        "file": take.file,
        "speaker": take.speaker,
        "source_id": added.source_id,
        "by": added.by,
        "lines": len(table),
        "matched": sum(row.status == "matched" for row in table),
        "skipped": sum(row.status == "skipped" for row in table),
        "retakes": sum(len(row.retakes.split()) for row in table),
        "false_starts": sum(len(row.false_starts.split()) for row in table),
        "doubtful": [
            {
                "line": int(row.line),
                "text": row.text,
                "start": float(row.start) if row.start else None,
                "end": float(row.end) if row.end else None,
                "score": float(row.score),
                "flags": row.flags.split(),
                "accepted": row.clip_id in added.accepted,
            }
            for row in table
            if row.flags
        ],
        "table": f"review/{added.source_id}.matches.csv",
    }


def doubt_warning(take: Take, added: AddedTake) -> str | None:
    """Return a warning if most lines of a take are doubtful, else None."""
    doubtful = sum(bool(row.flags) for row in added.table)
    if doubtful <= len(added.table) / 2:
        return None
    advice = "check each line" if added.by == "text" else "give recognised text with --texts"
    return (
        f"{take.file}: {doubtful} of its {len(added.table)} lines are doubtful; it may have "
        f"another script, or lack text or takes of other speakers; {advice}, or leave it out"
    )


def add_recordings(
    corpus: Path,
    script: Path,
    folder: Path,
    *,
    settings: RecordingSettings | None = None,
    segment: SegmentSettings | None = None,
    screen: ScreenSettings | None = None,
    series: str | None = None,
    language: str | None = None,
    transcripts: TranscriptSource | None = None,
    recut: Collection[str] = (),
    track: int | None = None,
    channel: ChannelChoice | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Add every recording in a script as a source with one clip, its speaker and its text.

    A long take becomes a source with one clip for each line found in it. The caller holds the
    corpus's lock.

    Args:
        corpus: the corpus folder, with its ``speakers.csv``.
        script: CSV with the columns ``file, speaker, gender, text`` and, if wanted, ``sentence,
            age, region, native``.
        folder: folder of the recordings, to which ``file`` is relative.
        settings: section [recordings] of corpus.toml.
        segment: section [segment].
        screen: section [screen].
        series: series of all the recordings; by default the name of the script's folder.
        language: BCP 47 code of the spoken language, None if unknown.
        transcripts: recognised text of long takes, if any.
        recut: sources (by id or title) to cut again although they have frozen clips; those clips
            are kept as superseded.
        track: audio track of the recordings, by default as for `identify`.
        channel: channel of the recordings, likewise.
        progress: called after each recording.

    Returns:
        Lines of the script as items: kept with an accepted clip, else rejected by reason.
        ``details``: recordings, speakers and sentences, and a report on each long take.

    Raises:
        ConfigurationError: if the folder is missing, the script's columns are wrong, the voice
            detector isn't installed, or recognised text is given for no take or one text for
            several takes.
        DataError: if the script or the list of frozen clips can't be read, or a speaker in the
            script has withdrawn.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no such folder; give the folder of the recordings")
    if series is not None and not series.strip():
        raise ConfigurationError("--series: is empty; give the session's name, or leave it out")
    outcome = Outcome(warnings=copy_warnings(corpus))
    settings, segment = settings or RecordingSettings(), segment or SegmentSettings()
    known = read_speakers(corpus / "speakers.csv", language)
    listing = list_files(script, folder, settings.takes, outcome, language, known)
    speakers = {one.row.speaker.speaker_id for one in listing.recordings}
    speakers |= {take.speaker for take in listing.takes}
    check_not_withdrawn(corpus, script, speakers)
    if labels := sorted(filter(is_diarised, speakers)):
        outcome.warnings.append(
            f"{script}: {', '.join(labels[:3])}{' …' if len(labels) > 3 else ''} look like labels "
            f"of a diarisation tool, but in a script an id is the same person in the whole corpus; "
            f"give every person an id of their own"
        )
    transcripts = transcripts or NoTranscript()
    if transcripts.flag and not settings.takes:
        raise ConfigurationError(f"{transcripts.flag}: is for long takes; give --takes too")
    if transcripts.flag and not listing.takes:
        outcome.warnings.append(f"{transcripts.flag}: not used, the script has no usable long take")
    transcripts.check(listing.takes)
    detector_name(segment)
    rules = recording_rules(screen or ScreenSettings(), segment, settings)
    recut = _sources_to_recut(recut, corpus, outcome)
    noted = FileWarnings()
    update = Update(corpus, rules, frozen_clips(corpus), recut, noted.add)
    sweep(corpus)
    series = series or script.resolve().parent.name
    chosen: dict[str, Any] = {"track": track, "channel": channel, "language": language}
    intake = RecordingIntake(corpus, KnownSources.of(corpus), chosen)
    job = _RecordingAdder(update, intake, settings, segment, series, language)
    done = list(
        run_each(
            listing.recordings,
            job.run,
            outcome,
            name=lambda row: row.row.file,
            progress=progress,
        )
    )
    session = TakeSession(update, intake, segment, series, language, transcripts)
    takes = session.add(listing.takes, outcome, progress)
    read = [recording.row for recording, _ in done] + [
        row for take, _ in takes for row in take.rows
    ]
    merge_speakers(corpus / "speakers.csv", [row.speaker for row in read], outcome, language)
    for _, added in done:
        if added.reason is None:
            outcome.kept += 1
        else:
            outcome.rejected[added.reason] += 1
    for _, take in takes:
        outcome.kept += len(take.table) - take.rejected.total()
        outcome.rejected += take.rejected
    outcome.warnings += noted.lines()
    outcome.warnings += filter(None, (doubt_warning(take, added) for take, added in takes))
    outcome.outputs += [corpus / "clips", corpus / "speakers.csv"] if read else []
    outcome.outputs += [table_path(corpus, added.source_id) for _, added in takes]
    outcome.details |= {
        "recordings": len(done),
        "speakers": sorted({row.speaker.speaker_id for row in read}),
        "sentences": len({row.sentence for row in read}),
        "unchanged": sum(
            status == "unchanged"
            for status in [one.status for _, one in done] + [one.status for _, one in takes]
        ),
        "takes": [take_report(take, added) for take, added in takes],
    }
    return outcome


def _sources_to_recut(names: Collection[str], corpus: Path, outcome: Outcome) -> set[str]:
    """Return the ids of the named sources; a name that matches none is a failure."""
    known = [one for one in read_stage(corpus, STAGES["sources"], Source) if one.kind == "scripted"]
    found = set()
    for name in names:
        meant = {one.source_id for one in known if identifies(name, one)}
        found |= meant
        if not meant:
            outcome.items_in += 1
            outcome.fail(
                "--recut",
                f"no recording {name!r} in the corpus; the nearest are "
                f"{nearest_names(name, known) or 'none'}",
            )
    return found


@dataclass(frozen=True)
class _AddedRecording:
    """Result of adding a recording; ``reason`` is that of its rejection, if rejected."""

    status: str
    reason: str | None


@dataclass(frozen=True)
class _RecordingAdder:
    """Settings of a run; `run` adds one recording."""

    update: Update
    intake: RecordingIntake
    settings: RecordingSettings
    segment: SegmentSettings
    series: str
    language: str | None

    def run(self, recording: Recording) -> _AddedRecording:
        """Add or update a recording."""
        row, corpus = recording.row, self.update.corpus
        media = self.intake.identify(recording.path, row.file, self.series)
        inputs = recording_inputs(media, row, self.settings, self.segment)
        status, decisions = self.update.run(
            media,
            inputs,
            lambda frozen, _: cut_recording(
                media, row, corpus, self.settings, self.segment, inputs, frozen
            ),
        )
        decision = next(row for row in decisions.screens if "superseded" not in row.reasons)
        lines = [(decision.clip_id, row.text, list[str]())]
        put_script_texts(corpus, media.source.source_id, lines, self.language)
        return _AddedRecording(status, None if decision.accepted else decision.reasons[0])
