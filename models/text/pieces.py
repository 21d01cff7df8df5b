"""What words are made of, and runs of it: what a text branch sees beside the words."""

import re
from collections.abc import Sequence

__all__ = ["pieces", "runs"]

START, END = "^", "$"
"""Stand before and after every text; no cleaned text has them."""

_HAN = re.compile(r"[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_RUN = 3  # pieces in the longest run
_LETTERS = (3, 4, 5)  # letters in the runs within a word of an alphabet


def pieces(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pieces of a text, each with the word that it is of.

    Words with Chinese characters fall into characters, words of other scripts stay whole. Marks of
    the beginning and the end stand around them; a text without words has no pieces.

    Example:
        >>> pieces(["巴适", "ok"])
        [('^', '^'), ('巴', '巴适'), ('适', '巴适'), ('ok', 'ok'), ('$', '$')]
    """
    if not words:
        return []
    inner = [(piece, word) for word in words for piece in (word if _HAN.search(word) else [word])]
    return [(START, START), *inner, (END, END)]


def runs(words: Sequence[str]) -> list[str]:
    """Return the runs of one to three pieces, of two words, and of letters within words.

    Runs of letters are for words of other scripts, whose forms (czekam, czekasz) a word vector
    alone takes for strangers.

    Source: Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 2017.

    Example:
        >>> runs(["巴适"])[:5]
        ['^', '巴', '适', '$', '^ 巴']
        >>> runs(["czekam"])[-3:]
        ['czeka', 'zekam', 'ekam>']
    """
    if not words:
        return []
    split = [piece for piece, _ in pieces(words)]
    found = [" ".join(run) for size in range(1, _RUN + 1) for run in _windows(split, size)]
    marked = [START, *words, END]
    found += [f"w {' '.join(run)}" for size in (1, 2) for run in _windows(marked, size)]
    for word in words:
        if not _HAN.search(word):
            for size in _LETTERS:
                found += ["".join(run) for run in _windows(f"<{word}>", size)]
    return found


def _windows(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(len(items) - size + 1)]
