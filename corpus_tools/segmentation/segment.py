"""Films and sound files to screened clips: the work behind ``corpus segment``."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus_tools.runner import run_each
from corpus_tools.segmentation.duplicates import mark_repeats, warn_of_other_sources
from corpus_tools.segmentation.inputs import (
    KnownSources,
    MediaInput,
    drop_same_content,
    find_media,
    identify,
)
from corpus_tools.segmentation.naming import nearest_names
from corpus_tools.segmentation.publish import sweep
from corpus_tools.segmentation.region_intake import import_regions
from corpus_tools.segmentation.report import SourceReport, report_of
from corpus_tools.segmentation.screening import drama_rules
from corpus_tools.segmentation.segmenting import SegmentJob, SegmentResult
from corpus_tools.segmentation.settings import ScreenSettings, SegmentSettings
from corpus_tools.segmentation.update import Update
from corpus_tools.segmentation.voice import detector_name
from manifests.frozen import frozen_clips
from manifests.outcome import Outcome, Progress, no_progress

__all__ = ["segment"]


def segment(
    corpus: Path,
    media: Sequence[Path],
    *,
    settings: SegmentSettings | None = None,
    screen: ScreenSettings | None = None,
    series: str | None = None,
    track: int | None = None,
    regions: Path | None = None,
    recut: Collection[str] = (),
    language: str = "zh",
    workers: int = 1,
    progress: Progress = no_progress,
) -> Outcome:
    """Cut media files into clips, screen these, and account for every second.

    A source whose content, subtitles and settings are as they were is skipped; one with clips that
    people have touched keeps its cuts, and only the decisions on them are renewed. The caller holds
    the corpus's lock.

    Args:
        corpus: the corpus folder.
        media: files, and folders to search for media.
        settings: section [segment] of corpus.toml.
        screen: section [screen].
        series: of all the files; default: the name of the folder each is in.
        track: number among the audio tracks; default: the one marked as default.
        regions: CSV of the stretches that a person chose; see `read_regions`. It stays in force.
        recut: sources (by id or title) to be cut anew although people have touched clips of them;
            these stay, superseded.
        language: BCP 47 code of what is spoken, by which subtitles are chosen and read.
        workers: processes that share the files; the result is the same however many.
        progress: told after each file.

    Returns:
        Counts of media files; in ``details`` a report of each source, and their clips in all.

    Raises:
        DataError: if it can't be told which clips people have touched, or the regions file can't
            be read.
        ConfigurationError: if the voice detector isn't installed.
    """
    outcome = Outcome()
    settings = settings or SegmentSettings()
    voice = detector_name(settings)
    files = find_media(media, corpus, outcome)
    outcome.items_in += len(files)
    sweep(corpus)
    known = KnownSources.of(corpus)
    inputs = [
        found
        for _, found in run_each(
            files,
            lambda path: identify(path, corpus, known, series=series, track=track),
            outcome,
        )
    ]
    inputs = drop_same_content(inputs, outcome)
    rules, frozen = drama_rules(screen or ScreenSettings()), frozen_clips(corpus)
    update = Update(corpus, rules, frozen, _named(recut, inputs, outcome))
    if regions is not None:
        import_regions(regions, inputs, update, settings, outcome)
    job = SegmentJob(update, settings, voice, language)
    finished: list[tuple[MediaInput, SegmentResult]] = []
    for one, done in run_each(
        inputs,
        job.run,
        outcome,
        name=lambda one: str(one.path),
        progress=progress,
        workers=workers,
    ):
        finished.append((one, done))
        outcome.warnings += done.warnings
        if done.failure:
            outcome.fail(str(one.path), done.failure)
    settled = mark_repeats(corpus, update.rules, update.frozen, outcome)
    warn_of_other_sources(settled - {one.source.source_id for one, _ in finished}, outcome)

    def report(item: tuple[MediaInput, SegmentResult]) -> SourceReport:
        one, done = item
        name = one.source.source_id
        again = done.status == "unchanged" and name in settled
        return report_of(corpus, name, str(one.path), "screened" if again else done.status)

    reports = [
        found
        for _, found in run_each(finished, report, outcome, name=lambda item: str(item[0].path))
    ]
    outcome.kept += sum(report.status != "kept" for report in reports)
    outcome.outputs += [corpus / "clips" / report.source_id for report in reports if report.clips]
    outcome.details |= _details(reports)
    return outcome


def _named(names: Collection[str], inputs: Sequence[MediaInput], outcome: Outcome) -> set[str]:
    """Return the ids of the sources that are named; each name of none is a failure."""
    found = set()
    for name in names:
        sources = [one.source for one in inputs if one.identified_by(name)]
        found |= {source.source_id for source in sources}
        if not sources:
            nearest = nearest_names(name, [one.source for one in inputs]) or "none"
            outcome.items_in += 1
            outcome.fail(
                "--recut", f"{name!r} names none of the media given; the nearest are {nearest}"
            )
    return found


def _details(reports: Sequence[SourceReport]) -> dict[str, Any]:
    ledger: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for report in reports:
        ledger += Counter({reason: round(s * 1000) for reason, s in report.ledger.items()})
        rejected += Counter(report.rejected)
    return {
        "sources": [asdict(report) for report in reports],
        "clips": {
            "cut": sum(report.clips for report in reports),
            "accepted": sum(report.accepted for report in reports),
            "rejected": dict(sorted(rejected.items())),
        },
        "ledger": {reason: ms / 1000 for reason, ms in sorted(ledger.items())},
    }
