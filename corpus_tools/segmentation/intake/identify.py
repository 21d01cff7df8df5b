"""Media files given to a command, their sources, and the names that identify a source."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from corpus_tools.media.folders import search_folder
from corpus_tools.media.identity import episode_of, path_in_record, source_id
from corpus_tools.media.probe import AudioTrack, probe
from manifests.base.errors import CorpusError, DataError
from manifests.base.outcome import Outcome
from manifests.storage.file_names import as_on_disk, did_you_mean
from manifests.storage.records import Source
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import sha256_file
from manifests.storage.tombstones import Withdrawn

__all__ = [
    "KnownSources",
    "MediaInput",
    "drop_same_content",
    "find_media",
    "identifies",
    "identify",
    "media_in",
    "nearest_names",
]


def names_of(source: Source, path: Path | None = None) -> list[str]:
    """Return all names of a source: source id, title, and path and file name as recorded and now.

    Title and file name come with and without extension, each also as ``series/title``.
    """
    file = PurePosixPath(source.media_path)
    plain = [source.title, file.name, file.stem]
    if path is not None:
        plain += [path.name, path.stem]
    in_series = [f"{source.series}/{name}" for name in plain] if source.series else []
    return [source.source_id, source.media_path, *plain, *in_series]


def identifies(name: str, source: Source, path: Path | None = None) -> bool:
    """Return whether a name identifies a source, in any Unicode normal form."""
    return _composed(name) in map(_composed, names_of(source, path))


def nearest_names(name: str, sources: Iterable[Source]) -> str:
    """Return the up to five sources with the nearest names, else the first, for a message."""
    sources = list(sources)
    given = _composed(name).casefold()
    by_name: dict[str, list[Source]] = {}
    for source in sources:
        for other in names_of(source):
            by_name.setdefault(_composed(other).casefold(), []).append(source)
    close = difflib.get_close_matches(given, by_name, n=4 * _SHOWN, cutoff=_NEAR)
    nearest = [source for other in close for source in by_name[other]] or sources
    shown = list(dict.fromkeys(map(_shown, nearest)))[:_SHOWN]
    return ", ".join(shown)


def _shown(source: Source) -> str:
    title = f"{source.series}/{source.title}" if source.series else source.title
    return f"{title} ({source.source_id})"


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


_SHOWN = 5
_NEAR = 0.5  # difflib's ratio; 1 for equal names


Kind = Literal["drama", "scripted"]


@dataclass(frozen=True)
class MediaInput:
    """Path as given, and the source in one of its tracks; ``known`` if it is in the corpus already.

    The duration of a new source is unknown before decoding.
    """

    path: Path
    source: Source
    known: bool

    def identified_by(self, name: str) -> bool:
        """Return whether a name, such as ``series/title``, identifies the source."""
        return identifies(name, self.source, self.path)


class KnownSources:
    """Sources of a corpus, by content and track."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = {(source.sha256, source.track): source for source in sources}

    @classmethod
    def of(cls, corpus: Path) -> "KnownSources":
        """Read the sources of a corpus folder; `DataError` if a shard can't be read."""
        return cls(read_stage(corpus, STAGES["sources"], Source))

    def get(self, sha256: str, track: int) -> Source | None:
        """Return the source with this content and track, if any."""
        return self._sources.get((sha256, track))


def find_media(given: Sequence[Path], corpus: Path, outcome: Outcome) -> list[Path]:
    """Return the files to process: those given, and the media in the given folders.

    Folders are searched as by `search_folder`, without the corpus's own files. A folder without
    media is a warning in the outcome, as are files passed over; a broken link is a failure.
    """
    files_by_path: dict[Path, Path] = {}
    for path in given:
        if not path.exists():
            try:
                path = _on_disk(path)
            except DataError as error:
                outcome.items_in += 1
                outcome.fail(str(path), str(error))
                continue
        if not path.is_dir():
            files_by_path.setdefault(path.resolve(), path)
            continue
        found = media_in(path, outcome, corpus)
        if not found:
            outcome.warnings.append(
                f"{path}: no media in this folder; files with other suffixes than those of audio "
                f"and video (.mkv, .mp4, .wav …) must be given by name"
            )
        for file in found:
            files_by_path.setdefault(file.resolve(), file)
    return list(files_by_path.values())


