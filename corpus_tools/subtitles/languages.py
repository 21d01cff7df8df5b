"""Language tags of files and media tracks, and the scripts of languages."""

import re

__all__ = ["script_of", "scripts_of_language", "tag_is_language"]


def tag_is_language(tag: str, language: str) -> bool:
    """Return whether the tag of a file or track (``zh-Hans``, ``chi``, ``CHS``) denotes a language.

    Chinese includes its dialects.

    Example:
        >>> tag_is_language("chs", "zh"), tag_is_language("eng", "zh")
        (True, False)
    """
    first = re.split(r"[-_.]", tag.strip().lower())[0]
    return _family(first) == _family(re.split(r"[-_]", language.lower())[0])


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
    code = _family(re.split(r"[-_]", language.lower())[0])
    return next((scripts for codes, scripts in _WRITTEN if code in codes.split()), frozenset())


def _family(code: str) -> str:
    return next((name for name, codes in _CODES.items() if code in codes.split()), code)


_CODES = {
    "zh": "zh zho chi cmn yue wuu nan hak cn chs cht sc tc gb big5",
    "en": "en eng",
    "ja": "ja jpn jp",
    "ko": "ko kor kr",
    "pl": "pl pol",
    "de": "de deu ger",
    "fr": "fr fra fre",
    "es": "es spa",
    "it": "it ita",
    "pt": "pt por",
    "nl": "nl nld dut",
    "ru": "ru rus",
    "uk": "uk ukr",
    "cs": "cs ces cze",
    "sk": "sk slk slo",
    "hu": "hu hun",
    "ro": "ro ron rum",
    "tr": "tr tur",
    "ar": "ar ara",
    "he": "he heb",
    "th": "th tha",
    "vi": "vi vie",
    "sv": "sv swe",
    "da": "da dan",
    "no": "no nor nob nb",
    "fi": "fi fin",
    "el": "el ell gre",
    "id": "id ind",
    "hi": "hi hin",
}
"""Codes and common abbreviations; other languages are identified by their own code."""

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
