"""Cleaning of transcripts for the text branch."""

import html
import re
import unicodedata

__all__ = ["clean"]

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
