"""Assignment of timed lines, and of a window's words, to the clips in which they are spoken."""

import math
import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.transcription.recognisers.base import Recognition, Word
from corpus_tools.transcription.windows import ClipSpan

__all__ = ["ClipText", "assign_lines", "assign_words", "split_recognition"]

STRADDLES = "straddles"
"""Flag of a text that is partly spoken in another clip, or lacks a part spoken in its own."""

_MIN_SHARE = 0.5  # share of a line within the clip that gets it
_SHARED = 0.25  # share of a line within each clip that shares it
_MIN_LINE_STRADDLE = 0.2  # seconds of a line in another clip, more than the usual display lag


class TimedLine(Protocol):
    """A line with times: a subtitle event or record."""

    @property
    def start(self) -> float:
        """Start in seconds."""

    @property
    def end(self) -> float:
        """End in seconds."""

    @property
    def text(self) -> str:
        """Text of the line."""

    @property
    def text_raw(self) -> str | None:
        """Text with what isn't spoken, None if it is the same."""


class TimedClip(Protocol):
    """A clip with times: a record of a corpus, or a segment of a file."""

    @property
    def clip_id(self) -> str:
        """Id of the clip."""

    @property
    def start(self) -> float:
        """Start in seconds."""

    @property
    def end(self) -> float:
        """End in seconds."""

    @property
    def superseded_by(self) -> str | None:
        """Id of the clip that replaced it, if any."""


@dataclass
class ClipText:
    """Lines of which a clip holds half (``lines``) or a quarter (``shared``), in order of time.

    Attributes:
        lines: texts of its own lines.
        flags: flags of the text.
        shared: texts of lines of which no clip holds half.
        raw: texts of its own lines, or of the shared ones if it has none, with what isn't spoken.
        inside_s: seconds of its lines (or of the shared ones if it has none) within the clip.
        shown_s: total duration of these lines in seconds.
        covered_s: seconds of the clip that they cover.
        times: start and end of its own lines, or of the shared ones if it has none.
    """

    lines: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    inside_s: float = 0.0
    shown_s: float = 0.0
    covered_s: float = 0.0
    times: list[tuple[float, float]] = field(default_factory=list)

    def confidence(self, speech_s: float) -> float:
        """Return the confidence, 0 to 1, that the text is that of the whole clip.

        It is the share of the lines' time within the clip times the share of the clip's
        ``speech_s`` seconds of speech that they cover; where in the clip its speech lies is
        ignored.
        """
        covered = min(self.covered_s / speech_s, 1.0) if speech_s > 0 else 1.0
        return round(covered * self.inside_s / self.shown_s, 4) if self.shown_s else 0.0


def assign_lines(lines: Iterable[TimedLine], clips: Sequence[TimedClip]) -> dict[str, ClipText]:
    """Assign the lines of a source to its clips; return the texts of clips that have any, by id.

    A line belongs to the clip that holds most of it (the first of equals), if that is half of the
    line or more; else those that hold a quarter share it. A line that also reaches into another
    clip by 0.2 s flags both as ``straddles``. Superseded clips are handled apart, so that they take
    no line from those that replaced them.
    """
    texts: dict[str, ClipText] = {}
    ordered = sorted(lines, key=lambda line: (line.start, line.end, line.text))
    for superseded in (False, True):
        peers = [clip for clip in clips if (clip.superseded_by is not None) == superseded]
        texts |= _assign_to_peers(ordered, sorted(peers, key=lambda clip: (clip.start, clip.end)))
    return texts


def _assign_to_peers(lines: Sequence[TimedLine], clips: Sequence[TimedClip]) -> dict[str, ClipText]:
    owned: dict[str, list[TimedLine]] = defaultdict(list)
    shared: dict[str, list[TimedLine]] = defaultdict(list)
    straddled: set[str] = set()
    starts = [clip.start for clip in clips]
    longest = max((clip.end - clip.start for clip in clips), default=0.0)
    for line in lines:
        near = clips[bisect_left(starts, line.start - longest) : bisect_left(starts, line.end)]
        held = {clip.clip_id: seconds for clip in near if (seconds := _overlap(line, clip)) > 0}
        owner = max(held, key=lambda clip_id: held[clip_id], default=None)
        shown = line.end - line.start
        if owner is not None and held[owner] >= _MIN_SHARE * shown:
            owned[owner].append(line)
        else:
            owner = None
            for clip_id in held:
                if held[clip_id] >= _SHARED * shown:
                    shared[clip_id].append(line)
        reached = {clip_id for clip_id, seconds in held.items() if seconds > _MIN_LINE_STRADDLE}
        if reached - {owner}:
            straddled |= reached if owner is None else reached | {owner}
    return {
        clip.clip_id: _clip_text(
            clip, owned[clip.clip_id], shared[clip.clip_id], clip.clip_id in straddled
        )
        for clip in clips
        if clip.clip_id in owned.keys() | shared.keys()
    }


def _clip_text(
    clip: TimedClip, own: Sequence[TimedLine], shared: Sequence[TimedLine], straddles: bool
) -> ClipText:
    lines = own or shared
    return ClipText(
        lines=[line.text for line in own],
        flags=[STRADDLES] if straddles else [],
        shared=[line.text for line in shared],
        raw=[line.text_raw or line.text for line in lines],
        inside_s=sum(_overlap(line, clip) for line in lines),
        shown_s=sum(line.end - line.start for line in lines),
        covered_s=_covered_seconds(clip, lines),
        times=[(line.start, line.end) for line in lines],
    )


