"""What a run did: how many items came in, what became of each, and what it made."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Failure", "Outcome", "Progress", "no_progress"]

Progress = Callable[[int, int, str], None]
"""Called with items done, items in all, and the item just done."""


def no_progress(done: int, total: int, item: str) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Failure:
    """An item that could not be done, and why, in one sentence."""

    item: str
    reason: str


def _printable(text: str) -> str:
    """Return the text with what isn't UTF-8 (in a file's name, say) as backslash escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass
class Outcome:
    """The account of a run; what came in equals kept + rejected + failed.

    Attributes:
        items_in: how many items there were to do.
        kept: how many went through.
        rejected: how many did not, by reason.
        failures: what went wrong, item by item.
        warnings: sentences the user should read; they don't make the run fail.
        outputs: files and folders made.
        details: what else the command is about, JSON-ready.
    """

    items_in: int = 0
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    outputs: list[Path] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def fail(self, item: str, reason: str) -> None:
        """Note an item that failed; the rest goes on."""
        self.failures.append(Failure(_printable(item), _printable(reason)))

    @property
    def failed(self) -> int:
        """How many items neither went through nor were rejected."""
        return max(0, self.items_in - self.kept - self.rejected.total())

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def merge(self, other: "Outcome") -> None:
        """Add another run's account to this one."""
        self.items_in += other.items_in
        self.kept += other.kept
        self.rejected += other.rejected
        self.failures += other.failures
        self.warnings += other.warnings
        self.outputs += other.outputs
        self.details |= other.details
