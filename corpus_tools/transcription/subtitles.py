"""Subtitle files beside the media and subtitle tracks in it, read into plain timed lines."""

import re
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.media.errors import MediaError
from corpus_tools.transcription.cue_markup import Cue, plain_cues
from corpus_tools.transcription.cue_speakers import name_speakers
from corpus_tools.transcription.encodings import decode_text
from manifests.errors import DataError

__all__ = ["SUFFIXES", "SubtitleEvent", "find_sidecar", "read_embedded", "read_subtitle_file"]

SUFFIXES = (".srt", ".ass", ".ssa", ".vtt")
"""File endings that are read, in the order of preference."""

LARGEST_FILE = 32 * 2**20  # bytes; a feature film's subtitles have about 0.1 MB


@dataclass(frozen=True)
class SubtitleEvent:
    """A line of subtitles: when it is shown, what it says, and who says it where the file knows.

    Attributes:
        start: seconds.
        end: seconds, later than ``start``.
        text: one line of plain text without styling.
        speaker: the name in the file, or None.
    """

    start: float
    end: float
    text: str
    speaker: str | None


def find_sidecar(media: Path) -> Path | None:
    """Return the subtitle file that belongs to a media file, or None.

    It has the media file's stem, alone (``a.srt``) or with a language (``a.zh.srt``); the first of
    these wins: no language before a language, Chinese before others, then the order of
    ``SUFFIXES``, then the name.
    """
    found = []
    for path in media.parent.iterdir():
        suffix = path.suffix.lower()
        tag = path.stem.removeprefix(media.stem)
        belongs = path.stem.startswith(media.stem) and (not tag or _LANGUAGE.fullmatch(tag))
        if suffix in SUFFIXES and belongs and path.is_file():
            rank = 0 if not tag else 1 if _CHINESE.match(tag) else 2
            found.append((rank, SUFFIXES.index(suffix), path.name, path))
    return min(found)[-1] if found else None


_LANGUAGE = re.compile(r"\.[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,8})*")
_CHINESE = re.compile(r"\.(?:zh|zho|chi|chs|cn|sc|cht|tc|yue)\b", re.IGNORECASE)


def read_subtitle_file(path: Path) -> list[SubtitleEvent]:
    """Return the lines of an .srt, .ass, .ssa or .vtt file, in order of time.

    The format is told by the content, the encoding is guessed. Lines without text or with no
    duration are left out, styling is removed, everything else stays plain text.

    Raises:
        DataError: if it can't be read as subtitles.
    """
    import pysubs2

    text = _text_of(path)
    format_ = _format_of(text)
    try:
        parsed = pysubs2.SSAFile.from_string(text, format_, keep_html_tags=True)
    except Exception as error:  # the parser has no single error for a damaged file
        raise DataError(f"{path}: damaged {format_} subtitles ({error}); repair it") from error
    if not len(parsed):
        raise DataError(f"{path}: no subtitle lines found in it; expected SRT, ASS, SSA or VTT")
    return _events(
        [
            Cue(line.start / 1000, line.end / 1000, line.text, line.name.strip() or None)
            for line in parsed
            if not line.is_comment
        ],
        format_,
    )


def read_embedded(media: Path) -> list[SubtitleEvent]:
    """Return the lines of the first text subtitle track of a media file, [] if it has none.

    Times count from where players start the file, like those of its sound.

    Raises:
        DataError: if the media file can't be opened.
    """
    import av

    from corpus_tools.media.probe import ignore_all_but, open_media, origin_of

    cues = []
    try:
        with open_media(media) as container:
            tracks = [
                s for s in container.streams.subtitles if s.codec_context.name in _TEXT_CODECS
            ]
            if not tracks:
                return []
            ignore_all_but(container, tracks[0])
            origin = origin_of(container)
            for packet in container.demux(tracks[0]):
                if packet.pts is None or not packet.size:
                    continue
                start = float(packet.pts * packet.time_base) - origin
                end = start + float((packet.duration or 0) * packet.time_base)
                for line in packet.decode():
                    fields = line.ass.decode("utf-8", "replace").split(",", 8)
                    cues.append(Cue(start, end, fields[8], fields[3].strip() or None))
    except MediaError as error:
        raise DataError(f"{media}: {error}") from error
    except av.error.FFmpegError as error:
        raise DataError(f"{media}: its subtitle track can't be read ({error.strerror})") from error
    return _events(cues, "ass")


_TEXT_CODECS = {"ass", "ssa", "srt", "subrip", "mov_text", "webvtt", "text"}


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(f"{path}: larger than {LARGEST_FILE >> 20} MiB; not a subtitle file")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror})") from error
    return decode_text(data, str(path)).lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _format_of(text: str) -> str:
    if text.lstrip().startswith("WEBVTT"):
        return "vtt"
    if "[Script Info]" in text or "[Events]" in text:
        return "ssa" if re.search(r"\[V4 Styles\]", text, re.IGNORECASE) else "ass"
    return "srt"


def _events(cues: list[Cue], format_: str) -> list[SubtitleEvent]:
    cues = [cue for cue in plain_cues(cues, format_) if cue.end > cue.start]
    named = name_speakers([(cue.text, cue.speaker) for cue in cues])
    events = {
        SubtitleEvent(round(cue.start, 3), round(cue.end, 3), " ".join(text.split()), speaker)
        for cue, (text, speaker) in zip(cues, named, strict=True)
        if text.strip()
    }
    return sorted(events, key=lambda line: (line.start, line.end, line.text, line.speaker or ""))
