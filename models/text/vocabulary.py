"""Vocabulary of the text branch: words, pieces of words and n-grams, and their numbers."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from manifests.base.errors import DataError

__all__ = ["PADDING", "UNKNOWN", "Vocabulary", "ngrams", "split_pieces"]

START, END = "^", "$"
"""Boundary marks of a text; cleaned text never contains them."""

_HAN = re.compile(r"[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_MAX_PIECES = 3  # per n-gram
_LETTERS = (3, 4, 5)  # per letter n-gram


def split_pieces(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pieces of a text, each with its word, within boundary marks; none without words.

    Words with Chinese characters are split into characters, words of other scripts stay whole.

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
    czekasz) share features. Source: Bojanowski et al., "Enriching Word Vectors with Subword
    Information", TACL 2017.

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


PADDING, UNKNOWN = 0, 1
"""Numbers of padding and of unknown words."""

_FIRST_NUMBER = 2


@dataclass(frozen=True)
class Vocabulary:
    """Words (from number 2), then pieces of words, then n-grams, in the order of their numbers.

    Pieces and n-grams are empty where unused; see :func:`split_pieces` and :func:`ngrams`.
    """

    words: tuple[str, ...]
    pieces: tuple[str, ...] = ()
    ngrams: tuple[str, ...] = ()

    @classmethod
    def build(
        cls, texts: Iterable[Sequence[str]], *, with_pieces: bool = False, with_ngrams: bool = False
    ) -> Self:
        """Return the vocabulary of texts of the training split, each kind by descending frequency.

        With pieces, words that occur once are represented by pieces only; n-grams occur in two
        texts.

        Example:
            >>> Vocabulary.build([["好", "巴适"], ["巴适"]]).words
            ('巴适', '好')
        """
        texts = list(texts)
        words = Counter(word for text in texts for word in text)
        parts = Counter(piece for text in texts for piece, _ in split_pieces(text) if with_pieces)
        grams = Counter(gram for text in texts if with_ngrams for gram in {*ngrams(text)})
        rarest = (
            _MIN_COUNT if with_pieces else 1
        )  # a word that occurs once identifies its text only
        return cls(
            _by_frequency(words, rarest), _by_frequency(parts), _by_frequency(grams, _MIN_COUNT)
        )

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=_FIRST_NUMBER)}

    @cached_property
    def _piece_numbers(self) -> dict[str, int]:
        start = _FIRST_NUMBER + len(self.words)
        return {piece: number for number, piece in enumerate(self.pieces, start=start)}

    @cached_property
    def _ngram_numbers(self) -> dict[str, int]:
        return {gram: number for number, gram in enumerate(self.ngrams, start=len(self))}

    def __len__(self) -> int:
        """Return the number of vectors: padding, unknown, words and pieces."""
        return _FIRST_NUMBER + len(self.words) + len(self.pieces)

    def encode(self, words: Sequence[str], limit: int) -> list[int]:
        """Return the numbers of the first ``limit`` words of a text.

        With pieces, the numbers of each piece and of its word alternate; with n-grams, the known
        ones follow at the end, with numbers from ``len(vocabulary)``.

        Example:
            >>> Vocabulary(("巴适",)).encode(["巴适", "惨"], 50)
            [2, 1]
            >>> Vocabulary(("巴适",), ("巴", "适"), ("巴 适",)).encode(["巴适"], 50)
            [1, 1, 3, 2, 4, 2, 1, 1, 5]
        """
        used = words[:limit]
        if self.pieces:
            numbers = [
                number
                for piece, word in split_pieces(used)
                for number in (
                    self._piece_numbers.get(piece, UNKNOWN),
                    self._numbers.get(word, UNKNOWN),
                )
            ]
        else:
            numbers = [self._numbers.get(word, UNKNOWN) for word in used]
        if self.ngrams:
            known = self._ngram_numbers
            numbers += [known[gram] for gram in ngrams(used) if gram in known]
        return numbers

    def coverage(self, texts: Iterable[Sequence[str]]) -> float | None:
        """Return the share of known words in texts, None without words."""
        known = [word in self._numbers for text in texts for word in text]
        return sum(known) / len(known) if known else None

    def document(self) -> dict[str, list[str]]:
        """Return the JSON form."""
        return {"words": [*self.words], "pieces": [*self.pieces], "runs": [*self.ngrams]}

    @classmethod
    def parse(cls, document: object) -> Self:
        """Return the vocabulary of its JSON form; a list of words is one of words only.

        Raises:
            DataError: if the document is no vocabulary.
        """
        if isinstance(document, list):
            document = {"words": document, "pieces": [], "runs": []}
        if not isinstance(document, dict) or set(document) != {"words", "pieces", "runs"}:
            raise DataError("the vocabulary must hold words, pieces and runs")
        return cls(*(_string_tuple(document[kind], kind) for kind in ("words", "pieces", "runs")))


_MIN_COUNT = 2  # occurrences of a word, and texts with an n-gram, to be included


def _by_frequency(counts: Counter[str], least: int = 1) -> tuple[str, ...]:
    frequent = (item for item, count in counts.items() if count >= least)
    return tuple(sorted(frequent, key=lambda item: (-counts[item], item)))


def _string_tuple(document: object, kind: str) -> tuple[str, ...]:
    if not isinstance(document, list) or not all(isinstance(item, str) for item in document):
        raise DataError(f"the {kind} of the vocabulary are not a list of {kind}")
    if len(set(document)) != len(document):
        raise DataError(f"the vocabulary repeats one of its {kind}")
    return tuple(document)
