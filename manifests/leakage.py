"""What the sides of a split share although they shouldn't: speakers, sources, series, sentences."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from manifests.groups import scope_of
from manifests.records import ManifestEntry, Side, Split
from manifests.split import SIDES

__all__ = ["KEYS", "Leak", "Leakage", "find_leakage"]

KEYS = {
    "speaker": ("speaker", "speakers"),
    "unknown_speaker": ("series with unknown speakers", "series with unknown speakers"),
    "source": ("source", "sources"),
    "series": ("series", "series"),
    "sentence": ("sentence", "sentences"),
}
"""What is looked at, and what one and several are called.

A sentence is one of a script. A series (source, where it is of none) with unknown speakers is
counted with all its clips, as each may be spoken by whoever is unknown elsewhere.
"""


@dataclass(frozen=True)
class Leak:
    """A speaker, source, series … with clips on more than one side.

    Attributes:
        value: which one.
        counts: its clips on each side.
    """

    value: str
    counts: dict[Side, int]

    @property
    def at_stake(self) -> int:
        """Clips of val and test that it makes easier than they look."""
        return self.counts["val"] + self.counts["test"]


@dataclass(frozen=True)
class Leakage:
    """What the sides share by one key.

    Attributes:
        key: one of ``KEYS``.
        values: how many different ones there are.
        leaks: those on more than one side, the most clips of val and test first.
        exposed: clips of val and of test whose value is also in train.
    """

    key: str
    values: int
    leaks: list[Leak]
    exposed: dict[Side, int]

    def describe(self, sizes: Mapping[Split, int]) -> str:
        """Return the leak in words.

        Args:
            sizes: clips of each split.
        """
        one, several = KEYS[self.key]
        what = f"1 {one} has" if len(self.leaks) == 1 else f"{len(self.leaks)} {several} have"
        exposed = " and ".join(
            f"{count} of {sizes[side]} clips of {side}" for side, count in self.exposed.items()
        )
        return (
            f"{what} clips on more than one side (of {self.values} in all): "
            f"{exposed} share theirs with train"
        )

    def row(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "values": self.values,
            "exposed": dict(self.exposed),
            "shared": [{"value": leak.value, "counts": leak.counts} for leak in self.leaks],
        }


def find_leakage(entries: Sequence[ManifestEntry]) -> dict[str, Leakage]:
    """Return what train, val and test share, by key; clips held out are on no side.

    Args:
        entries: the clips of a manifest.
    """
    return {key: _leakage(entries, key) for key in KEYS}


def _leakage(entries: Sequence[ManifestEntry], key: str) -> Leakage:
    counts: defaultdict[str, dict[Side, int]] = defaultdict(lambda: dict.fromkeys(SIDES, 0))
    placed = [(entry, entry.split) for entry in entries if entry.split != "held"]
    unsure = {scope_of(entry) for entry, _ in placed if entry.speaker is None}
    for entry, side in placed:
        value = _value(entry, key, unsure)
        if value is not None:
            counts[value][side] += 1
    leaks = [Leak(value, sides) for value, sides in counts.items() if _spread(sides) > 1]
    seen = [sides for sides in counts.values() if sides["train"]]
    exposed: dict[Side, int] = {
        side: sum(sides[side] for sides in seen) for side in ("val", "test")
    }
    return Leakage(
        key, len(counts), sorted(leaks, key=lambda leak: (-leak.at_stake, leak.value)), exposed
    )


def _value(entry: ManifestEntry, key: str, unsure: set[str]) -> str | None:
    match key:
        case "source":
            return entry.source_id
        case "unknown_speaker":
            return entry.series or entry.source_id if scope_of(entry) in unsure else None
        case _:
            value: str | None = getattr(entry, key)
            return value


def _spread(sides: dict[Side, int]) -> int:
    return sum(count > 0 for count in sides.values())
