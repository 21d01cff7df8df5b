"""Text evidence: recognised text of all spans of a take against the script's lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.letters import EditTable, likelihood, mean_line_distance, plain_letters
from corpus_tools.recordings.spans import Spans

__all__ = ["TextEvidence"]

Floats = NDArray[np.float64]
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
        """Compare all spans with all lines.

        Args:
            transcribed: recognised letters of each piece.
            spans: spans of the take.
            lines: texts of the script.
        """
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
