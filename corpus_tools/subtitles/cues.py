"""Cues of subtitles, and removal of markup from their text."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Cue", "plain_cues"]


@dataclass(frozen=True)
class Cue:
    r"""A subtitle cue, as parsed or, after :func:`plain_cues`, without markup.

    Times are in seconds. Lines of the text are separated by ``\N`` as parsed and by newlines
    without markup. The speaker is that of the format's own field (ASS Name, VTT voice); the style
    and effect are those of ASS. ``raw`` is the plain text with all that isn't spoken.
    """

    start: float
    end: float
    text: str
    speaker: str | None
    effect: str = field(default="", repr=False, compare=False)
    style: str = field(default="", repr=False, compare=False)
    raw: str | None = field(default=None, repr=False, compare=False)


def plain_cues(cues: Iterable[Cue], format_: str) -> list[Cue]:
    r"""Return cues without styling, with the speaker of a VTT voice tag.

    Only tags of the format (``srt``, ``vtt``, ``ass``, ``ssa``) are removed; other text in angle
    brackets is kept.

    Example:
        >>> plain_cues([Cue(0, 1, r"<v Li><i>巴适</i>\N&lt;得&gt;很", None)], "vtt")
        [Cue(start=0, end=1, text='巴适\n<得>很', speaker='Li')]
    """
    return [
        Cue(cue.start, cue.end, _plain(cue.text, format_), cue.speaker or _voice(cue.text))
        for cue in cues
    ]


# patterns stop at the next opening bracket, or a hostile file would take quadratic time
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
