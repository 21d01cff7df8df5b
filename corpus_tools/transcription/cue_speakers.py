"""Speakers named in the text of subtitle lines: ``[NAME] text``, ``NAME: text``.

Clock times and ordinary sentences have colons too, so a prefix counts as a name only if it looks
like one and occurs again in the same file.
"""

import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["name_speakers"]

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
    """Extract speakers' names from the texts of a file's lines.

    Args:
        lines: text and speaker of each line; known speakers are kept.

    Returns:
        Text and speaker of each line; a text of several speakers has None.

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
