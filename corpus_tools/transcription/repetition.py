"""Repetition within a text, and between the texts of a source, measured in characters."""

import re
from collections import Counter
from collections.abc import Mapping

from corpus_tools.transcription.hallucinations import letters_only, same_text_key

__all__ = ["has_loop", "redundancy", "repeated_texts", "units_of"]


def has_loop(text: str) -> bool:
    """Return whether a stretch of a text is repeated in a row more often than in speech.

    The limit is 15 times for one letter, 8 for two, 6 for three, 4 for up to six, else 3.

    Example:
        >>> has_loop("谢谢大家" * 4), has_loop("哈哈哈哈哈哈，走走走！")
        (True, False)
    """
    return _LOOP.search(letters_only(text)[:_MAX_UNITS]) is not None


def units_of(text: str) -> list[str]:
    """Return the Chinese characters, kana and hangul of a text, and its words in other scripts.

    Example:
        >>> units_of("巴适得很，OK？Zażółć!")
        ['巴', '适', '得', '很', 'ok', 'zażółć']
    """
    return _UNIT.findall(text.lower())


def redundancy(text: str) -> float:
    """Return the number of units of a text per new piece.

    Each piece is the longest one that occurred earlier in the text, plus one unit (the parsing of
    Lempel and Ziv, IEEE Trans. Inform. Theory 22(1), 1976). 1.0 means no repetition. Byte
    compressors need hundreds of bytes; this measure works from twenty characters, in Chinese as in
    scripts with spaces. Texts of fewer than 16 units give 1.0, since speech has 对对对.

    Example:
        >>> redundancy("这个就是那个" * 4), redundancy("我今天早上吃了三碗担担面又喝了两碗豆浆")
        (3.4285714285714284, 1.1875)
    """
    units = units_of(text)[:_MAX_UNITS]
    if len(units) < _MIN_UNITS:
        return 1.0
    coded = "".join(map(chr, _ranks(units)))
    pieces = start = 0
    while start < len(coded):
        length = 1
        while (
            start + length < len(coded)
            and coded.find(coded[start : start + length], 0, start + length - 1) >= 0
        ):
            length += 1
        pieces += 1
        start += length
    return len(coded) / pieces


def repeated_texts(texts: Mapping[str, str], max_repeats: int) -> frozenset[str]:
    """Return the clips whose text occurs in too many clips of their source.

    Speech models output the same text for many noisy clips. Texts of up to four units don't count,
    since short answers are often repeated in speech.

    Args:
        texts: texts of the clips of one source, by clip id.
        max_repeats: number of clips that may have the same text, in any spelling.

    Example:
        >>> sorted(repeated_texts({"a": "我会在你身边", "b": "我會在你身邊。", "c": "好"}, 1))
        ['a', 'b']
    """
    keys = {
        clip_id: same_text_key(text)
        for clip_id, text in texts.items()
        if len(units_of(text)) > _SHORT_ANSWER
    }
    counts = Counter(keys.values())
    return frozenset(clip_id for clip_id, key in keys.items() if counts[key] > max_repeats)


def _ranks(units: list[str]) -> list[int]:
    ranks: dict[str, int] = {}
    return [ranks.setdefault(unit, len(ranks)) for unit in units]


_MAX_UNITS = 1000  # units or letters examined, more than a clip has, to bound the run time
_MIN_UNITS = 16
_SHORT_ANSWER = 4  # units
_LOOP = re.compile(r"(.)\1{14,}|(..)\2{7,}|(...)\3{5,}|(.{4,6})\4{3,}|(.{7,60}?)\5{2,}")
_UNIT = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]"
    "|[^\\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
