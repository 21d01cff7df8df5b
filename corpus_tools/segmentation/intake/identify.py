"""Media files given to a command, their sources, and the names that identify a source."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from corpus_tools.media.folders import search_folder
from corpus_tools.media.identity import episode_of, path_in_record, source_id
from corpus_tools.media.probe import AudioTrack, probe
from corpus_tools.media.tracks import ChannelChoice, choose_track, chosen_channel, describe_tracks
from manifests.base.errors import CorpusError, DataError
from manifests.base.letters import composed
from manifests.base.outcome import FileWarnings, Outcome
from manifests.storage.file_names import as_on_disk, did_you_mean
from manifests.storage.records import Channel, Source
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import canonical_json, sha256_file
from manifests.storage.tombstones import Withdrawn

__all__ = [
    "KnownSources",
    "MediaInput",
    "RecordingIntake",
    "drop_same_content",
    "find_media",
    "identifies",
    "identify",
    "media_in",
    "nearest_names",
    "warn_of_files",
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
    return composed(name) in map(composed, names_of(source, path))


def nearest_names(name: str, sources: Iterable[Source]) -> str:
    """Return the up to five sources with the nearest names, else the first, for a message."""
    sources = list(sources)
    given = composed(name).casefold()
    by_name: dict[str, list[Source]] = {}
    for source in sources:
        for other in names_of(source):
            by_name.setdefault(composed(other).casefold(), []).append(source)
    close = difflib.get_close_matches(given, by_name, n=4 * _SHOWN, cutoff=_NEAR)
    nearest = [source for other in close for source in by_name[other]] or sources
    shown = list(dict.fromkeys(map(_shown, nearest)))[:_SHOWN]
    return ", ".join(shown)


def _shown(source: Source) -> str:
    title = f"{source.series}/{source.title}" if source.series else source.title
    return f"{title} ({source.source_id})"


_SHOWN = 5
_NEAR = 0.5  # difflib's ratio; 1 for equal names


Kind = Literal["drama", "scripted"]


@dataclass(frozen=True)
class MediaInput:
    """Path as given, and the source in one of its tracks; ``known`` if it is in the corpus already.

    The duration of a new source is unknown before decoding. ``mixed`` is True if its channels are
    to be mixed whatever they hold.
    """

    path: Path
    source: Source
    known: bool
    warnings: tuple[str, ...] = ()
    mixed: bool = False

    @property
    def inputs(self) -> dict[str, Any]:
        """Content, track and channel, among the inputs of its clips."""
        source = self.source
        channel = {"channel": source.channel} if source.channel else {}
        return {"media": source.sha256, "track": source.track, **channel}

    def identified_by(self, name: str) -> bool:
        """Return whether a name, such as ``series/title``, identifies the source."""
        return identifies(name, self.source, self.path)


class KnownSources:
    """Sources of a corpus, by content, track and channel."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources: dict[str, list[Source]] = {}
        for source in sources:
            self._sources.setdefault(source.sha256, []).append(source)

    @classmethod
    def of(cls, corpus: Path) -> "KnownSources":
        """Read the sources of a corpus folder; `DataError` if a shard can't be read."""
        return cls(read_stage(corpus, STAGES["sources"], Source))

    def of_content(self, sha256: str) -> list[Source]:
        """Return the sources with this content, in the order of their ids."""
        return self._sources.get(sha256, [])


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
    channel: ChannelChoice | None = None,
    language: str | None = None,
    remedy: str = "choose another with --track N",
) -> MediaInput:
    """Return a media file with its source; a known source keeps its id and record.

    The series defaults to the name of the file's folder; track and channel to those in the corpus
    already, else to the track by `choose_track` with all channels mixed. ``language`` is None if
    unknown; ``remedy`` says how to choose another track.

    Raises:
        MediaError: if the file can't be used, or a channel is given and it hasn't two.
        CorpusError: if it is a clip of the corpus, is in it as the other kind, or was withdrawn.
    """
    if (corpus / "clips").resolve() in path.resolve().parents:
        raise CorpusError("is a clip of this corpus; give the film that it was cut from")
    if not _is_unicode(path.name):
        raise CorpusError("has a name that is not UTF-8; rename the file")
    media = probe(path)
    chosen = choose_track(media.tracks, language) if track is None else media.track(track)
    side = chosen_channel(chosen, channel)
    sha256 = sha256_file(path)
    if gone := Withdrawn.of(corpus).media.get(sha256):
        raise CorpusError(f"was removed from the corpus with {gone.summary}; leave it out")
    ours = known.of_content(sha256)
    old = next((one for one in ours if (one.track, one.channel) == (chosen.index, side)), None)
    if old is None and channel is None and ours:
        same = [one for one in ours if track in (None, one.track)]
        old = next(iter(same), None)
    warnings: list[str] = []
    if track is None and len(media.tracks) > 1:
        used = chosen if old is None else media.track(old.track)
        before = "" if used == chosen else f"; it is in the corpus already, not {chosen.index}"
        tracks = describe_tracks(media.tracks, used, language)
        warnings.append(f"{path}: {tracks}{before}; {remedy}")
    if old is None:
        main = chosen == media.default_track
        new = _new_source(path, corpus, sha256, chosen, main, side, kind, series)
        mixed = [one for one in ours if one.track == chosen.index and None in (one.channel, side)]
        if mixed:
            warnings.append(_describe_twice(path, mixed[0]))
        return MediaInput(path, new, False, tuple(warnings), channel == "mix")
    if old.kind != kind:
        raise CorpusError(
            f"is in the corpus already, as the {old.kind} source {old.source_id}; leave it out"
        )
    source = old if series is None else old.changed(series=series)
    return MediaInput(path, source, True, tuple(warnings), channel == "mix")


