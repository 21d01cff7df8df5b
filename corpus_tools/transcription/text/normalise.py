"""Normalisation of transcripts: width, spaces, simplified characters that keep Sichuanese words."""

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from manifests.base.languages import language_family

if TYPE_CHECKING:
    from opencc import OpenCC

__all__ = ["NORMALISATION", "normalise", "simplify"]


def is_chinese(text: str, language: str | None) -> bool:
    """Return whether a text is Chinese, by its language, or by its script if that is None.

    Example:
        >>> is_chinese("聞く", "ja"), is_chinese("聞く", None), is_chinese("聽", None)
        (False, False, True)
    """
    if language is not None:
        return language_family(language) == "zh"
    return _HAN.search(text) is not None and _KANA_OR_HANGUL.search(text) is None


def simplify(text: str) -> str:
    """Return a Chinese text in simplified characters.

    OpenCC converts from the characters of Taiwan (看著 becomes 看着, and 著名 stays), character by
    character, without replacing words. A character that is already simplified is kept, even if it
    is also a rare traditional one (坏). So is 孃, Sichuanese for aunt, except in words for mother
    or woman.

    Example:
        >>> simplify("為甚麼擺龍門陣？莫得事，孃孃，碗打坏了")
        '为什么摆龙门阵？莫得事，孃孃，碗打坏了'
        >>> simplify("丈母孃看著他的專著"), simplify("专著")
        ('丈母娘看着他的专著', '专著')
    """
    if _HAN.search(text) is None:
        return text
    converted = text
    if _converted(text, "t2s") != text or not any(map(_is_simplified, text)):
        converted = _converted(text, "tw2s")
    for old, new in _VARIANTS.items():
        converted = converted.replace(old, new)
    return _MOTHER.sub("娘", converted)


def _converted(text: str, configuration: str) -> str:
    converted: str = _converter(configuration).convert(text)
    if len(converted) != len(text):
        return converted
    return "".join(
        old if old != new and (old == _AUNT or _is_simplified(old)) else new
        for old, new in zip(text, converted, strict=True)
    )


@lru_cache(maxsize=4096)
def _is_simplified(character: str) -> bool:
    traditional: str = _converter("s2t").convert(character)
    return traditional != character


@lru_cache(maxsize=3)
def _converter(configuration: str) -> "OpenCC":
    from opencc import OpenCC

    return OpenCC(configuration)


_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA_OR_HANGUL = re.compile(
    "[\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d\u1100-\u11ff\uac00-\ud7af]"
)
_AUNT = "孃"
_MOTHER = re.compile("(?<=[老爹新姑亲婆伴奶厨母板])孃|孃(?=[家胎子们])")
_VARIANTS = {
    "甚么": "什么",
    "妳": "你",
    "牠": "它",
    "衹": "只",
    "揹": "背",
    "麽": "么",
    "专着": "专著",
}
"""Variants that OpenCC doesn't convert."""


NORMALISATION = 4
"""Version of the algorithm, raised whenever it normalises the same text differently."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code).isalnum()}
_RADICALS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
"""Kangxi radicals, which some programs write instead of the characters they look like."""
_PLAIN: dict[int, int | str] = {**_FULL_WIDTH, **_RADICALS}
_COMMON_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_TAG = re.compile("<\\|[^|<>]*\\|>|[\U0001f300-\U0001faff]")
_JOINERS = "\u200c\u200d"  # significant in Persian and Indic scripts


def normalise(text: str, language: str | None = None) -> str:
    """Return a text on one line, composed, with half-width letters and digits and single spaces.

    Chinese becomes simplified; without a ``language`` (BCP 47), Han characters count as Chinese
    unless the text also has kana or hangul. Tags of recognisers (``<|HAPPY|>``) and emoji, by which
    an annotator might choose an emotion, are removed. Punctuation, numbers and words are kept.
    Spaces between Chinese words are kept, since subtitles use them for pauses, but removed from a
    text with a space after each character.

    Example:
        >>> normalise("巴適　得很，  ＯＫ １２３！")
        '巴适 得很， OK 123！'
        >>> normalise("⽼⼈家，什麽？")
        '老人家，什么？'
        >>> normalise("莫 得 事")
        '莫得事'
        >>> normalise("聞く", "ja"), normalise("東京", "ja")
        ('聞く', '東京')
        >>> normalise("<|zh|><|HAPPY|><|woitn|>要得 嘛😊")
        '要得 嘛'
    """
    composed = _TAG.sub(" ", unicodedata.normalize("NFC", text)).translate(_PLAIN)
    if is_chinese(composed, language):
        composed = simplify(composed)
    visible = "".join(c if _is_visible(c) else _blank(c) for c in composed)
    words = visible.split()
    if len(words) > 2 and all(re.fullmatch(rf"{_COMMON_HAN}[，。！？、]?", word) for word in words):
        return "".join(words)
    return " ".join(words)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs") or character in _JOINERS


def _blank(character: str) -> str:
    return " " if character.isspace() else ""
