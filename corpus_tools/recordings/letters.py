"""Edit distances between recognised text and lines of the script."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["EditTable", "likelihood", "mean_line_distance", "plain_letters"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


def plain_letters(text: str) -> str:
    """Return a text's letters, in lower case and half width, without spaces and punctuation.

    Example:
        >>> plain_letters("今天 ＯＫ！")
        '今天ok'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] in "LMN")


class EditTable:
    """Levenshtein distances of a growing text to all lines at once.

    Each row of the recurrence is computed for all lines together.

    Args:
        lines: letters of each line.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._longest = max(map(len, lines), default=0)
        self.lengths = np.array([len(line) for line in lines], dtype=np.int32)
        self._lines = np.zeros((len(lines), self._longest), dtype=np.int32)
        for number, line in enumerate(lines):
            self._lines[number, : len(line)] = [ord(letter) for letter in line]
        self._column = np.arange(self._longest + 1, dtype=np.int32)

    def start(self) -> Ints:
        """Return the row of the empty text."""
        return np.tile(self._column, (len(self._lines), 1))

    def extend(self, row: Ints, letter: str) -> Ints:
        """Return the row after one more letter."""
        after = np.empty_like(row)
        after[:, 0] = row[:, 0] + 1
        np.minimum(row[:, :-1] + (self._lines != ord(letter)), row[:, 1:] + 1, out=after[:, 1:])
        nearest: Ints = np.minimum.accumulate(after - self._column, axis=1) + self._column
        return nearest

    def whole(self, row: Ints) -> Ints:
        """Return the edit distance to each line."""
        distances: Ints = row[np.arange(len(row)), self.lengths]
        return distances

    def part(self, row: Ints) -> tuple[Ints, Ints]:
        """Return the distance to the nearest prefix of each line, and that prefix's length."""
        beyond = self._column > self.lengths[:, None]
        near = np.where(beyond, row.max() + 1, row)
        letters = near.argmin(axis=1).astype(np.int32)
        return near[np.arange(len(row)), letters], letters


def likelihood(
    edits: NDArray[np.generic], letters: NDArray[np.generic], error: float, chance: float
) -> Floats:
    """Return the log-likelihood ratio of a text being a line, from their edit distance.

    Each letter is wrong with probability ``error`` if the text is the line, ``chance`` if not.

    Args:
        edits: edit distance.
        letters: length of the longer of line and text.
        error: the recogniser's error rate.
        chance: error rate of unrelated text.
    """
    wrong = np.minimum(edits, letters).astype(float)
    right = letters - wrong
    ratio: Floats = wrong * np.log(error / chance) + right * np.log((1 - error) / (1 - chance))
    return ratio


def mean_line_distance(lines: Sequence[str]) -> float:
    """Return the mean edit distance between different lines, per letter of the longer one."""
    table = EditTable(lines)
    shares = []
    for number in range(0, len(lines), max(1, len(lines) // _SAMPLED)):
        row = table.start()
        for letter in lines[number]:
            row = table.extend(row, letter)
        share = table.whole(row) / np.maximum(np.maximum(table.lengths, len(lines[number])), 1)
        shares.append(np.delete(share, number))
    known = np.concatenate(shares) if shares else np.array([])
    return float(np.clip(known.mean() if len(known) else _DEFAULT_CHANCE, *_CHANCE_RANGE))


_SAMPLED = 40  # lines compared with all others
_DEFAULT_CHANCE, _CHANCE_RANGE = 0.85, (0.5, 0.98)
