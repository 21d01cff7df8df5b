"""Subtitle lines made from the true times of a constructed episode, with typical errors.

A line appears 0 to 0.2 s before the speech and disappears 0 to 1 s after it, or with the next one.
A fifth of the pauses of less than 0.8 s lie within a line. One line in ten is missing. There are
lines without speech: three titles at the beginning, eight of a song after the end, and 3 % of all
at random times, of 1 to 4 s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["ShownLine", "lines_of", "shifted", "write_srt"]


@dataclass(frozen=True)
class ShownLine:
    """A line from ``start`` to ``end`` in seconds, and the numbers of its utterances."""

    start: float
    end: float
    utterances: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(f"u{number}" for number in self.utterances) or "la la"


def lines_of(
    utterances: Sequence[tuple[float, float, str]], seconds: float, seed: int
) -> list[ShownLine]:
    """Return the lines of an episode of a length in seconds, in order of time."""
    rng = np.random.default_rng([seed, 77])
    lines: list[ShownLine] = []
    at = 0
    while at < len(utterances):
        first, last = at, at
        while (
            last + 1 < len(utterances)
            and utterances[last + 1][0] - utterances[last][1] < _JOINED_PAUSE
            and utterances[last + 1][1] - utterances[first][0] < _LONGEST
            and rng.random() < _JOINED
        ):
            last += 1
        at = last + 1
        if rng.random() < _MISSING:
            continue
        spoken = utterances[last][1]
        end = spoken + rng.uniform(*_LINGERS)
        if at < len(utterances):
            end = min(end, max(utterances[at][0] - 0.05, spoken))
        start = max(utterances[first][0] - rng.uniform(*_LEAD), 0.0)
        lines.append(ShownLine(start, end, tuple(range(first, last + 1))))
    others = [ShownLine(1 + 3 * number, 3.5 + 3 * number) for number in range(3)]
    others += [ShownLine(seconds + 4 * n, seconds + 4 * n + 3.5) for n in range(8)]
    for start in rng.uniform(0, seconds, max(2, round(_OTHER * len(lines)))):
        others.append(ShownLine(float(start), float(start + rng.uniform(1, 4))))
    return sorted([*lines, *others], key=lambda line: (line.start, line.end))


def shifted(lines: Sequence[ShownLine], offset: float, rate: float) -> list[ShownLine]:
    """Return the lines of a file for which ``sound = rate * file + offset`` holds.

    Lines before the beginning of the file are dropped.
    """
    moved = [
        ShownLine((line.start - offset) / rate, (line.end - offset) / rate, line.utterances)
        for line in lines
    ]
    return [line for line in moved if line.start >= 0]


def write_srt(path: Path, lines: Sequence[ShownLine]) -> None:
    """Write lines as a SubRip file."""
    path.write_text(
        "".join(
            f"{number}\n{_stamp(line.start)} --> {_stamp(line.end)}\n{line.text}\n\n"
            for number, line in enumerate(lines, start=1)
        ),
        encoding="utf-8",
    )


def _stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


_LEAD, _LINGERS = (0.0, 0.2), (0.0, 1.0)  # s
_JOINED_PAUSE, _LONGEST = 0.8, 6.0  # s
_JOINED, _MISSING, _OTHER = 0.2, 0.1, 0.03
