"""Assignment of a window's words to the clips in which they are spoken."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import replace

from corpus_tools.transcription.lines import STRADDLES
from corpus_tools.transcription.recogniser import Recognition, Word
from corpus_tools.transcription.windows import ClipSpan

__all__ = ["assign_words", "split_recognition"]


def split_recognition(recognition: Recognition, spans: Sequence[ClipSpan]) -> list[Recognition]:
    """Divide the recognition of a window into those of its clips.

    A clip's text is its words, joined. ``avg_logprob`` is the mean log-probability of the clip's
    words; ``language`` and ``no_speech_prob`` are the window's. Clips that share a word have the
    flag ``straddles``.

    Args:
        recognition: recognition of the window, with words unless its text is empty.
        spans: spans of the clips in the window.

    Returns:
        Recognition of each clip, with word times from the beginning of the clip.
    """
    words = recognition.words or ()
    straddled = _straddled(words, spans)
    return [
        replace(
            recognition,
            text=text,
            avg_logprob=_avg_logprob(own),
            compression_ratio=_compression(text),
            words=tuple(_within(word, span) for word in own),
            flags=(*recognition.flags, STRADDLES) if index in straddled else recognition.flags,
        )
        for index, (span, own) in enumerate(zip(spans, assign_words(words, spans), strict=True))
        for text in ["".join(word.text for word in own).strip()]
    ]


def assign_words(words: Sequence[Word], spans: Sequence[ClipSpan]) -> list[list[Word]]:
    """Assign each word to the clip that contains its midpoint, else to the nearest one.

    Of equally near clips the first gets it. The words of a clip keep their order.

    Args:
        words: words of a window, in the order of its text.
        spans: spans of the window's clips, at least one; they may overlap.

    Returns:
        Words of each clip.

    Example:
        >>> words = [Word(0.1, 0.5, "巴适"), Word(0.9, 1.3, "得"), Word(1.1, 1.2, "很")]
        >>> [[word.text for word in own] for own in assign_words(words, [(0, 1), (1, 2)])]
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
    """Return the clips that share a word by more than the error of word times."""
    found: set[int] = set()
    for word in words:
        reached = {
            index
            for index, (start, end) in enumerate(spans)
            if min(word.end, end) - max(word.start, start) > _MIN_WORD_STRADDLE
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


_MIN_WORD_STRADDLE = 0.1  # seconds of a word in a clip, more than alignment's usual error
_MIN_PROBABILITY = 1e-10  # so that the logarithm is finite
