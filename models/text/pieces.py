"""Pieces of words (Chinese characters, other words) and n-grams, inputs of the text branch."""

import re
from collections.abc import Sequence

__all__ = ["ngrams", "split_pieces"]

START, END = "^", "$"
"""Boundary marks of a text; cleaned text never contains them."""

_HAN = re.compile(r"[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_MAX_PIECES = 3  # per n-gram
_LETTERS = (3, 4, 5)  # per letter n-gram


def split_pieces(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pieces of a text, each with its word.

    Words with Chinese characters are split into characters, words of other scripts stay whole.
    Boundary marks surround them; a text without words has no pieces.

    Example:
        >>> split_pieces(["巴适", "ok"])
        [('^', '^'), ('巴', '巴适'), ('适', '巴适'), ('ok', 'ok'), ('$', '$')]
    """
    if not words:
        return []
    inner = [(piece, word) for word in words for piece in (word if _HAN.search(word) else [word])]
    return [(START, START), *inner, (END, END)]


def ngrams(words: Sequence[str]) -> list[str]:
    """Return the n-grams of one to three pieces, of one and two words, and of letters in words.

    Letter n-grams are taken from words of alphabetic scripts, so that inflected forms (czekam,
    czekasz) share features.

    Source: Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 2017.

    Example:
        >>> ngrams(["巴适"])[:5]
        ['^', '巴', '适', '$', '^ 巴']
        >>> ngrams(["czekam"])[-3:]
        ['czeka', 'zekam', 'ekam>']
    """
    if not words:
        return []
    characters = [piece for piece, _ in split_pieces(words)]
    result = [
        " ".join(gram) for size in range(1, _MAX_PIECES + 1) for gram in _windows(characters, size)
    ]
    marked = [START, *words, END]
    result += [f"w {' '.join(gram)}" for size in (1, 2) for gram in _windows(marked, size)]
    for word in words:
        if not _HAN.search(word):
            for size in _LETTERS:
                result += ["".join(gram) for gram in _windows(f"<{word}>", size)]
    return result


def _windows(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(len(items) - size + 1)]
