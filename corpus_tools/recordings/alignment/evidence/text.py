"""Text evidence: edit distances between a script's lines and the recognised text of spans."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.alignment.evidence.spans import Spans
from manifests.base.letters import plain_letters

__all__ = ["EditTable", "TextEvidence", "likelihood", "mean_line_distance"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class EditTable:
    """Levenshtein distances of a growing text to all lines at once, computed row by row."""

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

    Each of the ``letters`` (of the longer of line and text) is wrong with probability ``error`` if
    the text is the line, ``chance`` if not.
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


Counts = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class TextEvidence:
    """Edit distances of each span's recognised text to each line and its prefixes.

    Attributes:
        whole: edit distance to the line, shape (pieces, widths, lines); -1 beyond the take.
        whole_letters: length of the longer of text and line.
        part: edit distance to the nearest prefix of the line.
        part_letters: length of the longer of text and prefix.
        chance: mean edit distance per letter between different lines.
    """

    whole: Counts
    whole_letters: Counts
    part: Counts
    part_letters: Counts
    chance: float

    @classmethod
    def of(cls, transcribed: Sequence[str], spans: Spans, lines: Sequence[str]) -> "TextEvidence":
        """Compare all spans with all lines, from the recognised letters of each piece."""
        letters = [plain_letters(line) for line in lines]
        table = EditTable(letters)
        shape = (len(transcribed), spans.widths, len(lines))
        whole, whole_letters, part, part_letters = (
            np.full(shape, -1, dtype=np.int16) for _ in range(4)
        )
        for first in range(len(transcribed)):
            row, length = table.start(), 0
            for width, piece in enumerate(transcribed[first : first + spans.widths]):
                for letter in piece:
                    row = table.extend(row, letter)
                length += len(piece)
                place = first, width
                whole[place] = table.whole(row)
                whole_letters[place] = np.maximum(table.lengths, length)
                part[place], prefix = table.part(row)
                part_letters[place] = np.maximum(prefix, length)
        return cls(whole, whole_letters, part, part_letters, mean_line_distance(letters))

    def whole_evidence(self, error: float) -> Floats:
        """Return the log-likelihood ratio of spans as readings of lines, -inf beyond the take."""
        ratio = likelihood(self.whole, self.whole_letters, error, self.chance)
        return np.where(self.whole >= 0, ratio, -np.inf)

    def supports(self, first: int, width: int, line: int, error: float) -> bool:
        """Return whether a span's recognised text is likelier to be a line than other text."""
        place = first, width, line
        ratio = likelihood(self.whole[place], self.whole_letters[place], error, self.chance)
        return bool(ratio > 0)

    def part_evidence(self, error: float) -> Floats:
        """Return the log-likelihood ratio of spans as false starts of lines."""
        ratio = likelihood(self.part, self.part_letters, error, self.chance)
        return np.where(self.part >= 0, ratio, -np.inf)
