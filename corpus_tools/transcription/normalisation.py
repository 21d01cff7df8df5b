"""A transcript in one spelling: width, spaces, simplified characters; the raw text is kept."""

import re
import unicodedata

from corpus_tools.transcription.chinese import is_chinese, simplify

__all__ = ["NORMALISATION", "normalise"]

NORMALISATION = 3
"""Raised whenever the same raw text would come out otherwise."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code).isalnum()}
_RADICALS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
"""Kangxi's radicals, which some programs write for the characters that they look like."""
_PLAIN: dict[int, int | str] = {**_FULL_WIDTH, **_RADICALS}
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_JOINERS = "\u200c\u200d"  # they change how Persian and Indic words are written


def normalise(text: str, language: str | None = None) -> str:
    """Return a text in one line, composed, with half-width letters and digits and single spaces.

    Chinese comes in simplified characters. Punctuation stays as it is written, numbers and words
    stay what they are. A space between two Chinese words is kept, since subtitles use it for a
    pause; a text that spaces out each of its characters is closed up.

    Args:
        text: as recognised, read or typed.
        language: BCP 47 code of what is spoken; None if nobody knows: then Han characters are
            taken for Chinese where no kana and no hangul stand beside them.

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
    visible = "".join(one if _is_visible(one) else _blank(one) for one in composed)
    words = visible.split()
    if len(words) > 2 and all(re.fullmatch(rf"{_HAN}[，。！？、]?", word) for word in words):
        return "".join(words)
    return " ".join(words)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs") or character in _JOINERS


def _blank(character: str) -> str:
    return " " if character.isspace() else ""
