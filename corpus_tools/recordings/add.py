"""A scripted session into the corpus: the work behind ``corpus add-recordings``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.recordings.cast import merge_speakers
from corpus_tools.recordings.recording import cut_recording, recording_inputs
from corpus_tools.recordings.script import ScriptRow, read_script
from corpus_tools.recordings.settings import RecordingSettings
from corpus_tools.runner import run_each
from corpus_tools.segmentation.inputs import KnownSources, MediaInput, identify, media_in
from corpus_tools.segmentation.publish import SCREEN, sweep
from corpus_tools.segmentation.screening import recording_rules
from corpus_tools.segmentation.settings import ScreenSettings, SegmentSettings
from corpus_tools.segmentation.update import Update
from corpus_tools.segmentation.voice import detector_name
from corpus_tools.transcription.normalisation import NORMALISATION, normalise
from corpus_tools.transcription.store import put_transcripts
from manifests.errors import ConfigurationError, DataError
from manifests.frozen import frozen_clips
from manifests.outcome import Outcome, Progress, no_progress
from manifests.records import Screen, Transcript
from manifests.shards import read_shard
from manifests.store import inside

__all__ = ["add_recordings"]


def add_recordings(
    corpus: Path,
    script: Path,
    folder: Path,
    *,
    settings: RecordingSettings | None = None,
    segment: SegmentSettings | None = None,
    screen: ScreenSettings | None = None,
    series: str | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Add every recording that a script lists: a source with one clip, its speaker and its text.

    The caller holds the corpus's lock.

    Args:
        corpus: the corpus folder, with its ``speakers.csv``.
        script: CSV with the columns ``file, speaker, gender, text`` and, if wanted, ``sentence,
            age, region, native``.
        folder: what ``file`` is relative to.
        settings: section [recordings] of corpus.toml.
        segment: section [segment].
        screen: section [screen].
        series: of all the recordings; default: the name of the folder
            that the script is in.
        progress: told after each recording.

    Returns:
        Counts of recordings: accepted ones are kept, the others are rejected by their reason.

    Raises:
        ConfigurationError: if the folder is missing, the script's columns are wrong, or the voice
            detector isn't installed.
        DataError: if the script can't be read, or not which clips people have touched.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no such folder; give the folder of the recordings")
    outcome = Outcome()
    rows = _usable(script, folder, outcome)
    _name_strays(folder, {row.path.resolve() for row in rows}, outcome)
    settings, segment = settings or RecordingSettings(), segment or SegmentSettings()
    detector_name(segment)
    rules = recording_rules(screen or ScreenSettings(), segment, settings)
    update = Update(corpus, rules, frozen_clips(corpus))
    sweep(corpus)
    job = _Adding(
        update,
        KnownSources.of(corpus),
        settings,
        segment,
        series or script.resolve().parent.name,
        {},
    )
    done = list(run_each(rows, job.run, outcome, name=lambda row: row.row.file, progress=progress))
    merge_speakers(corpus / "speakers.csv", [row.row.speaker for row, _ in done], outcome)
    for _, added in done:
        if added.reason is None:
            outcome.kept += 1
        else:
            outcome.rejected[added.reason] += 1
    outcome.outputs += [corpus / "clips", corpus / "speakers.csv"] if done else []
    outcome.details |= _details(done)
    return outcome


@dataclass(frozen=True)
class _Recording:
    """A line of the script and the file that it means."""

    row: ScriptRow
    path: Path


@dataclass(frozen=True)
class _Added:
    """What a recording came to; ``reason`` is why it was rejected."""

    status: str
    reason: str | None


@dataclass(frozen=True)
class _Adding:
    """One run's settings; `run` does one recording."""

    update: Update
    known: KnownSources
    settings: RecordingSettings
    segment: SegmentSettings
    series: str
    by_content: dict[str, str]

    def run(self, recording: _Recording) -> _Added:
        """Bring a recording up to date in the corpus."""
        row, corpus = recording.row, self.update.corpus
        one = identify(recording.path, corpus, self.known, kind="scripted", series=self.series)
        first = self.by_content.setdefault(one.source.sha256, row.file)
        if first != row.file:
            raise DataError(f"has the same content as {first}; record it again or leave it out")
        inputs = recording_inputs(one, row, self.settings, self.segment)
        status = self.update.run(
            one,
            inputs,
            lambda frozen, _: cut_recording(
                one, row, corpus, self.settings, self.segment, inputs, frozen
            ),
        )
        decision = read_shard(SCREEN.path(corpus, one.source.source_id), Screen)[0]
        self._put_text(one, row, decision.clip_id)
        return _Added(status, None if decision.accepted else decision.reasons[0])

    def _put_text(self, one: MediaInput, row: ScriptRow, clip_id: str) -> None:
        text = Transcript(
            clip_id=clip_id, text=normalise(row.text), text_raw=row.text, source="script"
        )
        inputs: dict[str, Any] = {
            "clip": clip_id,
            "text": row.text,
            "normalisation": NORMALISATION,
        }
        put_transcripts(self.update.corpus, one.source.source_id, "script", [text], inputs)


def _usable(script: Path, folder: Path, outcome: Outcome) -> list[_Recording]:
    """Return the rows whose file is there; each of the others is a failure."""
    found: dict[Path, _Recording] = {}
    for row in read_script(script):
        outcome.items_in += 1
        if isinstance(row, DataError):
            outcome.fail(script.name, str(row))
            continue
        problem = None
        try:
            path = inside(folder, row.file)
            there = path.is_file()
        except DataError:
            problem = f"line {row.line}: leaves the folder {folder}; move the file into it"
        except OSError as error:
            problem = f"line {row.line}: {error.strerror}; check the name"
        else:
            same = found.get(path)
            if same:
                problem = f"line {row.line}: line {same.row.line} has it already; remove one"
            elif not there:
                problem = f"line {row.line}: no such file in {folder}; check the name"
        if problem:
            outcome.fail(row.file if len(row.file) <= 120 else f"{row.file[:119]}…", problem)
        else:
            found[path] = _Recording(row, path)
    return list(found.values())


def _name_strays(folder: Path, listed: set[Path], outcome: Outcome) -> None:
    for path in media_in(folder):
        if path.resolve() not in listed:
            outcome.items_in += 1
            outcome.fail(
                path.relative_to(folder).as_posix(),
                "not in the script; add a line for it, or move it away",
            )


def _details(done: Sequence[tuple[_Recording, _Added]]) -> dict[str, Any]:
    return {
        "recordings": len(done),
        "speakers": sorted({recording.row.speaker.speaker_id for recording, _ in done}),
        "sentences": len({recording.row.sentence for recording, _ in done}),
        "unchanged": sum(added.status == "unchanged" for _, added in done),
    }
