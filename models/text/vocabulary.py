"""The words that a text branch knows, and their numbers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from manifests.errors import DataError

__all__ = ["PADDING", "UNKNOWN", "Vocabulary"]

PADDING, UNKNOWN = 0, 1
"""Numbers of what stands after a text's end, and of every word that is not known."""

_FIRST = 2


@dataclass(frozen=True)
class Vocabulary:
    """Words in the order of their numbers.

    Attributes:
        words: the first has number 2.
    """

    words: tuple[str, ...]

    @classmethod
    def build(cls, texts: Iterable[Sequence[str]]) -> Self:
        """Return the vocabulary of texts, the most frequent word first.

        Args:
            texts: words of each text of the training split, and of no other.

        Example:
            >>> Vocabulary.build([["好", "巴适"], ["巴适"]]).words
            ('巴适', '好')
        """
        counts = Counter(word for text in texts for word in text)
        return cls(tuple(sorted(counts, key=lambda word: (-counts[word], word))))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=_FIRST)}

    def __len__(self) -> int:
        """Return the number of rows of its word vectors: words, padding and unknown."""
        return len(self.words) + _FIRST

    def encode(self, words: Sequence[str], limit: int) -> list[int]:
        """Return the numbers of the first ``limit`` words of a text.

        Example:
            >>> Vocabulary(("巴适",)).encode(["巴适", "惨"], 50)
            [2, 1]
        """
        return [self._numbers.get(word, UNKNOWN) for word in words[:limit]]

    def coverage(self, texts: Iterable[Sequence[str]]) -> float | None:
        """Return the share of the texts' words that are known, None where there are no words."""
        known = [word in self._numbers for text in texts for word in text]
        return sum(known) / len(known) if known else None

    @classmethod
    def parse(cls, document: object) -> Self:
        """Return the vocabulary of its JSON form, a list of words.

        Raises:
            DataError: if it is none.
        """
        if not isinstance(document, list) or not all(isinstance(word, str) for word in document):
            raise DataError("the vocabulary is not a list of words")
        if len(set(document)) != len(document):
            raise DataError("the vocabulary names a word twice")
        return cls(tuple(document))