def _describe_twice(path: Path, old: Source) -> str:
    twice = (
        f"{path}: its sound is in the corpus already, as {old.source_id}, and is there twice now"
    )
    if old.kind != "drama":
        return f"{twice}; keep one of them, in a new corpus"
    return (
        f"{twice}; to leave that out, cut it again with --track {old.track} --channel "
        f"{old.channel or 'mix'} --regions CSV, where CSV has the row "
        f"{old.source_id},0,{old.duration:.3f},drop"
    )


@dataclass(frozen=True)
class RecordingIntake:
    """Identifies the recordings of one run, no two of which have the same content.

    ``options`` are those of `identify`.
    """

    corpus: Path
    known: KnownSources
    options: Mapping[str, Any]
    first_of_content: dict[str, str] = field(default_factory=dict)

    def identify(self, path: Path, name: str, series: str) -> MediaInput:
        """Return a recording with its source; raise as `identify`, and DataError for a copy."""
        options = {"kind": "scripted", "series": series, **self.options}
        media = identify(path, self.corpus, self.known, **options)
        first = self.first_of_content.setdefault(media.source.sha256, name)
        if first != name:
            raise DataError(f"has the same content as {first}; record it again or leave it out")
        return media


def warn_of_files(inputs: Iterable[MediaInput], outcome: Outcome) -> None:
    """Add the warnings of identified files to the outcome, those alike as one."""
    alike = FileWarnings()
    for media in inputs:
        for warning in media.warnings:
            alike.add(media.path, warning)
    outcome.warnings += alike.lines()


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
    channel: Channel | None,
    kind: Kind,
    series: str | None,
) -> Source:
    title = path.stem
    series = series or path.resolve().parent.name or None
    media_path = path_in_record(path, corpus)
    if not _is_unicode(f"{series}{media_path}"):
        raise CorpusError("lies in a folder with a name that is not UTF-8; rename the folder")
    return Source(
        source_id=source_id(title, sha256, None if main else track.index, channel),
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
        channel=channel,
    )


def drop_same_content(inputs: Sequence[MediaInput], outcome: Outcome) -> list[MediaInput]:
    """Drop inputs with the same content as an earlier one, with a warning for each."""
    first: dict[str, MediaInput] = {}
    for media in inputs:
        same = first.setdefault(canonical_json(media.inputs), media)
        if same is not media:
            outcome.rejected["same content"] += 1
            outcome.warnings.append(
                f"{media.path}: the same content as {same.path}; processed once"
            )
    return list(first.values())
