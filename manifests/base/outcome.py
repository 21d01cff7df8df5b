"""Outcome of a run: counts of items, failures, warnings and outputs."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from manifests.base.errors import NO_SPACE

__all__ = ["Failure", "FileWarnings", "Outcome", "Progress", "counted", "listed", "no_progress"]

Progress = Callable[[int, int, str], None]
"""Callback with the number of items done, the total, and the item just done."""


def no_progress(done: int, total: int, item: str) -> None:
    """Show nothing."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with what it counts; ``many`` is the plural if it isn't ``one`` and an s.

    Example:
        >>> counted(1, "clip"), counted(0, "clip"), counted(36, "clip is", "clips are")
        ('1 clip', '0 clips', '36 clips are')
    """
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def listed(names: Iterable[object], most: int = 3) -> str:
    """Return names for a sentence, of many the first ones and the number of the others.

    Example:
        >>> listed(["a", "b"]), listed("abcdefg")
        ('a, b', 'a, b, c and 4 more')
    """
    shown = list(map(str, names))
    more = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True)
class Failure:
    """An item that failed, and the reason in one sentence."""

    item: str
    reason: str


def _printable(text: str) -> str:
    """Return the text with characters not encodable in UTF-8 (as in file names) escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class FileWarnings:
    """Warnings about single files or other ``things``.

    Those that differ in numbers only become one from the fourth on.

    Example:
        >>> warnings = FileWarnings()
        >>> for name in "abcde":
        ...     warnings.add(f"{name}.wav", f"{name}.wav: lacks 2 bytes")
        >>> warnings.lines()
        ['a.wav: lacks 2 bytes; likewise 4 more files: b.wav, c.wav, d.wav …']
    """

    def __init__(self, things: str = "files") -> None:
        self._things = things
        self._alike: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)

    def add(self, file: str | Path, warning: str) -> None:
        """Add a warning, which begins with the name of its file."""
        kind = re.sub(r"\d[\d.,]*", "0", warning.removeprefix(str(file)))
        self._alike[kind].append((str(file), warning))

    def lines(self) -> list[str]:
        """Return the warnings for the user."""
        lines: list[str] = []
        for alike in self._alike.values():
            if len(alike) <= _SHOWN:
                lines += [warning for _, warning in alike]
                continue
            others = ", ".join(file for file, _ in alike[1 : _SHOWN + 1])
            more = " …" if len(alike) > _SHOWN + 1 else ""
            first, count = alike[0][1], len(alike) - 1
            lines.append(f"{first}; likewise {count} more {self._things}: {others}{more}")
        return lines


_SHOWN = 3


@dataclass
class Outcome:
    """Outcome of a run; ``items_in`` equals kept + rejected + failed.

    Attributes:
        items_in: number of input items.
        kept: number of items accepted.
        rejected: number of items rejected, by reason.
        failures: failed items with reasons.
        warnings: sentences for the user; they don't make the run fail.
        outputs: files and folders written.
        details: command-specific results, JSON-ready.
    """

    items_in: int = 0
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    outputs: list[Path] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def fail(self, item: str, reason: str) -> None:
        """Record a failed item; the run continues."""
        self.failures.append(Failure(_printable(item), _printable(reason)))

    @property
    def failed(self) -> int:
        """Number of items neither kept nor rejected."""
        return max(0, self.items_in - self.kept - self.rejected.total())

    @property
    def ok(self) -> bool:
        """True if nothing failed."""
        return not self.failures

    @property
    def full(self) -> list[Failure]:
        """Failures for want of room on a disk; a later run does what they left."""
        return [failure for failure in self.failures if NO_SPACE in failure.reason]

    def merge(self, other: "Outcome") -> None:
        """Add the outcome of another run to this one."""
        self.items_in += other.items_in
        self.kept += other.kept
        self.rejected += other.rejected
        self.failures += other.failures
        self.warnings += other.warnings
        self.outputs += other.outputs
        self.details |= other.details
