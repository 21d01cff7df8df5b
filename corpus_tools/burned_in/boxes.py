"""Boxes around text in a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Box", "joined_rows"]


@dataclass(frozen=True, order=True)
class Box:
    """Pixels from ``top`` to before ``bottom`` and from ``left`` to before ``right``."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def centre(self) -> float:
        """Column of the middle."""
        return (self.left + self.right) / 2

    @property
    def middle(self) -> float:
        """Row of the middle."""
        return (self.top + self.bottom) / 2

    def moved(self, rows: int) -> "Box":
        """Return the box so many rows further down."""
        return Box(self.top + rows, self.bottom + rows, self.left, self.right)

    def joined(self, other: "Box") -> "Box":
        """Return the smallest box that holds both."""
        return Box(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )

    def shared(self, other: "Box") -> int:
        """Return the number of pixels in both."""
        rows = min(self.bottom, other.bottom) - max(self.top, other.top)
        columns = min(self.right, other.right) - max(self.left, other.left)
        return max(rows, 0) * max(columns, 0)

    def likeness(self, other: "Box") -> float:
        """Return the shared part of the pixels in either, from 0 to 1."""
        shared = self.shared(other)
        return shared / max(self.height * self.width + other.height * other.width - shared, 1)

    def beside(self, other: "Box") -> bool:
        """Return whether both lie in one row, as if of one line of text."""
        rows = min(self.bottom, other.bottom) - max(self.top, other.top)
        low, high = sorted((self.height, other.height))
        return rows > 0.6 * low and high < 1.7 * low


def joined_rows(boxes: Sequence[Box]) -> list[Box]:
    """Return boxes with those joined that are parts of one line of text: a word apart in a row."""
    rows: list[Box] = []
    for box in sorted(boxes, key=lambda box: box.left):
        for number, row in enumerate(rows):
            if row.beside(box) and box.left - row.right < 1.6 * row.height:
                rows[number] = row.joined(box)
                break
        else:
            rows.append(box)
    return sorted(rows)
