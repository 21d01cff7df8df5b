"""Pages to see and hear the cuts of a corpus: the work behind ``corpus review``."""

import base64
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from corpus_tools.review.contents import contents_of
from corpus_tools.review.earlier import of_page, read_page
from corpus_tools.review.films import Reviewed, choose_sources
from corpus_tools.review.html import base64_of, script_json, write_page
from corpus_tools.review.listening import Recording, of_clips, of_film
from corpus_tools.review.material import Material, read_material
from corpus_tools.review.wording import label_of
from corpus_tools.runner import run_each
from corpus_tools.segmentation.settings import SegmentSettings
from manifests.errors import DataError
from manifests.outcome import Outcome, Progress, no_progress
from manifests.records import LedgerEntry, Source
from manifests.shards import STAGES, read_stage
from manifests.store import inside

__all__ = ["review"]


@dataclass(frozen=True)
class PageReport:
    """What a page shows, in a few numbers.

    Attributes:
        source_id: of which source.
        page: the file's name.
        title: of the source.
        series: of the source.
        seconds: how long the source is.
        clips: how many cuts it has.
        accepted: how many of them passed the screen.
        film: whether what lies around the clips can be heard.
        renewed: whether its sound was read from the film now, not taken from an earlier page.
    """

    source_id: str
    page: str
    title: str
    series: str | None
    seconds: float
    clips: int
    accepted: int
    film: bool
    renewed: bool


def review(
    corpus: Path,
    media: Sequence[Path] = (),
    *,
    settings: SegmentSettings | None = None,
    sources: Sequence[str] = (),
    output: Path | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Write a page for each source, and one that lists them all.

    Where a film is not at hand, its page keeps the sound that an earlier page of it has. The
    caller holds the corpus's lock.

    Args:
        corpus: the corpus folder.
        media: the films, or folders with them; none: wherever the corpus folder has them.
        settings: section [segment] of corpus.toml.
        sources: ids of the sources wanted; none: those of ``media``, or every film of the corpus.
        output: folder for the pages; default: ``review`` in the corpus folder.
        progress: told after each page.

    Returns:
        Counts of sources; in ``details`` what each page shows.

    Raises:
        DataError: if it can't be told which sources the corpus has.
    """
    outcome = Outcome()
    folder = output or corpus / "review"
    chosen = choose_sources(corpus, media, sources, outcome)
    writer = _Writer(corpus, folder, settings or SegmentSettings())
    if chosen:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
    reports = [
        report
        for _, report in run_each(
            chosen,
            writer.write,
            outcome,
            name=lambda one: one.source.source_id,
            progress=progress,
        )
    ]
    outcome.warnings += _about_missing_films(reports, [one.source for one in chosen])
    outcome.kept += len(reports)
    outcome.outputs += [folder / report.page for report in reports]
    outcome.details["pages"] = [asdict(report) for report in reports]
    if reports:
        write_index(corpus, folder)
        outcome.outputs.append(folder / INDEX)
    return outcome


@dataclass(frozen=True)
class _Writer:
    """One run's settings; `write` makes one page."""

    corpus: Path
    folder: Path
    settings: SegmentSettings

    def write(self, one: Reviewed) -> PageReport:
        """Write the page of a source."""
        source = one.source
        material = read_material(self.corpus, source)
        with self._recording(one, material) as sound:
            self._page(material, sound)
            return _report(material, film=sound.heard.whole, renewed=one.film is not None)

    def _recording(self, one: Reviewed, material: Material) -> AbstractContextManager[Recording]:
        source = one.source
        length = source.duration
        if one.film is not None:
            return of_film(one.film, source.track, length, self.settings, self.folder)
        earlier = read_page(inside(self.folder, page_name(source)), source)
        if earlier is not None:
            return of_page(earlier, self.folder)
        return of_clips(self.corpus, material.clips, length, self.folder)

    def _page(self, material: Material, sound: Recording) -> None:
        source = material.source
        drama = source.kind == "drama"
        limits = (self.settings.min_seconds, self.settings.max_seconds) if drama else None
        write_page(
            inside(self.folder, page_name(source)),
            "page.html",
            source=source,
            counts=_report(material, film=sound.heard.whole, renewed=True),
            ledger=_ledger(material.ledger),
            contents=script_json(contents_of(material, sound.heard, limits)),
            envelope=base64.b64encode(sound.envelope).decode("ascii"),
            sound=base64_of(sound.mp3),
            index=INDEX,
        )


def page_name(source: Source) -> str:
    """Return the file name of a source's page."""
    return f"{source.source_id}.html"


def write_index(corpus: Path, folder: Path) -> None:
    """Write the page that lists all pages that a folder has of this corpus.

    Raises:
        DataError: if the record of a source can't be read.
    """
    rows = []
    for source in read_stage(corpus, STAGES["sources"], Source):
        if not (folder / page_name(source)).is_file():
            continue
        with suppress(DataError):  # of a source that is being cut again: no counts, no row
            rows.append(_report(read_material(corpus, source), film=True, renewed=True))
    rows.sort(key=lambda row: (row.series or "", row.title, row.source_id))
    write_page(folder / INDEX, "index.html", rows=rows)


def _sweep(folder: Path) -> None:
    """Delete what interrupted writes of pages left."""
    for path in folder.glob(".*.partial.html"):
        path.unlink()


def _about_missing_films(reports: Sequence[PageReport], sources: Sequence[Source]) -> list[str]:
    """Return a sentence for each page without its film's sound, and one for those that kept it."""
    names = {source.source_id: PurePosixPath(source.media_path).name for source in sources}
    sentences = [
        f"{report.source_id}: its film, {names[report.source_id]}, is not in the corpus folder, "
        f"so its page plays the clips alone; name the film to hear what lies around them: "
        f"corpus review FILM"
        for report in reports
        if not report.film
    ]
    kept = [report.source_id for report in reports if report.film and not report.renewed]
    if kept:
        what = f"{len(kept)} pages" if len(kept) > 1 else f"the page of {kept[0]}"
        films = ", ".join(names[name] for name in kept[:_FILMS_NAMED])
        more = f" and {len(kept) - _FILMS_NAMED} more" if len(kept) > _FILMS_NAMED else ""
        sentences.append(
            f"{what} kept the film's sound as it was heard before; to hear it anew, name "
            f"{films}{more}: corpus review FILM"
        )
    return sentences


def _report(material: Material, *, film: bool, renewed: bool) -> PageReport:
    source = material.source
    return PageReport(
        source_id=source.source_id,
        page=page_name(source),
        title=source.title,
        series=source.series,
        seconds=source.duration,
        clips=len(material.clips),
        accepted=sum(material.decisions[clip.clip_id].accepted for clip in material.clips),
        film=film,
        renewed=renewed,
    )


def _ledger(entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """Return the ledger for the table: what was accepted first, then the most seconds."""
    total = sum(entry.seconds for entry in entries) or 1.0
    ordered = sorted(entries, key=lambda entry: (entry.reason != "accepted", -entry.seconds))
    return [
        {
            "label": label_of(entry.reason),
            "kind": _KINDS.get(entry.reason, "rejected"),
            "seconds": entry.seconds,
            "share": entry.seconds / total,
        }
        for entry in ordered
    ]


INDEX = "index.html"
_FILMS_NAMED = 3
_KINDS = {
    "accepted": "accepted",
    "silence": "pause",
    "no_speech": "pause",
    "gap": "gap",
    "speech_left_over": "leftover",
    "region_drop": "pause",
    "not_chosen": "pause",
}
"""How each reason of the ledger is drawn; all others are rejected clips."""
