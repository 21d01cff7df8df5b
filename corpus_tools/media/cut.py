"""Edges of a clip in its source."""

from dataclasses import dataclass

__all__ = ["Cut"]


@dataclass(frozen=True, order=True)
class Cut:
    """Start and end of a clip in its source, in whole milliseconds."""

    start_ms: int
    end_ms: int

    @classmethod
    def at(cls, start: float, end: float) -> "Cut":
        """Return the cut with these edges in seconds.

        Example:
            >>> Cut.at(1.5, 4.83)
            Cut(start_ms=1500, end_ms=4830)
        """
        return cls(round(start * 1000), round(end * 1000))
