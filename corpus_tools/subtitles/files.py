"""Spoken lines of subtitle files, without cues that can't be spoken."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corpus_tools.subtitles.cues import Cue, plain_cues
from corpus_tools.subtitles.remarks import join_brackets, without_lyrics
from corpus_tools.subtitles.rolling import without_rolling
from corpus_tools.subtitles.sidecars import SUFFIXES, find_sidecar
from corpus_tools.subtitles.signs import shared_name, without_signs
from corpus_tools.subtitles.speakers import name_speakers
from corpus_tools.subtitles.translations import is_translation, without_translations
from manifests.base.encodings import decode_damaged
from manifests.base.errors import DataError
from manifests.base.outcome import counted

__all__ = [
    "SUFFIXES",
    "SubtitleEvent",
    "Subtitles",
    "clean_subtitles",
    "find_sidecar",
    "read_subtitle_file",
]


@dataclass(frozen=True)
class SubtitleEvent:
    """A subtitle line: start and later end in seconds, spoken text on one line, named speaker.

    ``text_raw`` is the text with remarks and names, None if it has none.
    """

    start: float
    end: float
    text: str
    speaker: str | None
    text_raw: str | None = None


@dataclass(frozen=True)
class Subtitles:
    """Lines of a file or track in order of time, and its problems (``notes``), a sentence each."""

    events: list[SubtitleEvent]
    notes: list[str]


def read_subtitle_file(path: Path, language: str = "zh") -> Subtitles:
    """Read an .srt, .ass, .ssa or .vtt file; ``language`` is empty if unknown.

    Format and encoding are detected from the content. Styling is removed. Karaoke, signs, lyrics,
    remarks, translations (see `without_translations`) and cues that can't be spoken (see
    `spoken_cues`) are left out.
    Raise DataError if it can't be read as subtitles.
    """
    import pysubs2

    text, damaged = _read_text(path, language)
    format_ = _detect_format(text)
    # the parser would take a line with times of words for one with the times of a cue
    text, timed_words = _WORD_TIME.subn("", text)
    text, unreadable = _limit_size(text, format_, path)
    try:
        parsed = pysubs2.SSAFile.from_string(text, format_, keep_html_tags=True)
    except Exception as error:  # the parser raises many kinds of error for damaged files
        raise DataError(f"{path}: damaged {format_} subtitles ({error}); repair it") from error
    if not len(parsed):
        raise DataError(f"{path}: no subtitle lines found in it; expected SRT, ASS, SSA or VTT")
    cues = [
        Cue(
            line.start / 1000,
            line.end / 1000,
            line.text,
            line.name.strip() or None,
            line.effect,
            line.style if format_ in ("ass", "ssa") else "",
        )
        for line in parsed
        if not line.is_comment
    ]
    found = clean_subtitles(cues, format_, str(path), language, timed_words=bool(timed_words))
    notes = []
    if damaged:
        notes.append(f"{path}: {damaged} damaged characters, replaced by \ufffd")
    if unreadable:
        notes.append(
            f"{path}: "
            f"{counted(unreadable, 'line has no readable time', 'lines have no readable times')}; "
            "left out"
        )
    return Subtitles(found.events, notes + found.notes)


def clean_subtitles(
    cues: Sequence[Cue], format_: str, where: str, language: str, *, timed_words: bool = False
) -> Subtitles:
    """Return the spoken lines of parsed cues; the notes name the file as in ``where``.

    ``timed_words`` shows that a recogniser made the file, see `without_rolling`.
    Raise DataError if there are cues, and none is spoken.
    """
    shown, signs = without_signs(cues)
    plain = sorted(plain_cues(shown, format_), key=lambda cue: (cue.start, cue.end, cue.text))
    single, repeats = without_rolling(plain, timed_words=timed_words)
    spoken, reasons = spoken_cues(single)
    kept, translated = without_translations(spoken, language)
    reasons["are signs, credits or comments on the picture"] = signs
    named = [replace(cue, raw=cue.text) for cue in kept]
    name = shared_name(named) if format_ in ("ass", "ssa") else None
    if name is not None:
        named = [replace(cue, speaker=None) for cue in named]
    in_speech = [
        cue for cue in name_speakers(join_brackets(without_lyrics(named))) if cue.text.strip()
    ]
    reasons["hold only remarks or lyrics"] = len(named) - len(in_speech)
    notes = [
        f"{where}: {n} subtitle lines {why}; left out" for why, n in sorted(reasons.items()) if n
    ]
    if cues and not in_speech:
        raise DataError(
            f"{where}: none of its {len(cues)} lines is spoken text"
            f"{''.join(f'; {n} {why}' for why, n in sorted(reasons.items()) if n)}; give a file "
            f"with the dialogue"
        )
    if name is not None:
        notes.append(f"{where}: all its lines have the name '{name}', taken for no speaker's")
    if repeats:
        notes.append(
            f"{where}: rolling captions; {counted(repeats, 'line')} repeated what was shown before"
        )
    if translated:
        notes.append(f"{where}: two languages at once; of {translated} lines only {language} kept")
    elif is_translation(in_speech, language):
        notes.append(
            f"{where}: hardly a line is in the script of {language}; if it is a translation, "
            "remove the file; if another language is spoken, set [corpus] language"
        )
    return Subtitles(_events(in_speech), notes)


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
    """Return the part to parse and the number of unreadable lines; DataError for too many."""
    if max(text.count("-->"), text.count("\nDialogue:")) > _MOST_LINES:
        raise DataError(f"{path}: more than {_MOST_LINES} subtitle lines, too many for a film")
    if format_ in ("srt", "vtt"):
        shortened = [line[:_LONGEST_ROW] for line in _BLANK_LINES.sub("\n\n", text).split("\n")]
        return _without_untimed(shortened, _TIMES[format_])
    rows = text[max(text.find("[Events]"), 0) :].split("\n")
    spoken = [row for row in rows if row.startswith("Dialogue:")]
    timed = [row[:_LONGEST_ROW] for row in spoken if _ASS_TIMES.match(row)]
    heads = [row for row in rows if row.startswith("Format:")][:1]
    return "\n".join(["[Events]", *heads, *timed, ""]), len(spoken) - len(timed)


def _without_untimed(lines: Sequence[str], times: re.Pattern[str]) -> tuple[str, int]:
    """Return lines without cues of unreadable times, which the parser would add to the cue before.

    Also return the number of these cues.
    """
    kept: list[str] = []
    untimed, within = 0, False
    for line in lines:
        if _TIMING.match(line):
            within = not times.search(line)
            untimed += within
            if within and kept and kept[-1].strip().isdecimal():
                kept.pop()
        elif not line.strip():
            within = False
        if not within:
            kept.append(line)
    return "\n".join(kept), untimed


def _events(cues: Iterable[Cue]) -> list[SubtitleEvent]:
    events = {
        SubtitleEvent(
            round(cue.start, 3), round(cue.end, 3), text, cue.speaker, raw if raw != text else None
        )
        for cue in cues
        for text in [" ".join(cue.text.split())]
        for raw in [" ".join((cue.raw or "").split())]
        if text and round(cue.end, 3) > round(cue.start, 3)
    }
    return sorted(
        events,
        key=lambda line: (line.start, line.end, line.text, line.speaker or "", line.text_raw or ""),
    )


_TIMING = re.compile(r"\s*\d\S*:\S*\s*-{1,2}>")
_TIMES = {
    "srt": re.compile(r"\d:\d{1,2}:\d{1,2}[.,]\d.*\d:\d{1,2}:\d{1,2}[.,]\d"),
    "vtt": re.compile(r"\d\d:\d\d\.\d\d.*\d\d:\d\d\.\d\d"),
}
"""Start and end as the parser reads them."""
_LARGEST_FILE = 32 * 2**20  # bytes; a feature film's subtitles have about 0.1 MB, fonts aside
_MOST_LINES = 100_000
_LONGEST_ROW = 4000  # characters
_WORD_TIME = re.compile(r"<\d+:\d\d[:.][\d:.]*>")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_ASS_TIMES = re.compile(r"Dialogue:[^,]*(?:,\s*-?\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?\s*){2},")


def spoken_cues(cues: Sequence[Cue]) -> tuple[list[Cue], Counter[str]]:
    """Return the cues that may be spoken lines, in order of time, and the reasons for the others.

    Left out are cues that end before they begin, lie before the start or after four days, last
    longer than half a minute (titles, watermarks), or have no duration or too much text; those
    without text have no reason. Repetitions of a text without a pause, from animation and layers,
    are merged into one cue. Cues have no markup.
    """
    reasons: Counter[str] = Counter()
    kept = []
    for cue in cues:
        reason = _rejection(cue)
        if reason:
            reasons[reason] += 1
        elif cue.text.strip() and cue.end > cue.start:
            kept.append(cue if cue.start >= 0 else replace(cue, start=0.0))
    return _merge_repeated(sorted(kept, key=lambda cue: (cue.start, cue.end, cue.text))), reasons


def _rejection(cue: Cue) -> str | None:
    if cue.end == cue.start and cue.text.strip():
        return "have no duration"
    if cue.end < cue.start:
        return "end before they begin"
    if cue.start > _LATEST or (cue.start < 0 and cue.end <= 0):
        return "lie outside any film"
    if cue.end - cue.start > _LONGEST:
        return f"last more than {_LONGEST} s"
    if len(cue.text) > _MOST_TEXT:
        return f"have more than {_MOST_TEXT} characters"
    return None


def _merge_repeated(cues: Sequence[Cue]) -> list[Cue]:
    """Merge cues with the same text and speaker, unless it is a short answer given twice."""
    joined: list[Cue] = []
    last: dict[tuple[str, str | None], int] = {}
    for cue in cues:
        key = cue.text.strip(), cue.speaker
        at = last.get(key)
        if at is not None and _is_repeated(joined[at], cue):
            end = max(joined[at].end, cue.end)
            if end - joined[at].start <= _LONGEST:
                joined[at] = replace(joined[at], end=end)
                continue
        last[key] = len(joined)
        joined.append(cue)
    return joined


def _is_repeated(last: Cue, cue: Cue) -> bool:
    if cue.start > last.end + _AT_ONCE:
        return False
    brief = min(cue.end - cue.start, last.end - last.start) < _FRAME
    return brief or cue.start < last.end or len(_WORD.findall(cue.text)) > _SHORT_ANSWER


_LATEST = 4 * 24 * 3600  # s
_LONGEST = 30  # s
_MOST_TEXT = 500
_AT_ONCE = 0.05  # s
_FRAME = 0.3  # s; shorter cues are frames of an animation
_SHORT_ANSWER = 4  # words or Chinese characters
_WORD = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]|[^\W\u3040-\u9fff\uac00-\ud7af]+")
