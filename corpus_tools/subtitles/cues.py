"""Text of cues: removal of markup, and speakers named in it (``[NAME] text``, ``NAME: text``).

Clock times and ordinary sentences have colons too, so a prefix counts as a name only if it looks
like one and occurs again in the same file.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["Cue", "name_speakers", "plain_cues"]


@dataclass(frozen=True)
class Cue:
    r"""A subtitle cue, as parsed or, after :func:`plain_cues`, without markup.

    Times are in seconds. Lines of the text are separated by ``\N`` as parsed and by newlines
    without markup. The speaker is that of the format's own field (ASS Name, VTT voice).
    """

    start: float
    end: float
    text: str
    speaker: str | None
    effect: str = field(default="", repr=False, compare=False)


def plain_cues(cues: Iterable[Cue], format_: str) -> list[Cue]:
    r"""Return cues without styling, with the speaker of a VTT voice tag.

    Drawings and karaoke (sung text) are left out. Only tags of the format (``srt``, ``vtt``,
    ``ass``, ``ssa``) are removed; other text in angle brackets is kept.

    Example:
        >>> plain_cues([Cue(0, 1, r"<v Li><i>巴适</i>\N&lt;得&gt;很", None)], "vtt")
        [Cue(start=0, end=1, text='巴适\n<得>很', speaker='Li')]
    """
    return [
        Cue(cue.start, cue.end, _plain(cue.text, format_), cue.speaker or _voice(cue.text))
        for cue in cues
        if not _is_graphics(cue)
    ]


# patterns stop at the next opening bracket, or a hostile file would take quadratic time
_BLOCK = re.compile(r"\{[^{}]*\}")
_DRAWING_OR_KARAOKE = re.compile(r"\\(?:p[1-9]|[kK][fo]?\d)")
_OVERRIDE = {
    "srt": r"\{\\[^{}]*\}",
    "vtt": r"\{\\[^{}]*\}",
    "ass": r"\{[^{}]*\}",
    "ssa": r"\{[^{}]*\}",
}
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^\s<>][^<>]*)>")
_STYLING = re.compile(
    r"</?(?:i|b|u|s|em|strong|font|c|v|lang|ruby|rt)(?:[.\s][^<>]*)?>|<\d[\d:.]*>", re.IGNORECASE
)


def _is_graphics(cue: Cue) -> bool:
    if cue.effect.strip().lower().startswith(("fx", "karaoke", "template", "code")):
        return True
    return any(_DRAWING_OR_KARAOKE.search(block) for block in _BLOCK.findall(cue.text))


def _voice(text: str) -> str | None:
    names = {name.strip() for name in _VOICE.findall(text)}
    return html.unescape(names.pop()) if len(names) == 1 else None


def _plain(text: str, format_: str) -> str:
    text = re.sub(_OVERRIDE[format_], "", text)
    text = re.sub(r"\\[Nn]", "\n", text).replace(r"\h", " ")
    if format_ == "vtt":
        # a blank line ends a VTT cue; the parser leaves notes or the next cue's id after it
        text = re.split(r"\n[ \t]*\n", text, maxsplit=1)[0]
    return html.unescape(_STYLING.sub("", text)) if format_ in ("srt", "vtt") else text


_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_NAME = rf"(?:[A-Z][A-Z0-9_.'\- ]{{0,19}}|[A-Za-z]{{1,8}}[_-]?[0-9]{{1,4}}|{_HAN}{{2,4}})"
_PREFIX = re.compile(rf"-?\s*(?:[\[【]({_NAME})[\]】]|({_NAME})\s?[:：])[ \u3000]*(?=\S)")

_SAYING = tuple("说道问想叫喊答是如下讲吼骂曰")
"""Endings of Chinese words that introduce speech or a list, and aren't names."""

_NO_NAME = re.compile(
    "比如|例如|比方|注意|记住|听着|对了|但是|结果|所以|因为|首先|其次|最后|总之|另外|"
    "时间|地点|题目|标题|音乐|笑声|掌声|哭声|歌声|字幕|翻译|校对|"
    "MUSIC|LAUGHS|LAUGHTER|LAUGHING|APPLAUSE|NOISE|SIGHS?|CRYING|CHEERING|SILENCE|NOTE|OK"
)


def name_speakers(lines: Sequence[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Extract speakers' names from lines (text, speaker); known speakers are kept.

    A text of several speakers gets None.

    Example:
        >>> name_speakers([("LI: 要得", None), ("WU: 12:30", None), ("LI: 莫得", None)])
        [('要得', 'LI'), ('WU: 12:30', None), ('莫得', 'LI')]
    """
    seen = Counter(
        name
        for text, speaker in lines
        if speaker is None
        for name in {_prefix_name(part) for part in text.split("\n")}
        if name is not None
    )
    names = {name for name, times in seen.items() if times >= 2}
    return [
        (text, speaker) if speaker is not None else _extract_speaker(text, names)
        for text, speaker in lines
    ]


def _prefix_name(text: str) -> str | None:
    match = _PREFIX.match(text)
    if match is None:
        return None
    name = (match[1] or match[2]).strip()
    return None if _NO_NAME.fullmatch(name) or name.endswith(_SAYING) else name


def _extract_speaker(text: str, names: set[str]) -> tuple[str, str | None]:
    parts = text.split("\n")
    found = [_prefix_name(part) for part in parts]
    rest = [
        _PREFIX.sub("", part, count=1) if name in names else part
        for part, name in zip(parts, found, strict=True)
    ]
    speakers = {name for name in found if name in names}
    return "\n".join(rest), speakers.pop() if len(speakers) == 1 else None
