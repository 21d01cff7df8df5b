"""Normalisation of transcripts: width, spaces, simplified characters."""

import re
import unicodedata

from corpus_tools.transcription.chinese import is_chinese, simplify

__all__ = ["NORMALISATION", "normalise"]

NORMALISATION = 3
"""Version of the algorithm, raised whenever it normalises the same text differently."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code).isalnum()}
_RADICALS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
"""Kangxi radicals, which some programs write instead of the characters they look like."""
_PLAIN: dict[int, int | str] = {**_FULL_WIDTH, **_RADICALS}
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_JOINERS = "\u200c\u200d"  # significant in Persian and Indic scripts


def normalise(text: str, language: str | None = None) -> str:
    """Return a text on one line, composed, with half-width letters and digits and single spaces.

    Chinese is converted to simplified characters. Punctuation, numbers and words are kept. Spaces
    between Chinese words are kept, since subtitles use them for pauses, but removed from a text
    with a space after each character.

    Args:
        text: raw text.
        language: BCP 47 code of the spoken language. If None, Han characters count as Chinese
            unless the text also has kana or hangul.

    Example:
        >>> normalise("巴適　得很，  ＯＫ １２３！")
        '巴适 得很， OK 123！'
        >>> normalise("⽼⼈家，什麽？")
        '老人家，什么？'
        >>> normalise("莫 得 事")
        '莫得事'
        >>> normalise("聞く", "ja"), normalise("東京", "ja")
        ('聞く', '東京')
    """
    composed = unicodedata.normalize("NFC", text).translate(_PLAIN)
    if is_chinese(composed, language):
        composed = simplify(composed)
    visible = "".join(c if _is_visible(c) else _blank(c) for c in composed)
    words = visible.split()
    if len(words) > 2 and all(re.fullmatch(rf"{_HAN}[，。！？、]?", word) for word in words):
        return "".join(words)
    return " ".join(words)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs") or character in _JOINERS


def _blank(character: str) -> str:
    return " " if character.isspace() else ""
