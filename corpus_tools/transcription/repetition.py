"""How far a text repeats itself, or the other texts of its source; counted in characters."""

import re
from collections import Counter
from collections.abc import Mapping

from corpus_tools.transcription.hallucinations import letters_only, same_text_key

__all__ = ["has_loop", "redundancy", "repeated_texts", "units_of"]


def has_loop(text: str) -> bool:
    """Return whether a stretch of a text comes so often in a row that nobody speaks like that.

    Of one letter that is 15 times, of two 8, of three 6, of up to six 4, of longer ones 3.

    Example:
        >>> has_loop("谢谢大家" * 4), has_loop("哈哈哈哈哈哈，走走走！")
        (True, False)
    """
    return _LOOP.search(letters_only(text)[:_ENOUGH]) is not None


def units_of(text: str) -> list[str]:
    """Return the Chinese characters, kana and hangul of a text, and the words of other scripts.

    Example:
        >>> units_of("巴适得很，OK？Zażółć!")
        ['巴', '适', '得', '很', 'ok', 'zażółć']
    """
    return _UNIT.findall(text.lower())


def redundancy(text: str) -> float:
    """Return the units of a text over the number of new pieces it is made of.

    Each piece is the longest that stood before in the text, and one unit more (the parsing of
    Lempel and Ziv, IEEE Trans. Inform. Theory 22(1), 1976). 1.0 says that nothing comes twice. A
    compressor of bytes needs hundreds of them to see anything; this sees it in twenty characters,
    and in Chinese as well as in scripts with spaces. Texts of fewer than 16 units give 1.0, for
    people do say 对对对.

    Example:
        >>> redundancy("这个就是那个" * 4), redundancy("我今天早上吃了三碗担担面又喝了两碗豆浆")
        (3.4285714285714284, 1.1875)
    """
    units = units_of(text)[:_ENOUGH]
    if len(units) < _FEWEST:
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
    """Return the clips whose text is that of too many other clips of their source as well.

    Speech models give one and the same text to many noisy clips. People repeat themselves in short
    answers: texts of up to four units don't count.

    Args:
        texts: of the clips of one source, by clip id.
        max_repeats: clips that may have the same text, whatever its spelling.

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


_ENOUGH = 1000  # units or letters; nobody says more in a clip, and longer ones would take long
_FEWEST = 16  # units
_SHORT_ANSWER = 4  # units
_LOOP = re.compile(r"(.)\1{14,}|(..)\2{7,}|(...)\3{5,}|(.{4,6})\4{3,}|(.{7,60}?)\5{2,}")
_UNIT = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]"
    "|[^\\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
