"""Cutting of films and sound files into screened clips, for ``corpus segment``."""

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
    """Cut media files into clips, screen them, and account for every second.

    A source with unchanged content, subtitles and settings is skipped; one with frozen clips keeps
    its cuts and is only screened. The caller holds the corpus's lock.

    Args:
        corpus: corpus folder.
        media: files, and folders to search for media.
        settings: settings of section [segment] of corpus.toml.
        screen: settings of section [screen].
        series: series of all the files; default: the name of each file's folder.
        track: index of the audio track; default: the one marked as default.
        regions: CSV file of manual regions, see `read_regions`; they stay in force.
        recut: sources (id or title) to cut anew although they have frozen clips, which stay,
            superseded.
        language: BCP 47 code of the spoken language, by which subtitles are chosen and read.
        workers: number of processes; it doesn't affect the result.
        progress: called after each file.

    Returns:
        Counts of media files; in ``details`` a report of each source, and totals of the clips.

    Raises:
        DataError: if the frozen clips can't be determined, or the regions file can't be read.
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
        film
        for _, film in run_each(
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
    for film, result in run_each(
        inputs,
        job.run,
        outcome,
        name=lambda film: str(film.path),
        progress=progress,
        workers=workers,
    ):
        finished.append((film, result))
        outcome.warnings += result.warnings
        if result.failure:
            outcome.fail(str(film.path), result.failure)
    changed = mark_repeats(corpus, update.rules, update.frozen, outcome)
    warn_of_other_sources(changed - {film.source.source_id for film, _ in finished}, outcome)

    def report(item: tuple[MediaInput, SegmentResult]) -> SourceReport:
        film, result = item
        name = film.source.source_id
        again = result.status == "unchanged" and name in changed
        return report_of(corpus, name, str(film.path), "screened" if again else result.status)

    reports = [
        row for _, row in run_each(finished, report, outcome, name=lambda item: str(item[0].path))
    ]
    outcome.kept += sum(report.status != "kept" for report in reports)
    outcome.outputs += [corpus / "clips" / report.source_id for report in reports if report.clips]
    outcome.details |= _details(reports)
    return outcome


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
