"""The band of a film's picture in which its subtitles are shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.burned_in.boxes import Box, joined_rows
from corpus_tools.burned_in.picture import Frame
from corpus_tools.burned_in.reader import TextReader

__all__ = ["Band", "find_band"]


@dataclass(frozen=True)
class Band:
    """Rows of the picture from ``top`` to before ``bottom``; height of a line, 0 if unknown."""

    top: int
    bottom: int
    line: int = 0

    @classmethod
    def of_shares(cls, shares: tuple[float, float], height: int) -> "Band":
        """Return the band between two shares of a picture's height."""
        return cls(round(shares[0] * height), round(shares[1] * height))

    @property
    def rows(self) -> slice:
        """The rows as a slice."""
        return slice(self.top, self.bottom)


def find_band(frames: Sequence[Frame], reader: TextReader) -> Band | None:
    """Return the rows in which most frames from all over a film have changing text.

    Not counted are boxes that most frames share (logos, clocks) and those cut by the picture's edge
    (tickers). Room for a second line, above or below, is added. None without such text.
    """
    found = [joined_rows(reader.find(frame.luma)) for frame in frames]
    if not frames:
        return None
    height, width = frames[0].luma.shape
    texts = [
        [
            box
            for box in boxes
            if box.height < _TALLEST * height
            and _inside(box, width)
            and not _stands_still(box, found)
        ]
        for boxes in found
    ]
    counts = _frames_with_text(texts, height)
    if counts.max() < max(_FEWEST_FRAMES, _LEAST_SHARE * len(frames)):
        return None
    # of equally frequent rows the lowest: names of places and people are shown further up
    peak = height - 1 - int(np.argmax(counts[::-1]))
    lines = [box for boxes in texts for box in boxes if box.top <= peak < box.bottom]
    line = int(np.median([box.height for box in lines]))
    sized = [[box for box in boxes if 0.5 * line < box.height < 1.5 * line] for boxes in texts]
    counts = _frames_with_text(sized, height)
    often = counts >= _OFTEN * counts[peak]
    top = bottom = peak
    while top > 0 and often[max(top - line, 0) : top].any():
        top -= 1
    while bottom < height and often[bottom : bottom + line].any():
        bottom += 1
    return Band(max(top - line, 0), min(bottom + line, height), line)


def _frames_with_text(texts: Sequence[Sequence[Box]], height: int) -> NDArray[np.int64]:
    """Return in how many frames each row has text."""
    counts = np.zeros(height, np.int64)
    for boxes in texts:
        rows = np.zeros(height, bool)
        for box in boxes:
            rows[box.top : box.bottom] = True
        counts += rows
    return counts


def _inside(box: Box, width: int) -> bool:
    return box.left > _EDGE * width and box.right < (1 - _EDGE) * width


def _stands_still(box: Box, found: Sequence[Sequence[Box]]) -> bool:
    same = sum(any(box.likeness(other) > _SAME_BOX for other in boxes) for boxes in found)
    return len(found) >= _FEW and same > _MOST_FRAMES * len(found)


_TALLEST = 0.15  # share of the height
_EDGE = 0.01  # share of the width
_SAME_BOX = 0.75
_MOST_FRAMES = 0.5
_FEW = 6  # frames; of fewer, nothing is known to stand still
_FEWEST_FRAMES = 2
_LEAST_SHARE = 0.03  # of the frames
_OFTEN = 0.15  # of the frames with text
