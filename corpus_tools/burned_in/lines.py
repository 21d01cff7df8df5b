"""Subtitle lines from the texts that appear in the band: read, joined, without what isn't one."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpus_tools.burned_in.boxes import Box
from corpus_tools.burned_in.reader import Reading, TextReader
from corpus_tools.burned_in.tracking import Appearance
from manifests.base.letters import plain_letters

__all__ = ["ShownLine", "read_appearances", "without_other_texts"]


@dataclass(frozen=True)
class ShownLine:
    """A line of text in the picture, in seconds, its box in the band, confidence from 0 to 1."""

    start: float
    end: float
    text: str
    confidence: float
    box: Box


def read_appearances(appearances: Iterable[Appearance], reader: TextReader) -> list[ShownLine]:
    """Return the texts of what appears, in order of time; one that is read again is one line."""
    lines = []
    for shown in appearances:
        found = _vote(shown, reader)
        if plain_letters(found.text) and found.confidence >= _LEAST_CONFIDENCE:
            lines.append(ShownLine(shown.start, shown.end, found.text, found.confidence, shown.box))
    return _joined(sorted(lines, key=lambda line: (line.start, line.end, line.box)))


def _vote(shown: Appearance, reader: TextReader) -> Reading:
    """Return the text that the reader is surest of over a line's pictures.

    Further pictures are read only where the first, the mean, leaves a doubt.
    """
    readings = _read(shown, slice(1), reader)
    if readings[0].confidence >= _SURE:
        return readings[0]
    readings += _read(shown, slice(1, None), reader)
    sums: defaultdict[str, float] = defaultdict(float)
    texts: dict[str, str] = {}
    for reading in readings:
        letters = plain_letters(reading.text)
        texts.setdefault(letters, reading.text)
        sums[letters] += reading.confidence
    best = max(sums, key=lambda letters: sums[letters])
    return Reading(texts[best], sums[best] / len(readings))


def _read(shown: Appearance, which: slice, reader: TextReader) -> list[Reading]:
    """Read some of a line's pictures: wide ones, since boxes often leave out 一 at an end.

    Other letters than Chinese ones at an end may be the edges of a dark box, so there narrow
    pictures are read.
    """
    readings = reader.read(shown.pictures[which])
    for number, narrow in enumerate(shown.narrow[which]):
        letters = plain_letters(readings[number].text)
        if not _CHINESE.fullmatch(letters[:1] + letters[-1:]):
            readings[number : number + 1] = reader.read([narrow])
    return readings


def _joined(lines: Sequence[ShownLine]) -> list[ShownLine]:
    """Join lines in one place and without a pause that have the same text or parts of one."""
    joined: list[ShownLine] = []
    for line in lines:
        for number in range(len(joined) - 1, max(len(joined) - _NEIGHBOURS, 0) - 1, -1):
            last = joined[number]
            if (
                line.start - last.end <= _PAUSE
                and last.box.beside(line.box)
                and last.box.shared(line.box)
                and _alike(last.text, line.text)
            ):
                best = max((last, line), key=lambda one: (one.confidence * len(one.text), one.end))
                joined[number] = replace(
                    best, start=min(last.start, line.start), end=max(last.end, line.end)
                )
                break
        else:
            joined.append(line)
    return joined


def _alike(first: str, second: str) -> bool:
    short, long = sorted(map(plain_letters, (first, second)), key=len)
    return short in long or _distance(short, long) <= _MOST_EDITS * len(long)


def _distance(first: str, second: str) -> int:
    """Return the edit distance of two short texts."""
    row = list(range(len(second) + 1))
    for number, letter in enumerate(first, start=1):
        last, row[0] = row[0], number
        for column, other in enumerate(second, start=1):
            last, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, last + (letter != other)),
            )
    return row[-1]


def without_other_texts(
    lines: Sequence[ShownLine], width: int
) -> tuple[list[ShownLine], Counter[str]]:
    """Return the lines that may be subtitles, and the reasons for which others aren't.

    ``width`` is that of the picture. Texts that stand still (logos, names of stations) or hold a
    time of day aren't; nor, among many lines that are centred or begin in one column, texts in
    another place or of another size.
    """
    reasons: Counter[str] = Counter()
    kept = []
    for line in lines:
        if line.end - line.start > _LONGEST:
            reasons[f"stand still for more than {_LONGEST:.0f} s"] += 1
        elif _CLOCK.fullmatch(line.text):
            reasons["are times of day"] += 1
        else:
            kept.append(line)
    if len(kept) < _MANY:
        return kept, reasons
    height = float(np.median([line.box.height for line in kept]))
    sized = [line for line in kept if 0.5 * height < line.box.height < 1.8 * height]
    reasons["have another size"] = len(kept) - len(sized)
    near = max((_aligned(sized, column, width) for column in ("centre", "left")), key=sum)
    if sum(near) >= _ALIGNED * len(near):
        reasons["stand in another place"] = len(near) - sum(near)
        sized = [line for line, own in zip(sized, near, strict=True) if own]
    return sized, +reasons


def _aligned(lines: Sequence[ShownLine], column: str, width: int) -> list[bool]:
    """Return which lines have their centres or left edges in the column where most have them."""
    at = np.array([getattr(line.box, column) for line in lines])
    near: list[bool] = (np.abs(at - np.median(at)) < _ASIDE * width).tolist()
    return near


_LEAST_CONFIDENCE = 0.5
_SURE = 0.97
_CHINESE = re.compile("[\u3040-\u9fff]+")  # or Japanese
_NEIGHBOURS = 6  # lines back
_PAUSE = 0.2  # s
_MOST_EDITS = 0.25  # of the letters
_LONGEST = 15.0  # s
_CLOCK = re.compile(r"[\d\s:：./-]*\d[:：]\d\d[\d\s:：./-]*")
_MANY = 6  # lines
_ASIDE = 0.1  # of the width
_ALIGNED = 0.75  # of the lines
