"""Subtitle files beside media files."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.transcription.bilingual import without_translations
from corpus_tools.transcription.cue_markup import Cue, plain_cues
from corpus_tools.transcription.cue_speakers import name_speakers
from corpus_tools.transcription.encodings import decode_damaged
from corpus_tools.transcription.languages import script_of, scripts_of_language, tag_is_language
from corpus_tools.transcription.spoken_cues import spoken_cues
from manifests.errors import DataError

__all__ = [
    "SUFFIXES",
    "SubtitleEvent",
    "Subtitles",
    "clean_subtitles",
    "find_sidecar",
    "read_subtitle_file",
]

SUFFIXES = (".srt", ".ass", ".ssa", ".vtt")
"""Supported file suffixes, in order of preference."""


@dataclass(frozen=True)
class SubtitleEvent:
    """A subtitle line.

    Attributes:
        start: start in seconds.
        end: end in seconds, later than ``start``.
        text: plain text on one line.
        speaker: name of the speaker in the file, or None.
    """

    start: float
    end: float
    text: str
    speaker: str | None


@dataclass(frozen=True)
class Subtitles:
    """Lines of a subtitle file or track.

    Attributes:
        events: lines in order of time.
        notes: problems of the file, a sentence each.
    """

    events: list[SubtitleEvent]
    notes: list[str]


def find_sidecar(media: Path, language: str = "zh") -> Path | None:
    """Return the subtitle file of a media file, or None.

    It has the media file's stem, alone (``a.srt``) or with a language (``a.zh.srt``). Files without
    a language are preferred to those in the spoken language, those to others; then the order of
    ``SUFFIXES`` and the name decide.

    Args:
        media: the media file.
        language: BCP 47 code of the spoken language; empty if unknown.
    """
    found = []
    for path in media.parent.iterdir():
        suffix = path.suffix.lower()
        if not path.stem.startswith(media.stem) or suffix not in SUFFIXES:
            continue
        tag = path.stem.removeprefix(media.stem)
        if (not tag or _LANGUAGE.fullmatch(tag)) and path.is_file():
            rank = 0 if not tag else 1 if tag_is_language(tag[1:], language) else 2
            found.append((rank, SUFFIXES.index(suffix), path.name, path))
    return min(found)[-1] if found else None


def read_subtitle_file(path: Path, language: str = "zh") -> Subtitles:
    """Read an .srt, .ass, .ssa or .vtt file.

    Format and encoding are detected from the content. Styling is removed. Karaoke, translations
    (see `without_translations`) and cues that can't be spoken (see `spoken_cues`) are left out.

    Args:
        path: the file.
        language: BCP 47 code of the spoken language; empty if unknown.

    Raises:
        DataError: if it can't be read as subtitles.
    """
    import pysubs2

    text, damaged = _read_text(path, language)
    format_ = _detect_format(text)
    text, unreadable = _limit_size(text, format_, path)
    try:
        parsed = pysubs2.SSAFile.from_string(text, format_, keep_html_tags=True)
    except Exception as error:  # the parser raises many kinds of error for damaged files
        raise DataError(f"{path}: damaged {format_} subtitles ({error}); repair it") from error
    if not len(parsed):
        raise DataError(f"{path}: no subtitle lines found in it; expected SRT, ASS, SSA or VTT")
    cues = [
        Cue(line.start / 1000, line.end / 1000, line.text, line.name.strip() or None, line.effect)
        for line in parsed
        if not line.is_comment
    ]
    found = clean_subtitles(cues, format_, str(path), language)
    notes = []
    if damaged:
        notes.append(f"{path}: {damaged} damaged characters, replaced by \ufffd")
    if unreadable:
        notes.append(f"{path}: {unreadable} lines have no readable times; left out")
    return Subtitles(found.events, notes + found.notes)


def clean_subtitles(cues: Sequence[Cue], format_: str, where: str, language: str) -> Subtitles:
    """Return the spoken lines of parsed cues.

    Args:
        cues: parsed cues.
        format_: ``srt``, ``vtt``, ``ass`` or ``ssa``.
        where: name of the file, for the notes.
        language: BCP 47 code of the spoken language; empty if unknown.
    """
    spoken, reasons = spoken_cues(plain_cues(cues, format_))
    kept, translated = without_translations(spoken, language)
    notes = [f"{where}: {n} subtitle lines {why}; left out" for why, n in sorted(reasons.items())]
    if translated:
        notes.append(f"{where}: two languages at once; of {translated} lines only {language} kept")
    elif _is_translation(kept, language):
        notes.append(
            f"{where}: hardly a line is in the script of {language}; if it is a translation, "
            "remove the file; if another language is spoken, set [corpus] language"
        )
    return Subtitles(_events(kept), notes)


def _is_translation(cues: Sequence[Cue], language: str) -> bool:
    spoken = scripts_of_language(language)
    scripts = [script_of(cue.text) for cue in cues]
    written = sum(script in spoken for script in scripts)
    return bool(spoken) and len(cues) >= _MIN_LINES and written < len(cues) / 20


def _read_text(path: Path, language: str) -> tuple[str, int]:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise DataError(f"{path}: larger than {_LARGEST_FILE >> 20} MiB; not a subtitle file")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror})") from error
    decoded = decode_damaged(data, str(path), language)
    text = decoded.text.lstrip("\ufeff").replace("\0", "")
    return text.replace("\r\n", "\n").replace("\r", "\n"), decoded.damaged


def _detect_format(text: str) -> str:
    if text.lstrip().startswith("WEBVTT"):
        return "vtt"
    if "[Script Info]" in text or "[Events]" in text:
        return "ssa" if re.search(r"\[V4 Styles\]", text, re.IGNORECASE) else "ass"
    return "srt"


def _limit_size(text: str, format_: str, path: Path) -> tuple[str, int]:
    """Return the part of a file that the parser needs, and the number of unreadable lines.

    Raises:
        DataError: if it has too many lines for subtitles.
    """
    if max(text.count("-->"), text.count("\nDialogue:")) > _MOST_LINES:
        raise DataError(f"{path}: more than {_MOST_LINES} subtitle lines, too many for a film")
    if format_ in ("srt", "vtt"):
        shortened = (line[:_LONGEST_ROW] for line in _BLANK_LINES.sub("\n\n", text).split("\n"))
        return "\n".join(shortened), 0
    rows = text[max(text.find("[Events]"), 0) :].split("\n")
    spoken = [row for row in rows if row.startswith("Dialogue:")]
    timed = [row[:_LONGEST_ROW] for row in spoken if _ASS_TIMES.match(row)]
    heads = [row for row in rows if row.startswith("Format:")][:1]
    return "\n".join(["[Events]", *heads, *timed, ""]), len(spoken) - len(timed)


def _events(cues: Iterable[Cue]) -> list[SubtitleEvent]:
    cues = list(cues)
    named = name_speakers([(cue.text, cue.speaker) for cue in cues])
    events = {
        SubtitleEvent(round(cue.start, 3), round(cue.end, 3), " ".join(text.split()), speaker)
        for cue, (text, speaker) in zip(cues, named, strict=True)
        if text.strip() and round(cue.end, 3) > round(cue.start, 3)
    }
    return sorted(events, key=lambda line: (line.start, line.end, line.text, line.speaker or ""))


_LARGEST_FILE = 32 * 2**20  # bytes; a feature film's subtitles have about 0.1 MB, fonts aside
_MOST_LINES = 100_000
_LONGEST_ROW = 4000  # characters
_MIN_LINES = 30  # lines from which a file is checked for being a translation
_LANGUAGE = re.compile(r"\.[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,8})*")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_ASS_TIMES = re.compile(r"Dialogue:[^,]*(?:,\s*-?\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?\s*){2},")
