"""The words that a text branch knows, their pieces and runs, and the numbers of all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from manifests.errors import DataError
from models.text.pieces import pieces, runs

__all__ = ["PADDING", "UNKNOWN", "Vocabulary"]

PADDING, UNKNOWN = 0, 1
"""Numbers of what stands after a text's end, and of every word that is not known."""

_FIRST = 2


@dataclass(frozen=True)
class Vocabulary:
    """Words, then pieces of words, then runs of pieces, in the order of their numbers.

    Attributes:
        words: the first has number 2.
        pieces: see :func:`models.text.pieces.pieces`; none where words alone are seen.
        runs: see :func:`models.text.pieces.runs`; none where they are not seen.
    """

    words: tuple[str, ...]
    pieces: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()

    @classmethod
    def build(
        cls, texts: Iterable[Sequence[str]], *, with_pieces: bool = False, with_runs: bool = False
    ) -> Self:
        """Return the vocabulary of texts, of each kind the most frequent first.

        Args:
            texts: words of each text of the training split, and of no other.
            with_pieces: whether words are seen piece by piece; words that come once are then left
                to their pieces.
            with_runs: whether runs are seen, those that come in at least two texts.

        Example:
            >>> Vocabulary.build([["好", "巴适"], ["巴适"]]).words
            ('巴适', '好')
        """
        texts = list(texts)
        words = Counter(word for text in texts for word in text)
        found = Counter(piece for text in texts for piece, _ in pieces(text) if with_pieces)
        texts_with = Counter(run for text in texts if with_runs for run in {*runs(text)})
        rare = _LEAST if with_pieces else 1  # a word seen once tells its own text, and no other
        return cls(_ordered(words, rare), _ordered(found), _ordered(texts_with, _LEAST))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=_FIRST)}

    @cached_property
    def _piece_numbers(self) -> dict[str, int]:
        start = _FIRST + len(self.words)
        return {piece: number for number, piece in enumerate(self.pieces, start=start)}

    @cached_property
    def _run_numbers(self) -> dict[str, int]:
        return {run: number for number, run in enumerate(self.runs, start=len(self))}

    def __len__(self) -> int:
        """Return the number of rows of its vectors: padding, unknown, words and pieces."""
        return _FIRST + len(self.words) + len(self.pieces)

    def encode(self, words: Sequence[str], limit: int) -> list[int]:
        """Return the numbers of the first ``limit`` words of a text.

        With pieces, that is the number of each piece and of its word in turn; with runs, those that
        are known follow at the end, with numbers from ``len(vocabulary)``.

        Example:
            >>> Vocabulary(("巴适",)).encode(["巴适", "惨"], 50)
            [2, 1]
            >>> Vocabulary(("巴适",), ("巴", "适"), ("巴 适",)).encode(["巴适"], 50)
            [1, 1, 3, 2, 4, 2, 1, 1, 5]
        """
        seen = words[:limit]
        if self.pieces:
            numbers = [
                number
                for piece, word in pieces(seen)
                for number in (
                    self._piece_numbers.get(piece, UNKNOWN),
                    self._numbers.get(word, UNKNOWN),
                )
            ]
        else:
            numbers = [self._numbers.get(word, UNKNOWN) for word in seen]
        if self.runs:
            known = self._run_numbers
            numbers += [known[run] for run in runs(seen) if run in known]
        return numbers

    def coverage(self, texts: Iterable[Sequence[str]]) -> float | None:
        """Return the share of the texts' words that are known, None where there are no words."""
        known = [word in self._numbers for text in texts for word in text]
        return sum(known) / len(known) if known else None

    def document(self) -> dict[str, list[str]]:
        """Return the JSON form."""
        return {"words": [*self.words], "pieces": [*self.pieces], "runs": [*self.runs]}

    @classmethod
    def parse(cls, document: object) -> Self:
        """Return the vocabulary of its JSON form.

        A list of words is the form of a vocabulary of words alone.

        Raises:
            DataError: if it is none.
        """
        if isinstance(document, list):
            document = {"words": document, "pieces": [], "runs": []}
        if not isinstance(document, dict) or set(document) != {"words", "pieces", "runs"}:
            raise DataError("the vocabulary is not one of words, pieces and runs")
        return cls(*(_strings(document[kind], kind) for kind in ("words", "pieces", "runs")))


_LEAST = 2  # times that a word comes, and texts in which a run comes, to be known


def _ordered(counts: Counter[str], least: int = 1) -> tuple[str, ...]:
    often = (item for item, count in counts.items() if count >= least)
    return tuple(sorted(often, key=lambda item: (-counts[item], item)))


def _strings(document: object, kind: str) -> tuple[str, ...]:
    if not isinstance(document, list) or not all(isinstance(item, str) for item in document):
        raise DataError(f"the {kind} of the vocabulary are not a list of {kind}")
    if len(set(document)) != len(document):
        raise DataError(f"the vocabulary names one of its {kind} twice")
    return tuple(document)
