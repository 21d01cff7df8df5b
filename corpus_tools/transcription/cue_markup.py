"""Removal of subtitle markup from the text of cues."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Cue", "plain_cues"]


@dataclass(frozen=True)
class Cue:
    r"""A subtitle cue, as parsed or, after :func:`plain_cues`, without markup.

    Attributes:
        start: start in seconds.
        end: end in seconds.
        text: lines, separated by ``\N`` as parsed and by newlines without markup.
        speaker: speaker in the format's own field (ASS Name, VTT voice), or None.
        effect: ASS effect field.
    """

    start: float
    end: float
    text: str
    speaker: str | None
    effect: str = field(default="", repr=False, compare=False)


def plain_cues(cues: Iterable[Cue], format_: str) -> list[Cue]:
    r"""Return cues without styling, with the speaker of a VTT voice tag.

    Drawings and karaoke (sung text) are left out. Only tags of the formats themselves are removed;
    other text in angle brackets is kept.

    Args:
        cues: parsed cues.
        format_: ``srt``, ``vtt``, ``ass`` or ``ssa``.

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
