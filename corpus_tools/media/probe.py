"""Audio tracks of a media file and their length, without decoding it."""

import codecs
import contextlib
import errno
import functools
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.stream import Discard, Disposition

from corpus_tools.media.errors import (
    EmptyMediaError,
    MediaError,
    MissingMediaError,
    NoAudioError,
    NotMediaError,
    TruncatedMediaError,
)
from corpus_tools.media.extent import is_unsized, refuse_missing_index

__all__ = [
    "AudioTrack",
    "length_of",
    "open_media",
    "origin_of",
    "probe",
    "select_stream",
]


def explain_not_media(path: Path) -> str:
    """Return an error message that says what a readable file is instead of media, and a remedy."""
    head = _head(path)
    if _LIST.match(head):
        return (
            "is a playlist: it names other files or addresses, which are never opened; give the "
            "media file itself, or make one file of it with ffmpeg -i LIST -c copy FILM.mkv"
        )
    if _WEB_PAGE.match(head):
        return (
            "is a web page, not audio or video, perhaps an error page saved in place of the film; "
            "download it again"
        )
    if head:
        return "is a text file, not audio or video, whatever its name; give the film"
    return "is not readable audio or video, or is damaged; play it to make sure"


def is_playlist(path: Path) -> bool:
    """Return whether a file is a playlist, which names other files or addresses."""
    return _LIST.match(_head(path)) is not None


def _head(path: Path) -> str:
    """Return the beginning of a text file, empty for a binary one."""
    with path.open("rb") as stream:
        data = stream.read(_HEAD_BYTES)
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.removeprefix(mark).decode(encoding, "ignore").lstrip()
    if _BINARY.search(data):
        return ""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        text = data.decode("latin-1") if len(data) >= _FEWEST_BYTES else ""
    return text.lstrip()


_HEAD_BYTES = 4096  # bytes
_FEWEST_BYTES = 64  # bytes; binary data rarely has so many without a control character
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LIST = re.compile(
    r"#EXTM3U|ffconcat\b|\[playlist\]|\[reference\]|v=0\s"
    r"|(<\?xml[^>]*>\s*)?<(MPD|playlist|smil|asx|SmoothStreamingMedia)\b",
    re.IGNORECASE,
)
_WEB_PAGE = re.compile(r"<(!doctype\s+html|html)\b", re.IGNORECASE)


@dataclass(frozen=True)
class AudioTrack:
    """An audio track, with its announced duration in seconds and the tag of its language if known.

    ``index`` counts the audio tracks from 0 (ffmpeg's ``a:N``); players choose the ``default``.
    ``roles`` are its other dispositions: dub, comment, visual_impaired …
    """

    index: int
    codec: str
    sample_rate: int
    channels: int
    duration: float | None
    default: bool
    language: str | None
    title: str = ""
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Media:
    """A media file with at least one audio track."""

    path: Path
    tracks: tuple[AudioTrack, ...]

    @property
    def default_track(self) -> AudioTrack:
        """The first track marked as default, else the first."""
        return next((track for track in self.tracks if track.default), self.tracks[0])

    def track(self, index: int | None = None) -> AudioTrack:
        """Return the track with an index, or the default one; `NoAudioError` if there is none."""
        if index is None:
            return self.default_track
        for track in self.tracks:
            if track.index == index:
                return track
        raise NoAudioError(f"has no audio track {index}; {self._numbers()}")

    def _numbers(self) -> str:
        """Return a description of the track numbers, for a message."""
        first, *others = (track.index for track in self.tracks)
        if not others:
            return f"its only one is number {first}"
        if others[-1] - first == len(others):
            return f"its audio tracks are numbered {first} to {others[-1]}"
        return f"its audio tracks are numbered {', '.join(map(str, [first, *others]))}"


def probe(path: Path) -> Media:
    """Return a media file's audio tracks.

    Raises:
        MissingMediaError: if there is no such file.
        EmptyMediaError: if it has no bytes.
        TruncatedMediaError: if it is an MP4 without its end, where the index is.
        NotMediaError: if it isn't audio or video.
        NoAudioError: if it has no audio track.
        MediaError: if it may not be read.
    """
    with open_media(path) as container:
        streams = [_track(number, stream) for number, stream in enumerate(container.streams.audio)]
        if not streams and not container.streams.video:
            raise NotMediaError(explain_not_media(path))
    if not streams:
        raise NoAudioError("has no audio track; nothing can be cut from it")
    tracks = tuple(track for track in streams if track)
    if not tracks:
        raise NotMediaError("has audio in an unknown format; convert it to another")
    return Media(path, tracks)


