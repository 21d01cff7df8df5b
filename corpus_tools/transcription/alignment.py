"""Forced alignment of timed lines with the sound of a source's clips."""

import math
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.wav import read_wav
from corpus_tools.transcription.assign import assign_words
from corpus_tools.transcription.recognisers.base import Aligner, Word, run_aligner
from corpus_tools.transcription.windows import MAX_WINDOW_S, ClipSpan, join_clips
from manifests.base.errors import CorpusError, DataError
from manifests.storage.records import Clip, SubtitleLine
from manifests.storage.store import inside

__all__ = [
    "ALIGNMENT_VERSION",
    "AlignedLines",
    "AlignmentError",
    "LineAligner",
    "LinesByTime",
    "align_lines",
    "plan_alignment",
]

ALIGNMENT_VERSION = 2
"""Version of the algorithm, raised whenever words get other times or clips."""

Wave = NDArray[np.float32]


class AlignmentError(CorpusError):
    """The recogniser failed to align."""


@dataclass(frozen=True)
class AlignedLines:
    """Lines with the times at which they are spoken, those of two clips in parts.

    ``kept`` are those that keep their times, since what they say doesn't fit the sound; they are
    among the ``lines``, too.
    """

    lines: list[SubtitleLine] = field(default_factory=list)
    kept: list[SubtitleLine] = field(default_factory=list)


@dataclass(frozen=True)
class LineAligner:
    """Alignment of a source's lines with a recogniser, in a language (detected without one).

    ``unreadable`` collects the errors of clips that can't be read, by clip id.
    """

    corpus: Path
    aligner: Aligner
    language: str | None
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> dict[str, Any]:
        """What the times of lines depend on, besides lines and clips; JSON-ready."""
        return {
            "version": ALIGNMENT_VERSION,
            "language": self.language,
            "parameters": self.aligner.parameters,
        }

    def align(self, lines: Sequence[SubtitleLine], clips: Sequence[Clip]) -> AlignedLines:
        """Align the lines of a source; AlignmentError if the recogniser fails."""
        try:
            return align_lines(
                lines,
                clips,
                self._read,
                lambda wave, text: run_aligner(self.aligner, wave, text, self.language),
            )
        except CorpusError as error:
            raise AlignmentError(str(error)) from error

    def _read(self, clip: Clip) -> Wave | None:
        try:
            samples = read_wav(inside(self.corpus, clip.path), clip.sha256)
        except DataError as error:
            self.unreadable[clip.clip_id] = str(error)
            return None
        return samples.astype(np.float32) / np.float32(32768)


def align_lines(
    lines: Sequence[SubtitleLine],
    clips: Sequence[Clip],
    read: Callable[[Clip], Wave | None],
    align: Callable[[Wave, str], list[Word] | None],
) -> AlignedLines:
    """Time the lines of a source by the sound of its clips, and divide them at the clips' edges.

    Each character goes to the clip under which its word sounds. Lines that lie mostly outside the
    clips, between two windows or in one with a clip that can't be read (``read`` returns None), or
    with more text than the model reads, stay the same.
    """
    found = AlignedLines()
    done: set[int] = set()
    near = LinesByTime(lines)
    for window in plan_alignment(lines, clips):
        within = [index for index in _lines_of(lines, near, window) if index not in done]
        waves = [read(clip) for clip in window] if within else []
        known = [wave for wave in waves if wave is not None]
        if not known or len(known) < len(window):
            continue
        wave, spans = join_clips(window, known)
        texts = [lines[index].text.strip() for index in within]
        words = align(wave, " ".join(texts))
        if words is None:
            continue
        done.update(within)
        for index, own in zip(within, _by_line(words, texts), strict=True):
            if _mean_logprob(own) < _MIN_LOGPROB:
                found.kept.append(lines[index])
            else:
                found.lines.extend(_pieces(lines[index], own, wave, spans, window))
    rest = [line for index, line in enumerate(lines) if index not in done]
    ordered = sorted([*found.lines, *found.kept, *rest], key=lambda one: (one.start, one.end))
    return replace(found, lines=ordered)


def plan_alignment(
    lines: Sequence[SubtitleLine], clips: Sequence[Clip], longest: float = MAX_WINDOW_S
) -> Iterator[list[Clip]]:
    """Yield the clips of each window of at most ``longest`` seconds, in order of time.

    A window ends where it is farthest from any line, in its second half, so that no line is divided
    between two windows unless there is no other way. Clips longer than a window have none.
    """
    near = LinesByTime(lines)
    waiting: list[Clip] = []
    for clip in sorted(clips, key=lambda one: (one.start, one.end, one.clip_id)):
        while waiting and _seconds([*waiting, clip]) > longest:
            end = _best_end(waiting, clip, near, longest)
            yield waiting[:end]
            waiting = waiting[end:]
        if clip.duration <= longest:
            waiting.append(clip)
    if waiting:
        yield waiting


