"""Cutting of films and sound files into screened clips, for ``corpus segment``.

Cutting of one film, as ``corpus segment`` does for each source.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.registries.measures import added_inputs
from corpus_tools.segmentation.intake.identify import (
    KnownSources,
    MediaInput,
    drop_same_content,
    find_media,
    identify,
    nearest_names,
)
from corpus_tools.segmentation.intake.selections import CLOSED, read_choices
from corpus_tools.segmentation.ledger.commit import SourceCuts, SourceReport, report_of, sweep
from corpus_tools.segmentation.ledger.ledger import LEFT_OVER
from corpus_tools.segmentation.ledger.update import KeptError, Status, Update
from corpus_tools.segmentation.planning.costs import PlanWeights
from corpus_tools.segmentation.region_intake import import_regions
from corpus_tools.segmentation.repeats.resolve import mark_repeats, warn_of_other_sources
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.segmentation.source import CutSource, cut_source
from corpus_tools.segmentation.subtitles.read import alignment_warning, read_lines, sidecar_sha256
from corpus_tools.segmentation.voice.base import detector_name
from corpus_tools.workspace.runner import run_each
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.frozen import frozen_clips

__all__ = ["segment"]


@dataclass(frozen=True)
class SegmentResult:
    """Result for one source.

    Attributes:
        status: whether the source was cut, screened, unchanged, or kept as it was cut before.
        warnings: messages for the user.
        failure: reason why it was kept.
    """

    status: Status
    warnings: list[str]
    failure: str | None = None


@dataclass(frozen=True)
class SegmentJob:
    """Settings that all sources of one run share; `run` processes one source in any process.

    Attributes:
        update: corpus, screening rules and frozen clips.
        settings: settings of section [segment].
        voice: voice detector and its version.
        language: language of the corpus, by which subtitles are chosen.
    """

    update: Update
    settings: SegmentSettings
    voice: str
    language: str

    def run(self, media: MediaInput) -> SegmentResult:
        """Bring a source up to date.

        Raises:
            CorpusError: as for `Update.run`.
        """
        inputs = self._inputs(media)
        warnings: list[str] = []
        try:
            status = self.update.run(
                media, inputs, lambda frozen, cuts: self._cut(media, inputs, frozen, cuts, warnings)
            )
        except KeptError as error:
            return SegmentResult("kept", warnings, str(error))
        return SegmentResult(status, warnings)

    def _cut(
        self,
        media: MediaInput,
        inputs: dict[str, Any],
        frozen: Mapping[str, str],
        cuts: Sequence[Cut] | None,
        warnings: list[str],
    ) -> SourceCuts:
        name, corpus = media.source.source_id, self.update.corpus
        lines, notes = read_lines(media.path, name, self.language)
        warnings += notes
        cut = cut_source(
            media.path,
            media.source.track,
            name,
            corpus,
            lines,
            self.settings,
            frozen,
            choices=read_choices(corpus, name),
            cuts=cuts,
        )
        if cut.unreal_seconds:
            warnings.append(f"{media.path}: {_describe_unreal(cut.unreal_seconds)}")
        if cut.cancelled > _CANCELLED:
            warnings.append(
                f"{media.path}: {_describe_cancelled(cut.cancelled, media.source.track)}"
            )
        note = alignment_warning(media.path, cut.alignment, cut.lines, cut.duration_ms / 1000)
        warnings += [note] if note else []
        if not cut.clips:
            warnings.append(f"{media.path}: {_describe_no_clips(cut, self.settings)}")
        source = media.source.changed(duration=cut.duration_ms / 1000)
        return SourceCuts(
            source,
            cut.clips,
            cut.lines,
            cut.outside_ms,
            inputs,
            cut.fingerprints,
            asdict(cut.alignment) if lines else None,
        )

    def _inputs(self, media: MediaInput) -> dict[str, Any]:
        return {
            "media": media.source.sha256,
            "track": media.source.track,
            "subtitles": sidecar_sha256(media.path, self.language),
            "language": self.language,
            "parameters": self.settings.model_dump(mode="json"),
            "weights": asdict(PlanWeights()),
            "voice": self.voice,
            **added_inputs(),
            "choices": read_choices(self.update.corpus, media.source.source_id).inputs,
        }


def _describe_unreal(seconds: float) -> str:
    length = f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds * 1000:.2g} ms"
    return (
        f"{length} of its samples are NaN or infinite: single ones were replaced by silence or "
        f"full scale, longer runs by a gap; export it again from the original"
    )


def _describe_cancelled(share: float, track: int) -> str:
    return (
        f"{share:.0%} of its sound cancels out when its two channels are mixed, since they have "
        f"opposite polarity; use one of them, for example with ffmpeg -i FILM -map 0:a:{track} "
        f"-af 'pan=mono|c0=c0' FILM.flac, and give that instead"
    )


def _describe_no_clips(cut: CutSource, settings: SegmentSettings) -> str:
    """Return the reason why a source has no clips, for a warning."""
    shortest = f"a clip of {settings.min_seconds:g} s"
    seconds = cut.duration_ms / 1000
    if seconds < settings.min_seconds:
        return f"lasts only {seconds:.1f} s, too short for {shortest}; nothing was cut"
    closed = sum(cut.outside_ms.get(reason, 0) for reason in CLOSED) / 1000
    if closed and seconds - closed < settings.min_seconds:
        left = seconds - closed
        return f"its regions leave {left:.1f} s of it, too little for {shortest}; nothing was cut"
    where = " in what its regions leave" if closed else ""
    speech = cut.outside_ms.get(LEFT_OVER, 0) / 1000
    if speech:
        return (
            f"{speech:.1f} s of speech was found{where}, but none of it fits a clip of "
            f"{settings.min_seconds:g} to {settings.max_seconds:g} s; nothing was cut"
        )
    return f"no speech was found{where}; nothing was cut"


_CANCELLED = 0.1  # share of the sound; effects and ambience of films reach less


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
