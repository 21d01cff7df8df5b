"""Languages of subtitle files and tracks: what their tags mean, and in which script they are."""

import re

from manifests.base.languages import language_family, language_tag

__all__ = ["script_of", "scripts_of_language", "subtitle_language", "tag_is_language"]


def subtitle_language(tag: str) -> str | None:
    """Return the language code of a tag (``zh-Hans``, ``chi``, ``CHS``, ``简体``), None if unknown.

    Example:
        >>> [subtitle_language(tag) for tag in ("pol", "sc", "简英", "Polish", "forced")]
        ['pl', 'zh', 'zh', 'pl', None]
    """
    if tag.lower() in _CHINESE:
        return "zh"
    if _HAN_TAG.fullmatch(tag):
        return next((_HAN_LANGUAGES[sign] for sign in tag if sign in _HAN_LANGUAGES), None)
    return language_tag(tag)


def tag_is_language(tag: str, language: str) -> bool:
    """Return whether the tag of a file or track (``zh-Hans``, ``chi``, ``CHS``) denotes a language.

    Chinese includes its dialects.

    Example:
        >>> tag_is_language("chs", "zh"), tag_is_language("eng", "zh")
        (True, False)
    """
    return language_family(subtitle_language(tag) or tag) == language_family(language)


def script_of(text: str) -> str | None:
    """Return the script of most letters of a text (``kana`` if there is any), None without letters.

    Example:
        >>> script_of("巴适得很 OK"), script_of("かんじ 漢字"), script_of("12:30")
        ('han', 'kana', None)
    """
    found = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    if found["kana"]:
        return "kana"
    most = max(found, key=lambda name: found[name])
    return most if found[most] else None


def scripts_of_language(language: str) -> frozenset[str]:
    """Return the scripts in which a language is written, empty if unknown."""
    code = language_family(language)
    return next((scripts for codes, scripts in _WRITTEN if code in codes.split()), frozenset())


_CHINESE = frozenset({"sc", "tc", "gb", "gbk", "big5", "jt", "ft"})
"""Abbreviations of simplified and traditional Chinese that are no codes of it."""

_HAN_LANGUAGES = {
    **dict.fromkeys("简簡繁中国國普", "zh"), "粤": "yue", "粵": "yue", "英": "en", "日": "ja",
    "韩": "ko", "韓": "ko", "法": "fr", "德": "de", "俄": "ru", "西": "es", "波": "pl", "泰": "th",
}  # fmt: skip
_HAN_TAG = re.compile(rf"[{''.join(_HAN_LANGUAGES)}体體文字语語话話双雙幕版特效精校官方]+")

_SCRIPTS = {
    "han": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ebef]"),
    "kana": re.compile(r"[\u3041-\u30fa\uff66-\uff9f]"),
    "hangul": re.compile(r"[\uac00-\ud7af]"),
    "cyrillic": re.compile(r"[\u0400-\u052f]"),
    "latin": re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
}

_WRITTEN = (
    ("zh", frozenset({"han"})),
    ("ja", frozenset({"han", "kana"})),
    ("ko", frozenset({"hangul"})),
    ("ru uk bg be mk", frozenset({"cyrillic"})),
    ("en pl de fr es it pt nl cs sk hu ro tr vi sv da no fi id", frozenset({"latin"})),
)