def _covered_seconds(clip: TimedClip, lines: Sequence[TimedLine]) -> float:
    seconds, until = 0.0, clip.start
    for line in lines:  # in order of their starts
        start, end = max(line.start, until), min(line.end, clip.end)
        seconds += max(end - start, 0.0)
        until = max(until, end)
    return seconds


def _overlap(line: TimedLine, clip: TimedClip) -> float:
    return min(line.end, clip.end) - max(line.start, clip.start)


def split_recognition(
    recognition: Recognition, wave: NDArray[np.float32], spans: Sequence[ClipSpan]
) -> list[Recognition]:
    """Divide the recognition of a window into those of its clips, timed from each clip's start.

    A clip's text is its words, joined, so the recognition needs words unless its text is empty.
    ``avg_logprob`` is the mean log-probability of the clip's words; ``language`` and
    ``no_speech_prob`` are the window's. Clips that share a word have the flag ``straddles``.
    """
    words = recognition.words or ()
    held = _held_energy(words, wave, spans)
    straddled = _straddled(words, held, spans)
    return [
        replace(
            recognition,
            text=text,
            avg_logprob=_avg_logprob(own),
            compression_ratio=_compression(text),
            words=tuple(_within(word, span) for word in own),
            flags=(*recognition.flags, STRADDLES) if index in straddled else recognition.flags,
        )
        for index, (span, own) in enumerate(
            zip(spans, assign_words(words, wave, spans), strict=True)
        )
        for text in ["".join(word.text for word in own).strip()]
    ]


def assign_words(
    words: Sequence[Word], wave: NDArray[np.float32], spans: Sequence[ClipSpan]
) -> list[list[Word]]:
    """Assign each word to the clip under which it sounds: that with most of its energy.

    Alignment often gives the pause before a word to the word, so that its midpoint may lie in the
    clip before. A word in silence goes to the clip that contains its midpoint, else to the nearest
    (first) one. There must be at least one span; spans may overlap. The words of a clip keep their
    order.

    Args:
        words: words with times from the window's beginning.
        wave: samples of the window at 16 kHz.
        spans: clips of the window.

    Example:
        >>> sound = np.repeat(np.float32([1, 0, 1]), [8000, 16000, 8000])
        >>> words = [Word(0.1, 0.4, "巴适"), Word(0.4, 1.8, "得"), Word(1.8, 2.0, "很")]
        >>> [[word.text for word in own] for own in assign_words(words, sound, [(0, 1), (1, 2)])]
        [['巴适'], ['得', '很']]
    """
    given: list[list[Word]] = [[] for _ in spans]
    for word, energy in zip(words, _held_energy(words, wave, spans), strict=True):
        loudest = int(np.argmax(energy))
        given[loudest if energy[loudest] > 0 else _nearest(word, spans)].append(word)
    return given


def _held_energy(
    words: Sequence[Word], wave: NDArray[np.float32], spans: Sequence[ClipSpan]
) -> NDArray[np.float64]:
    """Return the energy of each word under each clip, shape (words, clips)."""
    until = np.append(0.0, np.cumsum(np.square(wave, dtype=np.float64)))
    begins = np.maximum.outer([word.start for word in words], [start for start, _ in spans])
    ends = np.minimum.outer([word.end for word in words], [end for _, end in spans])
    first, last = (
        np.clip(np.round(times * SAMPLE_RATE).astype(np.int64), 0, len(wave))
        for times in (begins, np.maximum(begins, ends))
    )
    held: NDArray[np.float64] = until[last] - until[first]
    return held


def _nearest(word: Word, spans: Sequence[ClipSpan]) -> int:
    middle = (word.start + word.end) / 2
    distances = [max(start - middle, middle - end, 0.0) for start, end in spans]
    holding = [start <= middle < end for start, end in spans]
    return min(range(len(spans)), key=lambda index: (not holding[index], distances[index]))


def _straddled(
    words: Sequence[Word], held: NDArray[np.float64], spans: Sequence[ClipSpan]
) -> set[int]:
    """Return the clips that share the sound of a word by more than the error of word times."""
    found: set[int] = set()
    for word, energy in zip(words, held, strict=True):
        reached = {
            index
            for index, (start, end) in enumerate(spans)
            if min(word.end, end) - max(word.start, start) > _MIN_WORD_STRADDLE
            and energy[index] > _MIN_SHARED_ENERGY * energy.sum()
        }
        if len(reached) > 1:
            found |= reached
    return found


def _within(word: Word, span: ClipSpan) -> Word:
    """Return the word with times from the clip's beginning, limited to the clip."""
    start, end = (min(max(time, span[0]), span[1]) - span[0] for time in (word.start, word.end))
    return replace(word, start=start, end=end)


def _avg_logprob(words: Sequence[Word]) -> float | None:
    known = [word.probability for word in words if word.probability is not None]
    if not known:
        return None
    return round(sum(math.log(max(value, _MIN_PROBABILITY)) for value in known) / len(known), 4)


def _compression(text: str) -> float | None:
    data = text.encode()
    return round(len(data) / len(zlib.compress(data)), 4) if data else None


_MIN_SHARED_ENERGY = 0.25  # share of a word's energy in a clip
_MIN_WORD_STRADDLE = 0.1  # seconds of a word in a clip, more than alignment's usual error
_MIN_PROBABILITY = 1e-10  # so that the logarithm is finite
