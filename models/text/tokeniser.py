"""Words of a text: Chinese by jieba with the lexicon, other scripts by their spaces."""

import logging
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.text.cleaning import clean
from models.text.lexicon import Entry, user_dictionary

__all__ = ["Tokeniser"]

_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_RUN = re.compile(rf"(?P<chinese>[A-Za-z]*[{_HAN}][{_HAN}A-Za-z]*)|[^\s{_HAN}]+")


class Tokeniser:
    """Split texts into lower-cased words.

    jieba cuts runs of Chinese characters, among which it knows Latin letters (T恤). It is kept from
    words of other scripts, which it tears apart at every diacritic. It is loaded at the first
    Chinese run (1.3 s the first time on a machine, then 0.4 s from a file in the user's cache).

    Args:
        words: to be kept whole, beyond those of the bundled lexicon.

    Example:
        >>> Tokeniser()("莫得事，巴适得很！Zażółć gęślą")
        ['莫得', '事', '巴适', '得', '很', 'zażółć', 'gęślą']
    """

    def __init__(self, words: Sequence[str] = ()) -> None:
        self._entries = tuple(user_dictionary(words))

    def __call__(self, text: str) -> list[str]:
        """Return the words of a text, cleaned first."""
        words: list[str] = []
        for run in _RUN.finditer(clean(text)):
            if run["chinese"]:
                words += _jieba(self._entries).lcut(run[0])
            else:
                words.append(run[0])
        return [word.lower() for word in words]


@lru_cache(maxsize=4)
def _jieba(entries: tuple[Entry, ...]) -> Any:
    """Return a jieba tokeniser of our own: words added to it are nobody else's."""
    import jieba

    jieba.setLogLevel(logging.CRITICAL)  # it reports loading, and a read-only cache, to stderr
    tokeniser = jieba.Tokenizer()
    tokeniser.tmp_dir = str(_cache_folder())  # its default, the shared temp folder, is anyone's
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