class LinesByTime:
    """Lines by time, so that a window looks at its own only."""

    def __init__(self, lines: Sequence[SubtitleLine]) -> None:
        self._lines = lines
        self._order = sorted(range(len(lines)), key=lambda index: lines[index].start)
        self._starts = [lines[index].start for index in self._order]
        self._latest = list(accumulate((lines[index].end for index in self._order), max))
        self._longest = max((line.end - line.start for line in lines), default=0.0)

    def between(self, start: float, end: float) -> list[int]:
        """Return the numbers, in order, of the lines that may reach into a time."""
        first = bisect_left(self._starts, start - self._longest)
        return sorted(self._order[first : bisect_right(self._starts, end)])

    def room(self, time: float) -> float:
        """Return the seconds from a time to the nearest line, negative within a line."""
        after = bisect_right(self._starts, time)
        rooms = [start - time for start in self._starts[after : after + 1]]
        if after and self._latest[after - 1] < time:
            rooms.append(time - self._latest[after - 1])
        else:
            around = [self._lines[index] for index in self.between(time, time)]
            rooms += [max(line.start - time, time - line.end) for line in around]
        return min(rooms, default=math.inf)


def _best_end(clips: Sequence[Clip], after: Clip, near: LinesByTime, longest: float) -> int:
    ends = [end for end in range(1, len(clips) + 1) if _seconds(clips[:end]) >= longest / 2] or [
        len(clips)
    ]
    borders = [*clips, after]
    return max(
        ends, key=lambda end: (near.room((borders[end - 1].end + borders[end].start) / 2), end)
    )


def _seconds(clips: Sequence[Clip]) -> float:
    """Return an upper bound of the duration of a window."""
    gaps = (min(max(other.start - one.end, 0.0), 0.5) for one, other in pairwise(clips))
    return sum(clip.duration for clip in clips) + sum(gaps)


def _lines_of(
    lines: Sequence[SubtitleLine], near: LinesByTime, window: Sequence[Clip]
) -> list[int]:
    """Return the numbers of the lines that lie in the clips of a window by more than half."""
    return [
        index
        for index in near.between(window[0].start, max(clip.end for clip in window))
        for line in [lines[index]]
        if line.text.strip()
        and sum(max(min(line.end, c.end) - max(line.start, c.start), 0.0) for c in window)
        > _MIN_SHARE * (line.end - line.start)
    ]


def _by_line(words: Sequence[Word], texts: Sequence[str]) -> list[list[Word]]:
    """Divide the words of joined texts into those of each, with a word of two in parts."""
    letters = [replace(word, text=letter) for word in words for letter in word.text]
    while letters and letters[0].text.isspace():
        letters.pop(0)
    divided = []
    position = 0
    for text in texts:
        divided.append(letters[position : position + len(text)])
        position += len(text) + 1
    return divided


def _mean_logprob(letters: Collection[Word]) -> float:
    known = [max(one.probability or 0.0, _SMALLEST) for one in letters if one.text.strip()]
    return sum(map(math.log, known)) / len(known) if known else -math.inf


def _pieces(
    line: SubtitleLine,
    letters: Sequence[Word],
    wave: Wave,
    spans: Sequence[ClipSpan],
    window: Sequence[Clip],
) -> Iterator[SubtitleLine]:
    """Yield the parts of a line in the clips of a window, with their times in the source."""
    units = list(_units(letters))
    wholes = [Word(*_spoken(unit), "".join(letter.text for letter in unit)) for unit in units]
    owner_of = {
        id(word): owner
        for owner, words in enumerate(assign_words(wholes, wave, spans))
        for word in words
    }
    spoken = [any(letter.text.isalnum() for letter in unit) for unit in units]
    first = spoken.index(True) if True in spoken else 0  # marks before it belong to it
    owners = [owner_of[id(wholes[first])]] * first
    for is_spoken, whole in zip(spoken[first:], wholes[first:], strict=True):
        owners.append(owner_of[id(whole)] if is_spoken or not owners else owners[-1])
    groups = groupby(zip(owners, units, strict=True), key=lambda pair: pair[0])
    parts = [(owner, [letter for _, unit in own for letter in unit]) for owner, own in groups]
    for owner, own in parts:
        clip, (begin, _) = window[owner], spans[owner]
        start, end = (clip.start + time - begin for time in _spoken(own))
        # words often take no time, but a line without time lies in no clip
        start = min(max(start, clip.start), clip.end - _SHORTEST)
        end = min(max(end, start + _SHORTEST), clip.end)
        text = "".join(letter.text for letter in own).strip()
        yield replace(line, start=round(start, 3), end=round(end, 3), text=text)


def _spoken(letters: Sequence[Word]) -> tuple[float, float]:
    """Return the start and end of letters; a space or mark has the times of the word beside it."""
    spoken = [letter for letter in letters if letter.text.isalnum()] or letters
    return spoken[0].start, spoken[-1].end


def _units(letters: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield the runs of letters that may not be divided: words, and letters with their marks."""
    unit: list[Word] = []
    for letter in letters:
        if unit and not _continues(unit[-1].text, letter.text):
            yield unit
            unit = []
        unit.append(letter)
    if unit:
        yield unit


def _continues(before: str, letter: str) -> bool:
    if unicodedata.category(before) in _OPENING:
        return True
    if not letter.isalnum():
        return unicodedata.category(letter) not in _OPENING
    return before.isalnum() and max(before, letter) < _SPACELESS


_MIN_SHARE = 0.5  # share of a line within the clips of a window
_MIN_LOGPROB = -2.0
_OPENING = ("Ps", "Pi")
_SHORTEST = 0.02  # seconds of a line, Whisper's resolution
_SMALLEST = 1e-10
_SPACELESS = "\u0e00"  # Thai, the first script without spaces between words
