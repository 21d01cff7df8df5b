"""Words of a window given to the clips that they are spoken in: each to one, none to two."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import replace

from corpus_tools.transcription.lines import STRADDLES
from corpus_tools.transcription.recogniser import Recognition, Word
from corpus_tools.transcription.windows import ClipSpan

__all__ = ["assign_words", "split_recognition"]


def split_recognition(heard: Recognition, spans: Sequence[ClipSpan]) -> list[Recognition]:
    """Return what each clip says of what was heard in their window.

    The text is the clip's words, joined as the recogniser joins them. ``avg_logprob`` is the mean
    of the logarithms of their probabilities, so it says how sure the recogniser is of this clip.
    ``language`` and ``no_speech_prob`` are the window's. A clip that a word reaches into, or whose
    word reaches into another, has the flag ``straddles``.

    Args:
        heard: with words, unless nothing was heard.
        spans: of the clips in the window.

    Returns:
        One for each span; the times of their words count from the beginning of the clip.
    """
    words = heard.words or ()
    straddled = _straddled(words, spans)
    return [
        replace(
            heard,
            text=text,
            avg_logprob=_avg_logprob(mine),
            compression_ratio=_compression(text),
            words=tuple(_within(word, span) for word in mine),
            flags=(*heard.flags, STRADDLES) if index in straddled else heard.flags,
        )
        for index, (span, mine) in enumerate(zip(spans, assign_words(words, spans), strict=True))
        for text in ["".join(word.text for word in mine).strip()]
    ]


def assign_words(words: Sequence[Word], spans: Sequence[ClipSpan]) -> list[list[Word]]:
    """Give each word to the clip that holds its midpoint, else to the nearest one.

    Of clips that are equally near, the first gets it. The words of a clip keep their order.

    Args:
        words: of a window, in the order of its text.
        spans: of the window's clips, at least one; they may overlap.

    Returns:
        The words of each clip.

    Example:
        >>> words = [Word(0.1, 0.5, "巴适"), Word(0.9, 1.3, "得"), Word(1.1, 1.2, "很")]
        >>> [[one.text for one in mine] for mine in assign_words(words, [(0, 1), (1, 2)])]
        [['巴适'], ['得', '很']]
    """
    given: list[list[Word]] = [[] for _ in spans]
    for word in words:
        given[_nearest(word, spans)].append(word)
    return given


def _nearest(word: Word, spans: Sequence[ClipSpan]) -> int:
    middle = (word.start + word.end) / 2
    distances = [max(start - middle, middle - end, 0.0) for start, end in spans]
    holding = [start <= middle < end for start, end in spans]
    return min(range(len(spans)), key=lambda index: (not holding[index], distances[index]))


def _straddled(words: Sequence[Word], spans: Sequence[ClipSpan]) -> set[int]:
    """Return the clips that share a word with another, by more than the words' times err."""
    found: set[int] = set()
    for word in words:
        reached = {
            index
            for index, (start, end) in enumerate(spans)
            if min(word.end, end) - max(word.start, start) > _NOTABLE
        }
        if len(reached) > 1:
            found |= reached
    return found


def _within(word: Word, span: ClipSpan) -> Word:
    """Return the word with its times from the clip's beginning, kept inside the clip."""
    start, end = (min(max(time, span[0]), span[1]) - span[0] for time in (word.start, word.end))
    return replace(word, start=start, end=end)


def _avg_logprob(words: Sequence[Word]) -> float | None:
    known = [word.probability for word in words if word.probability is not None]
    if not known:
        return None
    return round(sum(math.log(max(one, _LEAST)) for one in known) / len(known), 4)


def _compression(text: str) -> float | None:
    data = text.encode()
    return round(len(data) / len(zlib.compress(data)), 4) if data else None


_NOTABLE = 0.1  # seconds of a word in a clip that are more than alignment's usual error
_LEAST = 1e-10  # probability, so that its logarithm is a number
