"""Cleaning and tokenisation: Chinese by jieba with the lexicon, other scripts at spaces."""

import html
import logging
import os
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.text.lexicon import Entry, user_dictionary

__all__ = ["Tokeniser", "clean"]

_UNSPOKEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[/!]?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)


def clean(text: str) -> str:
    """Return a text without HTML tags, special characters, punctuation and digits.

    Letters of every script are kept with their diacritics. What is removed between two words
    becomes one space; an apostrophe within a word is deleted. Full-width letters become ordinary
    ones. This is the cleaning of the paper's text branch.

    Example:
        >>> clean("<b>巴适</b>得很！！3 块钱&nbsp;OK，Zażółć it's")
        '巴适 得很 块钱 OK Zażółć its'
    """
    plain = html.unescape(_TAG.sub(" ", _UNSPOKEN.sub(" ", text)))
    plain = unicodedata.normalize("NFKC", plain)
    plain = re.sub(r"(?<=\w)['’](?=\w)", "", plain)
    return " ".join("".join(char if _is_letter(char) else " " for char in plain).split())


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_SPAN = re.compile(rf"(?P<chinese>[A-Za-z]*[{_HAN}][{_HAN}A-Za-z]*)|[^\s{_HAN}]+")


class Tokeniser:
    """Tokeniser that splits texts into lower-cased words, the lexicon's and ``words`` kept whole.

    jieba segments sequences of Chinese characters, including Latin letters within them (T恤). Words
    of other scripts bypass it, because it splits them at every diacritic. It is loaded at the first
    Chinese text (1.3 s the first time on a machine, then 0.4 s from a file in the user's cache).

    Example:
        >>> Tokeniser()("莫得事，巴适得很！Zażółć gęślą")
        ['莫得', '事', '巴适', '得', '很', 'zażółć', 'gęślą']
    """

    def __init__(self, words: Sequence[str] = ()) -> None:
        self._entries = tuple(user_dictionary(words))

    def __call__(self, text: str) -> list[str]:
        """Return the words of a text after cleaning."""
        words: list[str] = []
        for span in _SPAN.finditer(clean(text)):
            if span["chinese"]:
                words += _jieba(self._entries).lcut(span[0])
            else:
                words.append(span[0])
        return [word.lower() for word in words]


@lru_cache(maxsize=4)
def _jieba(entries: tuple[Entry, ...]) -> Any:
    """Return a separate jieba tokeniser, so that added words stay private to it."""
    import jieba

    jieba.setLogLevel(logging.CRITICAL)  # it reports loading, and a read-only cache, to stderr
    tokeniser = jieba.Tokenizer()
    tokeniser.tmp_dir = str(_cache_folder())  # not the shared temp folder, its default
    tokeniser.initialize()
    for entry in entries:
        tokeniser.add_word(entry.word, entry.frequency, entry.pos)
    return tokeniser


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "corpus-tools"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return folder  # jieba then works without a cache
    return folder
