"""Evidence from recognised text: how well its letters fit a line."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["EditTable", "chance_distance", "letters_of", "likelihood"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


def letters_of(text: str) -> str:
    """Return a text without case, width, spaces and punctuation.

    Example:
        >>> letters_of("今天 ＯＫ！")
        '今天ok'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in plain if unicodedata.category(one)[0] in "LMN")


class EditTable:
    """Edit distances of whatever is heard, letter by letter, to all lines at once.

    Levenshtein's recurrence, one row for each letter heard; the whole row for all lines.

    Args:
        lines: letters of each.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._longest = max(map(len, lines), default=0)
        self.lengths = np.array([len(line) for line in lines], dtype=np.int32)
        self._lines = np.zeros((len(lines), self._longest), dtype=np.int32)
        for number, line in enumerate(lines):
            self._lines[number, : len(line)] = [ord(one) for one in line]
        self._column = np.arange(self._longest + 1, dtype=np.int32)

    def start(self) -> Ints:
        """Return the row of nothing heard."""
        return np.tile(self._column, (len(self._lines), 1))

    def hear(self, row: Ints, letter: str) -> Ints:
        """Return the row after one more letter."""
        after = np.empty_like(row)
        after[:, 0] = row[:, 0] + 1
        np.minimum(row[:, :-1] + (self._lines != ord(letter)), row[:, 1:] + 1, out=after[:, 1:])
        nearest: Ints = np.minimum.accumulate(after - self._column, axis=1) + self._column
        return nearest

    def whole(self, row: Ints) -> Ints:
        """Return the distance to each line."""
        distances: Ints = row[np.arange(len(row)), self.lengths]
        return distances

    def part(self, row: Ints) -> tuple[Ints, Ints]:
        """Return the distance to the nearest beginning of each line, and its letters."""
        beyond = self._column > self.lengths[:, None]
        near = np.where(beyond, row.max() + 1, row)
        letters = near.argmin(axis=1).astype(np.int32)
        return near[np.arange(len(row)), letters], letters


def likelihood(
    edits: NDArray[np.generic], letters: NDArray[np.generic], error: float, chance: float
) -> Floats:
    """Return the log-likelihood ratio of a line to other text, from the edits between them.

    Each letter is wrong with probability ``error`` if it is the line, ``chance`` if not.

    Args:
        edits: distance.
        letters: in the longer of line and text.
        error: of the recogniser.
        chance: of other text.
    """
    wrong = np.minimum(edits, letters).astype(float)
    right = letters - wrong
    ratio: Floats = wrong * np.log(error / chance) + right * np.log((1 - error) / (1 - chance))
    return ratio


def chance_distance(lines: Sequence[str]) -> float:
    """Return the mean distance of lines to others of the script, for each letter of the longer."""
    table = EditTable(lines)
    shares = []
    for number in range(0, len(lines), max(1, len(lines) // _SAMPLED)):
        row = table.start()
        for letter in lines[number]:
            row = table.hear(row, letter)
        share = table.whole(row) / np.maximum(np.maximum(table.lengths, len(lines[number])), 1)
        shares.append(np.delete(share, number))
    known = np.concatenate(shares) if shares else np.array([])
    return float(np.clip(known.mean() if len(known) else _USUAL, _LEAST, _MOST))


_SAMPLED = 40  # lines compared with all others
_LEAST, _USUAL, _MOST = 0.5, 0.85, 0.98
