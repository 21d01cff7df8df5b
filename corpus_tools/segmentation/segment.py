"""Cutting of films and sound files into screened clips: ``corpus segment``.

Identify the sources, analyse each on its own (`source.analyse`), resolve the repeats among all of
them (`repeats.resolve`), and commit the decisions (`ledger.commit`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.media.tracks import ChannelChoice
from corpus_tools.registries.measures import added_inputs
from corpus_tools.segmentation.intake.identify import (
    KnownSources,
    MediaInput,
    drop_same_content,
    find_media,
    identify,
    nearest_names,
    warn_of_files,
)
from corpus_tools.segmentation.intake.regions import import_regions
from corpus_tools.segmentation.intake.selections import read_choices
from corpus_tools.segmentation.ledger.commit import SourceResult, sweep
from corpus_tools.segmentation.ledger.decisions import sum_reports
from corpus_tools.segmentation.ledger.update import KeptError, Status, Update
from corpus_tools.segmentation.planning.costs import PlanWeights
from corpus_tools.segmentation.repeats.resolve import resolve_repeats, warn_of_other_sources
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.segmentation.source import analyse
from corpus_tools.segmentation.subtitles.read import burned_in, read_lines, sidecar_sha256
from corpus_tools.segmentation.voice.base import detector_name
from corpus_tools.workspace.runner import run_each
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.base.voices import alike_warnings, one_spelling, spelling_warnings
from manifests.storage.copies import copy_warnings
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Clip, SubtitleLine
from manifests.storage.shards import STAGES, read_shard, read_stage
from manifests.storage.speakers import read_speakers

__all__ = ["segment"]


def segment(
    corpus: Path,
    media: Sequence[Path],
    *,
    settings: SegmentSettings | None = None,
    screen: ScreenSettings | None = None,
    series: str | None = None,
    track: int | None = None,
    channel: ChannelChoice | None = None,
    regions: Path | None = None,
    recut: Collection[str] = (),
    language: str = "zh",
    workers: int = 1,
    progress: Progress = no_progress,
) -> Outcome:
    """Cut media files, and those in folders, into clips, screen them, and account for every second.

    A source with unchanged content, subtitles and settings is skipped; one with frozen clips keeps
    its cuts and is only screened, but those in ``recut`` (ids or titles) are cut anew while their
    frozen clips stay, superseded. The series defaults to the name of each file's folder; for track
    and channel see `identify`. ``regions`` is a CSV file of manual regions, see `read_regions`;
    they stay in force. ``language`` is the BCP 47 code of the spoken language, by which subtitles
    are chosen and read. The number of workers doesn't affect the result. The caller holds the
    corpus's lock.

    Returns:
        Counts of media files; in ``details`` a report of each source, and totals of the clips.

    Raises:
        DataError: if the frozen clips can't be determined, or the regions file can't be read.
        ConfigurationError: if the voice detector isn't installed.
    """
    outcome = Outcome(warnings=copy_warnings(corpus))
    settings = settings or SegmentSettings()
    voice = detector_name(settings)
    files = find_media(media, corpus, outcome)
    outcome.items_in += len(files)
    sweep(corpus)
    known = KnownSources.of(corpus)
    chosen: dict[str, Any] = {"series": series, "track": track, "channel": channel}
    identified = run_each(
        files, lambda path: identify(path, corpus, known, language=language, **chosen), outcome
    )
    inputs = drop_same_content([film for _, film in identified], outcome)
    warn_of_files(inputs, outcome)
    rules, frozen = drama_rules(screen or ScreenSettings()), frozen_clips(corpus)
    update = Update(corpus, rules, frozen, _named(recut, inputs, outcome))
    if regions is not None:
        import_regions(regions, inputs, corpus, update.frozen_clips, settings, outcome)
    job = SegmentJob(update, settings, voice, language)
    analysed: dict[str, tuple[MediaInput, Status]] = {}
    for film, result in run_each(
        inputs,
        job.run,
        outcome,
        name=lambda film: str(film.path),
        progress=progress,
        workers=workers,
    ):
        analysed[film.source.source_id] = (film, result.status)
        outcome.warnings += result.warnings
        if result.failure:
            outcome.fail(str(film.path), result.failure)
    decisions, changed = resolve_repeats(corpus, analysed.keys(), rules, frozen, outcome)
    warn_of_other_sources(changed - analysed.keys(), outcome)
    cut = {name for name, (_, status) in analysed.items() if status == "cut"}
    outcome.warnings += _speaker_warnings(corpus, cut, language)
    reports = []
    for name, (film, status) in analysed.items():
        if name in decisions:
            again = status == "unchanged" and name in changed
            reports.append(decisions[name].report(str(film.path), "screened" if again else status))
    rejected, ledger = sum_reports(reports)
    outcome.kept += sum(report["status"] != "kept" for report in reports)
    outcome.outputs += [corpus / "clips" / row["source_id"] for row in reports if row["clips"]]
    outcome.details |= {
        "sources": reports,
        "clips": {
            "cut": sum(report["clips"] for report in reports),
            "accepted": sum(report["accepted"] for report in reports),
            "rejected": dict(sorted(rejected.items())),
        },
        "ledger": ledger,
    }
    return outcome


@dataclass(frozen=True)
class AnalysisResult:
    """Status of a source, warnings for the user, and why it was kept as cut before, if it was."""

    status: Status
    warnings: Sequence[str] = ()
    failure: str | None = None


@dataclass(frozen=True)
class SegmentJob:
    """Settings that all sources of one run share; `run` analyses one source in any process.

    ``voice`` is the detector with its version; subtitles are chosen by the corpus's ``language``.
    """

    update: Update
    settings: SegmentSettings
    voice: str
    language: str

    def run(self, media: MediaInput) -> AnalysisResult:
        """Write a source's shards, undecided, unless that was done; raises as `Update.analyse`."""
        corpus, name = self.update.corpus, media.source.source_id
        choices = read_choices(corpus, name)
        in_picture = burned_in(corpus, media.path, name, self.language)
        inputs = {
            **media.inputs,
            "subtitles": sidecar_sha256(media.path, self.language),
            **({"burned_in": in_picture} if in_picture else {}),
            "language": self.language,
            "parameters": self.settings.model_dump(mode="json"),
            "weights": asdict(PlanWeights()),
            "voice": self.voice,
            **added_inputs(),
            "choices": choices.inputs,
        }

        def analyse_film(frozen: Mapping[str, str], cuts: Sequence[Cut] | None) -> SourceResult:
            lines, notes = read_lines(media.path, name, self.language)
            if in_picture:
                lines = read_shard(STAGES["burned_in"].path(corpus, name), SubtitleLine)
            result = analyse(
                media, corpus, lines, self.settings, inputs, frozen, choices=choices, cuts=cuts
            )
            return replace(result, warnings=[*notes, *result.warnings])

        try:
            result = self.update.analyse(media, inputs, analyse_film)
        except KeptError as error:
            return AnalysisResult("kept", failure=str(error))
        return AnalysisResult("cut", result.warnings) if result else AnalysisResult("unchanged")


def _speaker_warnings(corpus: Path, cut: Collection[str], language: str) -> list[str]:
    """Return warnings about speakers of new cuts with an id like that of another speaker."""
    new: set[str] = set()
    known = set(read_speakers(corpus / "speakers.csv", language))
    for clip in read_stage(corpus, STAGES["segments"], Clip) if cut else ():
        if clip.speaker is not None:
            (new if clip.source_id in cut else known).add(clip.speaker)
    spelling = one_spelling(sorted(new), sorted(known))
    return [*spelling_warnings(spelling), *alike_warnings(spelling.values(), known)]


def _named(names: Collection[str], inputs: Sequence[MediaInput], outcome: Outcome) -> set[str]:
    """Return the ids of the named sources; a name that identifies none is a failure."""
    ids = set()
    for name in names:
        sources = [media.source for media in inputs if media.identified_by(name)]
        ids |= {source.source_id for source in sources}
        if not sources:
            nearest = nearest_names(name, [media.source for media in inputs]) or "none"
            outcome.items_in += 1
            outcome.fail(
                "--recut", f"{name!r} names none of the given media; the nearest are {nearest}"
            )
    return ids