def media_in(folder: Path, outcome: Outcome, corpus: Path | None = None) -> list[Path]:
    """Return the media below a folder in the order of names, without the corpus's own files.

    What can't be read there is a failure in the outcome, and what was passed over a warning.
    """
    own = () if corpus is None else [(corpus / name).resolve() for name in _OWN_FOLDERS]
    found = search_folder(folder, own)
    for path, reason in found.problems():
        outcome.items_in += 1
        outcome.fail(str(path), reason)
    outcome.warnings += found.warnings()
    return found.files


def _on_disk(path: Path) -> Path:
    """Return a path as the disk spells it; DataError if another may be meant."""
    start = Path(path.anchor)
    relative = path.relative_to(start).as_posix()
    found = start / as_on_disk(start, relative)
    near = None if found.exists() else did_you_mean(start, relative)
    if near:
        raise DataError(f"no such file; did you mean {start / near}?")
    return found


_OWN_FOLDERS = ("clips", "stages", "choices", "annotations", "review", "manifests", "runs")


def identify(
    path: Path,
    corpus: Path,
    known: KnownSources,
    *,
    kind: Kind = "drama",
    series: str | None = None,
    track: int | None = None,
) -> MediaInput:
    """Return a media file with its source; a known source keeps its id and record.

    The series defaults to the name of the file's folder, the track to the one marked as default.

    Raises:
        MediaError: if the file can't be used.
        CorpusError: if it is a clip of the corpus, is in it as the other kind, or was withdrawn.
    """
    if (corpus / "clips").resolve() in path.resolve().parents:
        raise CorpusError("is a clip of this corpus; give the film that it was cut from")
    if not _is_unicode(path.name):
        raise CorpusError("has a name that is not UTF-8; rename the file")
    media = probe(path)
    chosen = media.track(track)
    sha256 = sha256_file(path)
    if gone := Withdrawn.of(corpus).media.get(sha256):
        raise CorpusError(f"was removed from the corpus with {gone.summary}; leave it out")
    old = known.get(sha256, chosen.index)
    if old is None:
        main = chosen == media.default_track
        new = _new_source(path, corpus, sha256, chosen, main, kind, series)
        return MediaInput(path, new, known=False)
    if old.kind != kind:
        raise CorpusError(
            f"is in the corpus already, as the {old.kind} source {old.source_id}; leave it out"
        )
    source = old if series is None else old.changed(series=series)
    return MediaInput(path, source, known=True)


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _new_source(
    path: Path,
    corpus: Path,
    sha256: str,
    track: AudioTrack,
    main: bool,
    kind: Kind,
    series: str | None,
) -> Source:
    title = path.stem
    series = series or path.resolve().parent.name or None
    media_path = path_in_record(path, corpus)
    if not _is_unicode(f"{series}{media_path}"):
        raise CorpusError("lies in a folder with a name that is not UTF-8; rename the folder")
    return Source(
        source_id=source_id(title, sha256, None if main else track.index),
        series=series,
        episode=episode_of(title),
        title=title,
        kind=kind,
        media_path=media_path,
        sha256=sha256,
        size=path.stat().st_size,
        duration=0.0,
        track=track.index,
        sample_rate=track.sample_rate,
        channels=track.channels,
    )


def drop_same_content(inputs: Sequence[MediaInput], outcome: Outcome) -> list[MediaInput]:
    """Drop inputs with the same content as an earlier one, with a warning for each."""
    first: dict[tuple[str, int], MediaInput] = {}
    for media in inputs:
        same = first.setdefault((media.source.sha256, media.source.track), media)
        if same is not media:
            outcome.rejected["same content"] += 1
            outcome.warnings.append(
                f"{media.path}: the same content as {same.path}; processed once"
            )
    return list(first.values())
