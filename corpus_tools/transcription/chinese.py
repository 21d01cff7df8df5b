"""Conversion of traditional to simplified Chinese that keeps Sichuanese words."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

__all__ = ["is_chinese", "simplify"]


def is_chinese(text: str, language: str | None) -> bool:
    """Return whether a text is Chinese, by its language, or by its script if that is unknown.

    Args:
        text: any text.
        language: BCP 47 code of the spoken language, None if unknown.

    Example:
        >>> is_chinese("聞く", "ja"), is_chinese("聞く", None), is_chinese("聽", None)
        (False, False, True)
    """
    if language is not None:
        return re.split(r"[-_]", language.lower())[0] in _CHINESE
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


_CHINESE = frozenset({"zh", "yue", "cmn"})
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
