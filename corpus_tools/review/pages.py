"""HTML review pages of a corpus: the work of ``corpus review``."""

import base64
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.review.contents import page_data, reason_label
from corpus_tools.review.html import base64_of, script_json, write_page
from corpus_tools.review.page_audio import PageAudio, clips_audio, film_audio
from corpus_tools.review.previous_page import previous_page_audio, read_previous_page
from corpus_tools.review.source_data import (
    SourceData,
    SourceMedia,
    choose_sources,
    read_source_data,
)
from corpus_tools.workspace.runner import run_each
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, listed, no_progress
from manifests.storage.links import check_way
from manifests.storage.partials import clear_partials
from manifests.storage.records import LedgerEntry, Source
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import inside

__all__ = ["review"]


def review(
    corpus: Path,
    media: Sequence[Path] = (),
    *,
    settings: SegmentSettings | None = None,
    sources: Sequence[str] = (),
    output: Path | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Write a page for each source, and an index page.

    If a film is missing, its page keeps the audio of the previous page. The caller holds the
    corpus's lock.

    Args:
        corpus: the corpus folder.
        media: films, or folders of films; empty: the films in the corpus folder.
        settings: settings of section [segment].
        sources: ids of the sources; empty: the sources of ``media``, or every film of the corpus.
        output: folder of the pages; default: ``review`` in the corpus folder.
        progress: called after each page.

    Returns:
        Counts of sources; ``details`` holds a summary of each page.

    Raises:
        DataError: if the sources of the corpus can't be read.
    """
    outcome = Outcome()
    folder = output or corpus / "review"
    chosen = choose_sources(corpus, media, sources, outcome)
    writer = _Writer(corpus, folder, settings or SegmentSettings())
    if chosen:
        check_way(folder)
        folder.mkdir(parents=True, exist_ok=True)
        clear_partials(folder)
    reports = [
        report
        for _, report in run_each(
            chosen,
            writer.write,
            outcome,
            name=lambda item: item.source.source_id,
            progress=progress,
        )
    ]
    outcome.warnings += _missing_film_warnings(reports, [item.source for item in chosen])
    outcome.kept += len(reports)
    outcome.outputs += [folder / report["page"] for report in reports]
    outcome.details["pages"] = reports
    if reports:
        write_index(corpus, folder)
        outcome.outputs.append(folder / INDEX)
    return outcome


@dataclass(frozen=True)
class _Writer:
    """Settings of one call; `write` writes one page."""

    corpus: Path
    folder: Path
    settings: SegmentSettings

    def write(self, item: SourceMedia) -> dict[str, Any]:
        """Write the page of a source."""
        source = item.source
        data = read_source_data(self.corpus, source)
        with self._audio(item, data) as audio:
            self._page(data, audio)
            return _report(data, film=audio.sound_map.whole, renewed=item.film is not None)

    def _audio(self, item: SourceMedia, data: SourceData) -> AbstractContextManager[PageAudio]:
        source = item.source
        length = source.duration
        if item.film is not None:
            return film_audio(item.film, source, length, self.settings, self.folder)
        previous = read_previous_page(inside(self.folder, page_name(source)), source)
        if previous is not None:
            return previous_page_audio(previous, self.folder)
        return clips_audio(self.corpus, data.clips, length, self.folder)

    def _page(self, data: SourceData, audio: PageAudio) -> None:
        source = data.source
        drama = source.kind == "drama"
        limits = (self.settings.min_seconds, self.settings.max_seconds) if drama else None
        write_page(
            inside(self.folder, page_name(source)),
            "page.html",
            source=source,
            counts=_report(data, film=audio.sound_map.whole, renewed=True),
            ledger=_ledger_rows(data.ledger),
            contents=script_json(page_data(data, audio.sound_map, limits)),
            envelope=base64.b64encode(audio.envelope).decode("ascii"),
            sound=base64_of(audio.mp3),
            index=INDEX,
        )


def page_name(source: Source) -> str:
    """Return the file name of a source's page."""
    return f"{source.source_id}.html"


def write_index(corpus: Path, folder: Path) -> None:
    """Write the index of all pages of this corpus in a folder."""
    rows = []
    for source in read_stage(corpus, STAGES["sources"], Source):
        if not (folder / page_name(source)).is_file():
            continue
        with suppress(DataError):  # a source that is being cut again has no counts
            rows.append(_report(read_source_data(corpus, source), film=True, renewed=True))
    rows.sort(key=lambda row: (row["series"] or "", row["title"], row["source_id"]))
    write_page(folder / INDEX, "index.html", rows=rows)


def _missing_film_warnings(
    reports: Sequence[dict[str, Any]], sources: Sequence[Source]
) -> list[str]:
    """Return a warning for each page without the film's audio, and one for pages that kept it."""
    names = {source.source_id: PurePosixPath(source.media_path).name for source in sources}
    sentences = [
        f"{name}: its film, {names[name]}, is not in the corpus folder, "
        f"so its page plays the clips only; name the film to include all of its audio: "
        f"corpus review FILM"
        for name in (report["source_id"] for report in reports if not report["film"])
    ]
    kept = [row["source_id"] for row in reports if row["film"] and not row["renewed"]]
    if kept:
        pages = f"{len(kept)} pages" if len(kept) > 1 else f"the page of {kept[0]}"
        sentences.append(
            f"{pages} kept the audio of the previous page; to decode the film again, name "
            f"{listed(names[name] for name in kept)}: corpus review FILM"
        )
    return sentences


def _report(data: SourceData, *, film: bool, renewed: bool) -> dict[str, Any]:
    """Return the summary of a page with or without the whole film and with new or kept audio."""
    source = data.source
    return {
        "source_id": source.source_id,
        "page": page_name(source),
        "title": source.title,
        "series": source.series,
        "seconds": source.duration,
        "clips": len(data.clips),
        "accepted": sum(data.decisions[clip.clip_id].accepted for clip in data.clips),
        "film": film,
        "renewed": renewed,
    }


def _ledger_rows(entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """Return the rows of the ledger: accepted first, then by seconds, descending."""
    total = sum(entry.seconds for entry in entries) or 1.0
    ordered = sorted(entries, key=lambda entry: (entry.reason != "accepted", -entry.seconds))
    return [
        {
            "label": reason_label(entry.reason),
            "kind": _KINDS.get(entry.reason, "rejected"),
            "seconds": entry.seconds,
            "share": entry.seconds / total,
        }
        for entry in ordered
    ]


INDEX = "index.html"
_KINDS = {
    "accepted": "accepted",
    "silence": "pause",
    "no_speech": "pause",
    "gap": "gap",
    "speech_left_over": "leftover",
    "region_drop": "pause",
    "not_chosen": "pause",
}
"""CSS class of each reason of the ledger; other reasons are rejected clips."""