@contextlib.contextmanager
def open_media(path: Path) -> Iterator[Any]:
    """Open a file with PyAV and yield the container; errors as for `probe`, but it needs no audio.

    Only this file is read: formats that refer to other files or addresses (playlists, segment
    lists, session descriptions) are refused before they are parsed.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingMediaError("no such file; check the path") from error
    if stat.S_ISDIR(status.st_mode):
        raise NotMediaError("is a folder, not a media file")
    if not stat.S_ISREG(status.st_mode):
        raise NotMediaError("is a pipe or a device, not a file; copy its content into a file")
    if not status.st_size:
        raise EmptyMediaError("is empty (0 bytes); copy it again")
    with _opened(path) as container:
        yield container


def origin_of(container: Any) -> float:
    """Return the time stamp, in seconds, at which players start a file."""
    start = container.start_time
    return 0.0 if start is None else float(start / av.time_base)


def select_stream(container: Any, wanted: Any) -> None:
    """Have an open container deliver the packets of one stream only."""
    for stream in container.streams:
        if stream.index != wanted.index:
            stream.discard = Discard.all


def _opened(path: Path) -> Any:
    options = {"format_whitelist": _formats(), "protocol_whitelist": "file"}
    if is_unsized(path):
        options["ignore_length"] = "1"
    try:
        return av.open(f"file:{path}", container_options=options, metadata_errors="replace")
    except av.error.PermissionError as error:
        if error.errno == errno.EPERM:  # some demuxers return -1 for what they can't read
            raise NotMediaError(explain_not_media(path)) from error
        raise MediaError("may not be read (permission denied); change its permissions") from error
    except av.error.FileNotFoundError as error:
        raise MissingMediaError("was there but is gone now; check the path") from error
    except av.error.ArgumentError as error:
        if is_playlist(path):
            raise NotMediaError(explain_not_media(path)) from error
        raise NotMediaError(
            "refers to other files or addresses instead of holding audio, or is damaged; "
            "give the media files themselves"
        ) from error
    except (av.error.FFmpegError, ValueError) as error:
        refuse_missing_index(path)
        raise NotMediaError(explain_not_media(path)) from error


@functools.cache
def _formats() -> str:
    return ",".join(sorted(av.formats_available - _REFERRING))


def _track(index: int, stream: Any) -> AudioTrack | None:
    context = stream.codec_context
    if context is None or not context.sample_rate:
        return None
    return AudioTrack(
        index=index,
        codec=context.name,
        sample_rate=context.sample_rate,
        channels=context.channels,
        duration=_duration(stream),
        default=bool(stream.disposition & Disposition.default),
        language=stream.language if stream.language != "und" else None,
        title=_title(stream.metadata),
        roles=frozenset(str(role.name) for role in _ROLES if stream.disposition & role),
    )


def _title(metadata: Any) -> str:
    """Return a track's title, empty without one; QuickTime's is the name of its handler."""
    found = (metadata.get(key, "").strip() for key in ("title", "name", "handler_name"))
    return next((title for title in found if title and not _HANDLER.search(title)), "")


_HANDLER = re.compile(r"(?i)handler|^(sound|audio|mono|stereo|surround)$|^core media audio$")
_ROLES = (
    *(Disposition.dub, Disposition.original, Disposition.comment, Disposition.lyrics),
    *(Disposition.karaoke, Disposition.hearing_impaired, Disposition.visual_impaired),
    *(Disposition.clean_effects, Disposition.non_diegetic, Disposition.descriptions),
)


def _duration(stream: Any) -> float | None:
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return _matroska_duration(stream.metadata.get("DURATION", ""))


def _matroska_duration(tag: str) -> float | None:
    """Return the seconds in Matroska's per-track tag ``hh:mm:ss.fraction``."""
    try:
        hours, minutes, seconds = tag.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None


_REFERRING = {
    *("avisynth", "concat", "dash", "hls", "image2", "imf", "lavfi", "mlv", "rtp", "rtsp", "sap"),
    *("sdp", "smoothstreaming", "vapoursynth", "vobsub", "webm_dash_manifest"),
}
"""Formats that open other files or addresses, or run their content."""


def length_of(path: Path, track: int) -> float | None:
    """Return the end of an audio track, in seconds on the file's presentation timeline.

    Computed from its packets: the announced length is missing in streams, an estimate in MP3 and
    AAC without a header, and leaves out a late start of the track. Where time stamps jump, the
    result may be too long, but never too short. ``None`` if no packet has a time or duration.
    Raises as `open_media` does, and `TruncatedMediaError` if the packets can't be read.
    """
    with open_media(path) as container:
        stream = container.streams.audio[track]
        select_stream(container, stream)
        total = end = 0
        try:
            for packet in container.demux(stream):
                duration = packet.duration or 0
                total += duration
                if packet.pts is not None:
                    end = max(end, packet.pts + duration)
        except av.error.FFmpegError as error:
            raise TruncatedMediaError(
                f"can't be read to its end ({error.strerror}); copy or download it again"
            ) from error
        tick = float(stream.time_base)
        return max(total * tick, end * tick - origin_of(container)) or None
