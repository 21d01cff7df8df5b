"""Films and sound files to screened clips: the work behind ``corpus segment``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from corpus_tools.runner import run_each
from corpus_tools.segmentation.cut import cut_source
from corpus_tools.segmentation.inputs import (
    KnownSources,
    MediaInput,
    find_media,
    identify,
    once_each,
)
from corpus_tools.segmentation.planning import PlanWeights
from corpus_tools.segmentation.publish import Found, sweep
from corpus_tools.segmentation.report import SourceReport, report_of
from corpus_tools.segmentation.screening import drama_rules
from corpus_tools.segmentation.settings import ScreenSettings, SegmentSettings
from corpus_tools.segmentation.subtitles import read_lines, sidecar_sha256
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
    progress: Progress = no_progress,
) -> Outcome:
    """Cut media files into clips, screen these, and account for every second.

    A source whose content, subtitles and settings are as they were is skipped; one with clips that
    people have touched is left alone. The caller holds the corpus's lock.

    Args:
        corpus: the corpus folder.
        media: files, and folders to search for media.
        settings: section [segment] of corpus.toml.
        screen: section [screen].
        series: of all the files; default: the name of the folder each is in.
        track: number among the audio tracks; default: the one marked as default.
        progress: told after each file.

    Returns:
        Counts of media files; in ``details`` a report of each source, and their clips in all.

    Raises:
        DataError: if it can't be told which clips people have touched.
        ConfigurationError: if the voice detector isn't installed.
    """
    outcome = Outcome()
    settings = settings or SegmentSettings()
    voice = detector_name(settings)
    files = find_media(media, corpus, outcome)
    outcome.items_in += len(files)
    update = Update(corpus, drama_rules(screen or ScreenSettings()), frozen_clips(corpus))
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
    job = _Segmenting(update, settings, voice, outcome)
    reports = [
        report
        for _, report in run_each(
            once_each(inputs, outcome),
            job.run,
            outcome,
            name=lambda one: str(one.path),
            progress=progress,
        )
    ]
    outcome.kept += len(reports)
    outcome.outputs += [corpus / "clips" / report.source_id for report in reports if report.clips]
    outcome.details |= _details(reports)
    return outcome


@dataclass(frozen=True)
class _Segmenting:
    """One run's settings; `run` does one source."""

    update: Update
    settings: SegmentSettings
    voice: str
    outcome: Outcome

    def run(self, one: MediaInput) -> SourceReport:
        """Bring a source up to date and report on it."""
        name = one.source.source_id
        inputs = self._inputs(one)
        status = self.update.run(one, inputs, lambda frozen: self._cut(one, inputs, frozen))
        return report_of(self.update.corpus, name, str(one.path), status)

    def _cut(self, one: MediaInput, inputs: dict[str, Any], frozen: Mapping[str, str]) -> Found:
        name = one.source.source_id
        lines, complaint = read_lines(one.path, name)
        if complaint:
            self.outcome.warnings.append(complaint)
        corpus, track = self.update.corpus, one.source.track
        cut = cut_source(one.path, track, name, corpus, lines, self.settings, frozen)
        if not cut.clips:
            self.outcome.warnings.append(f"{one.path}: {_nothing(cut.duration_ms, self.settings)}")
        source = one.source.model_copy(update={"duration": cut.duration_ms / 1000})
        return Found(source, cut.clips, lines, cut.outside_ms, inputs)

    def _inputs(self, one: MediaInput) -> dict[str, Any]:
        return {
            "media": one.source.sha256,
            "track": one.source.track,
            "subtitles": sidecar_sha256(one.path),
            "parameters": self.settings.model_dump(mode="json"),
            "weights": asdict(PlanWeights()),
            "voice": self.voice,
        }


def _nothing(duration_ms: int, settings: SegmentSettings) -> str:
    if duration_ms < settings.min_seconds * 1000:
        return f"lasts only {duration_ms / 1000:.1f} s, too short for a clip; nothing was cut"
    return "no speech was found; nothing was cut"


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
