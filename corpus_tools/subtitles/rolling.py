"""Rolling captions, in which each cue shows the end of the cue before once more.

So are automatic captions in WebVTT, and what is converted from them: a line is shown alone for 10
ms, and again above the next one.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from corpus_tools.subtitles.cues import Cue

__all__ = ["without_rolling"]


def without_rolling(cues: Sequence[Cue], *, timed_words: bool = False) -> tuple[list[Cue], int]:
    r"""Return cues without what the touching cue before ended with, and how many had such a part.

    Only files in which that is the rule are changed, or which ``timed_words`` shows to be made by a
    recogniser: people repeat themselves. Cues are in order of time and have no markup.

    Example:
        >>> texts = "A b", "A b\nNo", "No\nNo"
        >>> cues = [Cue(2 * n, 2 * n + 2, text, None) for n, text in enumerate(texts)]
        >>> [cue.text for cue in without_rolling(cues)[0]]
        ['A b', 'No', 'No']
    """
    shown = [[line for line in map(_squeezed, cue.text.split("\n")) if line] for cue in cues]
    rests = [list(lines) for lines in shown]
    flashes = rolled = 0
    for index, (before, cue) in enumerate(itertools.pairwise(cues), start=1):
        if not shown[index] or cue.start - before.end > _TOUCHING:
            continue
        rests[index] = _new_part(shown[index - 1], shown[index])
        if not rests[index]:
            flashes += cue.end - cue.start <= _FLASH
        elif rests[index] != shown[index]:
            rolled += 1
    if not rolled or flashes + rolled < max(_LEAST_SHARE * len(cues), 1 if timed_words else 2):
        return list(cues), 0
    kept = [
        replace(cue, text="\n".join(rest)) if rest != lines else cue
        for cue, rest, lines in zip(cues, rests, shown, strict=True)
        if rest or not lines
    ]
    return kept, sum(rest != lines for rest, lines in zip(rests, shown, strict=True))


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def _new_part(before: Sequence[str], lines: Sequence[str]) -> list[str]:
    """Return the lines without the most that the lines before end with: whole lines, or words."""
    for size in range(min(len(before), len(lines)), 0, -1):
        if list(before[-size:]) == list(lines[:size]):
            return list(lines[size:])
    old, new = " ".join(before).split(), lines[0].split()
    if len(old) < len(new) and old == new[: len(old)]:  # a line that grows word by word
        return [" ".join(new[len(old) :]), *lines[1:]]
    shown = " ".join(before)
    if _HAN_AT_END.search(shown) and lines[0] != shown and lines[0].startswith(shown):
        return [lines[0][len(shown) :], *lines[1:]]  # likewise, without spaces
    for size in range(min(len(old), len(new)), _LEAST_WORDS - 1, -1):
        if old[-size:] == new[:size]:
            return [line for line in (" ".join(new[size:]), *lines[1:]) if line]
    return list(lines)


_HAN_AT_END = re.compile("[\u3040-\u30ff\u3400-\u9fff][，。、！？]?$")
_TOUCHING = 0.1  # s
_FLASH = 0.1  # s
_LEAST_SHARE = 0.2  # of the cues that repeat what was shown before
_LEAST_WORDS = 3
