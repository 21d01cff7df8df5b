"""Translations in subtitles, recognised by their script."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from corpus_tools.subtitles.cues import Cue
from corpus_tools.subtitles.languages import script_of, scripts_of_language

__all__ = ["is_translation", "without_translations"]


def is_translation(cues: Sequence[Cue], language: str) -> bool:
    """Return whether hardly any of many cues is in a script of the language."""
    spoken = scripts_of_language(language)
    scripts = [script_of(cue.text) for cue in cues]
    written = sum(script in spoken for script in scripts)
    return bool(spoken) and len(cues) >= _MIN_LINES and written < len(cues) / 20


def without_translations(cues: Sequence[Cue], language: str) -> tuple[list[Cue], int]:
    r"""Remove simultaneous translations in another script; return how many cues lost text, too.

    A translation may be in lines of its own within a cue, or in cues of its own at the same time.
    If fewer than 30 % of the cues have one, the file is in one language, and foreign words in it
    are kept. Cues have no markup.

    Example:
        >>> without_translations([Cue(0, 2, "巴适得很\nVery comfortable", None)], "zh")
        ([Cue(start=0, end=2, text='巴适得很', speaker=None)], 1)
    """
    spoken = scripts_of_language(language)
    split = [_by_script(cue, spoken) for cue in cues]
    native = [cue for cue, (own, _) in zip(cues, split, strict=True) if own]
    if not native:
        return list(cues), 0
    coverage = _Coverage(native)
    kept: list[Cue] = []
    translated = 0
    for cue, (own, other) in zip(cues, split, strict=True):
        if own and other:
            kept.append(replace(cue, text="\n".join(own)))
            translated += 1
        elif own or not other or not coverage.covers_most_of(cue):
            kept.append(cue)
        else:
            translated += 1
    if translated < _MIN_TRANSLATED * len(native):
        return list(cues), 0
    return kept, translated


def _by_script(cue: Cue, spoken: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return the lines of a cue in the language's scripts, and those in other scripts."""
    own: list[str] = []
    other: list[str] = []
    for line in cue.text.split("\n"):
        script = script_of(line)
        if script is not None:
            (own if script in spoken else other).append(line)
    return own, other


class _Coverage:
    """Time covered by a set of cues, with queries in constant time."""

    def __init__(self, cues: Sequence[Cue]) -> None:
        self._last = max(cue.end for cue in cues)
        changes = np.zeros(self._cell(self._last) + 2, dtype=np.int32)
        np.add.at(changes, [self._cell(cue.start) for cue in cues], 1)
        np.add.at(changes, [self._cell(cue.end) for cue in cues], -1)
        shown = np.cumsum(changes) > 0
        self._before = np.concatenate([[0], np.cumsum(shown, dtype=np.int32)])

    def covers_most_of(self, cue: Cue) -> bool:
        start, end = (self._cell(min(time, self._last)) for time in (cue.start, cue.end))
        return bool(2 * (self._before[end] - self._before[start]) > end - start)

    @staticmethod
    def _cell(seconds: float) -> int:
        return int(max(seconds, 0) * 10)


_MIN_TRANSLATED = 0.3  # share of cues with a translation in a bilingual file
_MIN_LINES = 30  # lines from which a file is checked for being a translation
