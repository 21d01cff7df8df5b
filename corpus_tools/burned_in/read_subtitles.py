"""Read the subtitles in the pictures of films: ``corpus read-subtitles``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from corpus_tools.burned_in.picture import open_picture
from corpus_tools.burned_in.read import read_film
from corpus_tools.burned_in.reader import TextReader, load_reader
from corpus_tools.burned_in.srt import srt_path, to_srt
from corpus_tools.media.tracks import ChannelChoice
from corpus_tools.segmentation.intake.identify import (
    KnownSources,
    MediaInput,
    drop_same_content,
    find_media,
    identify,
    warn_of_files,
)
from corpus_tools.segmentation.ledger.commit import sweep
from corpus_tools.workspace.runner import run_each
from manifests.base.errors import ConfigurationError, CorpusError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.copies import copy_warnings
from manifests.storage.records import SubtitleLine
from manifests.storage.shards import STAGES, read_header, read_shard, write_shard
from manifests.storage.store import write_text
from manifests.storage.tombstones import Withdrawn

__all__ = ["parse_band", "read_subtitles"]

STAGE = STAGES["burned_in"]
Status = Literal["read", "unchanged"]
Shares = tuple[float, float]


def parse_band(text: str) -> Shares:
    """Return the band that a user names, as shares of the picture's height.

    Example:
        >>> parse_band("0.8,0.95"), parse_band("80%, 95%")
        ((0.8, 0.95), (0.8, 0.95))
    """
    try:
        top, bottom = (
            float(part.strip().removesuffix("%")) / (100 if part.strip().endswith("%") else 1)
            for part in text.split(",")
        )
    except ValueError:
        top, bottom = 1.0, 0.0
    if not 0 <= top < bottom <= 1 or bottom - top < _LEAST_BAND:
        raise ConfigurationError(
            f"--band {text!r} is no band; give its top and bottom as shares of the picture's "
            f"height, counted from above, as in --band 0.8,0.97"
        )
    return top, bottom


def read_subtitles(
    corpus: Path,
    media: Sequence[Path],
    *,
    band: Shares | None = None,
    track: int | None = None,
    channel: ChannelChoice | None = None,
    language: str = "zh",
    reader: Callable[[], TextReader] = load_reader,
    progress: Progress = no_progress,
) -> Outcome:
    """Read the subtitles in the pictures of films, and store them for `segment` and `transcribe`.

    A film with unchanged content, band, language and reader is skipped. Films needn't be in the
    corpus yet; for media, track and channel see `find_media` and `identify`. ``band`` holds its top
    and bottom as shares of the height, and None has it found. The caller holds the corpus's lock.

    Returns:
        Films as items: kept if lines were found, else rejected as ``no_subtitles``. In ``details``
        ``sources``: each with its path, lines, doubtful lines, band and status.

    Raises:
        ConfigurationError: if the reader isn't installed.
    """
    loaded = reader()
    outcome = Outcome(warnings=copy_warnings(corpus))
    files = find_media(media, corpus, outcome)
    outcome.items_in += len(files)
    sweep(corpus)
    known = KnownSources.of(corpus)
    identified = run_each(
        files,
        lambda path: identify(path, corpus, known, track=track, channel=channel, language=language),
        outcome,
    )
    films = drop_same_content([film for _, film in identified], outcome)
    warn_of_files(films, outcome)
    reports = []
    job = _Job(corpus, band, language, loaded, _Progress(films, progress))
    for film, (report, warnings) in run_each(films, job.run, outcome, name=_path_of):
        outcome.warnings += warnings
        reports.append(report)
        if report["lines"]:
            outcome.kept += 1
            outcome.outputs.append(srt_path(corpus, film.source.source_id))
        else:
            outcome.rejected["no_subtitles"] += 1
    if outcome.kept and language not in _READ_WELL:
        outcome.warnings.append(
            f"the reader often leaves marks off letters other than Chinese and English ones (ł, ę, "
            f"ś), and is sure of it; compare some lines in {srt_path(corpus, '').parent} with the "
            f"films before you use texts in {language}"
        )
    outcome.details["sources"] = reports
    return outcome


def _path_of(film: MediaInput) -> str:
    return str(film.path)


@dataclass
class _Progress:
    """Progress in seconds of all films; their lengths are those that the files announce."""

    films: Sequence[MediaInput]
    progress: Progress
    _done: dict[Path, float] = field(default_factory=dict)

    @cached_property
    def _total(self) -> float:
        total = 0.0
        for film in self.films:
            try:
                with open_picture(film.path) as picture:
                    total += picture.seconds
            except CorpusError:
                continue
        return total

    def advance(self, path: Path, seconds: float) -> None:
        self._done[path] = seconds
        done = sum(self._done.values())
        self.progress(round(done), round(max(self._total, done)), f"seconds of film, {path.name}")


@dataclass
class _Job:
    """Settings that all films of one run share."""

    corpus: Path
    band: Shares | None
    language: str
    reader: TextReader
    progress: _Progress

    def run(self, film: MediaInput) -> tuple[dict[str, Any], list[str]]:
        """Write a film's file of lines, then its shard, unless that was done."""
        name = film.source.source_id
        path = STAGE.path(self.corpus, name)
        inputs = {
            "media": film.source.sha256,
            "band": self.band,
            "language": self.language,
            "reader": self.reader.name,
        }
        if path.is_file() and read_header(path).fingerprint == STAGE.fingerprint(inputs):
            lines = read_shard(path, SubtitleLine)
            if not srt_path(self.corpus, name).is_file():
                self._write_srt(name, lines)
            return _report(film, lines, "unchanged"), []
        if gone := Withdrawn.of(self.corpus).partly.get(name):
            raise CorpusError(
                f"can't be read anew, since clips of it were withdrawn with {gone.summary} and "
                f"their lines would be read again; what was read before was left as it is"
            )
        found = read_film(
            film.path,
            name,
            self.reader,
            self.language,
            self.band,
            lambda done, _total: self.progress.advance(film.path, done),
        )
        self._write_srt(name, found.lines)
        write_shard(self.corpus, STAGE, name, found.lines, inputs)
        return _report(film, found.lines, "read", found.band), found.warnings

    def _write_srt(self, name: str, lines: Sequence[SubtitleLine]) -> None:
        path = srt_path(self.corpus, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, to_srt(lines))


def _report(
    film: MediaInput,
    lines: Sequence[SubtitleLine],
    status: Status,
    band: Shares | None = None,
) -> dict[str, Any]:
    doubtful = sum((line.confidence or 0.0) < _DOUBTFUL for line in lines)
    return {
        "path": str(film.path),
        "source_id": film.source.source_id,
        "lines": len(lines),
        "doubtful": doubtful,
        "band": band,
        "status": status,
    }


_READ_WELL = ("zh", "en")
_LEAST_BAND = 0.02  # of the height
_DOUBTFUL = 0.9  # confidence, as `low_confidence` of texts
