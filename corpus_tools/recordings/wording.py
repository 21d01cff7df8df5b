"""Evidence from recognised text for all spans of a take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.letters import EditTable, chance_distance, letters_of, likelihood
from corpus_tools.recordings.spans import Spans

__all__ = ["Wording"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Wording:
    """How far the text heard in each span is from each line and from its beginnings.

    Attributes:
        whole: edits, shape (pieces, widths, lines); -1 beyond the take.
        whole_letters: in the longer of text and line.
        part: edits to the nearest beginning of the line.
        part_letters: in the longer of text and beginning.
        chance: mean edits for a letter between lines that are not the same.
    """

    whole: Counts
    whole_letters: Counts
    part: Counts
    part_letters: Counts
    chance: float

    @classmethod
    def of(cls, heard: Sequence[str], spans: Spans, lines: Sequence[str]) -> "Wording":
        """Compare all spans with all lines.

        Args:
            heard: letters in each piece.
            spans: of the take.
            lines: texts of the script.
        """
        letters = [letters_of(line) for line in lines]
        table = EditTable(letters)
        shape = (len(heard), spans.widths, len(lines))
        found = [np.full(shape, -1, dtype=np.int16) for _ in range(4)]
        whole, whole_letters, part, part_letters = found
        for first in range(len(heard)):
            row, said = table.start(), 0
            for width, piece in enumerate(heard[first : first + spans.widths]):
                for letter in piece:
                    row = table.hear(row, letter)
                said += len(piece)
                place = first, width
                whole[place] = table.whole(row)
                whole_letters[place] = np.maximum(table.lengths, said)
                part[place], beginning = table.part(row)
                part_letters[place] = np.maximum(beginning, said)
        return cls(whole, whole_letters, part, part_letters, chance_distance(letters))

    def whole_evidence(self, error: float) -> Floats:
        """Return the log-likelihood ratio of spans as readings of lines, -inf beyond the take."""
        ratio = likelihood(self.whole, self.whole_letters, error, self.chance)
        return np.where(self.whole >= 0, ratio, -np.inf)

    def supports(self, first: int, width: int, line: int, error: float) -> bool:
        """Return whether what was heard in a span is likelier to be a line than another text."""
        place = first, width, line
        ratio = likelihood(self.whole[place], self.whole_letters[place], error, self.chance)
        return bool(ratio > 0)

    def part_evidence(self, error: float) -> Floats:
        """Return that of spans as false starts."""
        ratio = likelihood(self.part, self.part_letters, error, self.chance)
        return np.where(self.part >= 0, ratio, -np.inf)
