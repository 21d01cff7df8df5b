"""Subtitle tracks embedded in media files."""

from pathlib import Path
from typing import TYPE_CHECKING

from corpus_tools.media.errors import MediaError
from corpus_tools.subtitles.cues import Cue
from corpus_tools.subtitles.files import Subtitles, clean_subtitles
from corpus_tools.subtitles.languages import tag_is_language
from manifests.base.errors import DataError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.subtitles.stream import SubtitleStream

__all__ = ["has_text_track", "has_track_in", "read_embedded"]


def read_embedded(media: Path, language: str = "zh") -> Subtitles:
    """Return the lines of the best text track of a media file, empty if it has none.

    Tracks in the language come before those without one and in others; then complete before forced
    tracks, which have few lines; then the default track; then the first. Times count from the start
    of playback, like those of the sound. ``language`` is empty if unknown. Raise DataError if the
    media file can't be opened, or its track can't be read.
    """
    import av

    from corpus_tools.media.probe import open_media, origin_of, select_stream

    try:
        with open_media(media) as container:
            track, notes = _choose_track(container, media, language)
            if track is None:
                return Subtitles([], notes)
            select_stream(container, track)
            cues = _cues(container, track, origin_of(container), media)
    except MediaError as error:
        raise DataError(f"{media}: {error}") from error
    except av.error.FFmpegError as error:
        raise DataError(f"{media}: its subtitle track can't be read ({error.strerror})") from error
    found = clean_subtitles(cues, "ass", f"{media}, subtitle track {track.index}", language)
    return Subtitles(found.events, notes + found.notes)


def has_track_in(media: Path, language: str) -> bool:
    """Return whether a media file has a complete text track that is marked as in a language."""
    return any(rank[:2] == (0, False) for rank in _ranks(media, language))


def has_text_track(media: Path) -> bool:
    """Return whether a media file has a subtitle track of text."""
    return bool(_ranks(media, ""))


def _ranks(media: Path, language: str) -> list[tuple[int, bool, bool, int]]:
    """Return the ranks of a file's text tracks, none if it can't be opened."""
    from corpus_tools.media.probe import open_media

    try:
        with open_media(media) as container:
            tracks = container.streams.subtitles
            text = [track for track in tracks if track.codec_context.name in _TEXT_CODECS]
            return [_rank(track, language) for track in text]
    except MediaError:
        return []


def _choose_track(
    container: "InputContainer", media: Path, language: str
) -> tuple["SubtitleStream | None", list[str]]:
    tracks = list(container.streams.subtitles)
    text = [track for track in tracks if track.codec_context.name in _TEXT_CODECS]
    if not text:
        pictures = sorted({track.codec_context.name for track in tracks})
        if not pictures:
            return None, []
        return None, [
            f"{media}: its subtitles are images ({', '.join(pictures)}), which can't be read; "
            f"put their text beside it as {media.stem}.srt"
        ]
    best = min(text, key=lambda track: _rank(track, language))
    tag = best.metadata.get("language", "")
    if not language or _is_unknown(tag) or tag_is_language(tag, language):
        return best, []
    return best, [
        f"{media}: its only subtitles are marked as {tag!r}, not {language}; if they are a "
        f"translation, put the spoken text beside it as {media.stem}.srt"
    ]


def _rank(track: "SubtitleStream", language: str) -> tuple[int, bool, bool, int]:
    from av.stream import Disposition

    tag = track.metadata.get("language", "")
    language_rank = 0 if tag_is_language(tag, language) else 1 if _is_unknown(tag) else 2
    forced = bool(track.disposition & Disposition.forced)
    default = bool(track.disposition & Disposition.default)
    return language_rank, forced, not default, track.index


def _is_unknown(tag: str) -> bool:
    return tag.lower() in ("", "und", "unk", "mis", "zxx", "mul")


def _cues(
    container: "InputContainer", track: "SubtitleStream", origin: float, media: Path
) -> list[Cue]:
    from av.subtitles.subtitle import AssSubtitle

    cues: list[Cue] = []
    for packet in container.demux(track):
        if packet.pts is None or not packet.size or packet.time_base is None:
            continue
        if packet.size > _LARGEST_PACKET or len(cues) >= _MOST_LINES:
            raise DataError(f"{media}: its subtitle track is too large; is it one of a film?")
        start = float(packet.pts * packet.time_base) - origin
        end = start + float((packet.duration or 0) * packet.time_base)
        for line in packet.decode():
            if not isinstance(line, AssSubtitle):
                continue
            fields = line.ass.decode("utf-8", "replace").split(",", 8)
            if len(fields) == 9:
                name = fields[3].strip() or None
                cues.append(Cue(start, end, fields[8], name, fields[7], fields[2]))
    return cues


_TEXT_CODECS = {"ass", "ssa", "srt", "subrip", "mov_text", "webvtt", "text"}
_LARGEST_PACKET = 2**16  # bytes
_MOST_LINES = 100_000
