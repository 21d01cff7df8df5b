"""Forms of a text for comparing it with others: composed characters, letters alone."""

import unicodedata

__all__ = ["composed", "plain_letters"]


def composed(text: str) -> str:
    r"""Return a text with each accented letter as one character (Unicode's form NFC).

    >>> composed("e\u0301") == "é"
    True
    """
    return unicodedata.normalize("NFC", text)


def plain_letters(text: str) -> str:
    """Return a text's letters, marks and digits, in lower case and compatible form.

    >>> plain_letters("今天 ＯＫ！ Wo ist, bitte, die Straße?")
    '今天okwoistbittediestrasse'
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)


class _Letters(dict[int, int | None]):
    """Translation table that drops all but letters, marks and digits."""

    def __missing__(self, code: int) -> int | None:
        self[code] = code if unicodedata.category(chr(code))[0] in "LMN" else None
        return self[code]


_LETTERS = _Letters()
