"""Leakage between train, val and test: shared speakers, sources, texts and recordings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from manifests.audit.near_duplicates import near_duplicate_texts
from manifests.base.outcome import counted
from manifests.splits.assign import SIDES
from manifests.splits.groups import is_person, scope_of
from manifests.storage.records import ManifestEntry, Side, Split

__all__ = ["KEYS", "Leak", "Leakage", "find_leakage"]

KEYS = {
    "speaker": ("speaker", "speakers"),
    "unknown_speaker": ("series with unknown speakers", "series with unknown speakers"),
    "source": ("source", "sources"),
    "series": ("series", "series"),
    "sentence": ("sentence", "sentences"),
    "text": ("text", "texts"),
    "recording": ("recording", "recordings"),
}
"""Kinds of leakage, with their singular and plural names.

A sentence is a script's. A series (or a source without one) with unknown speakers counts with all
its clips, as an unknown speaker may be any of them. Texts are exact and near-duplicates of clips
that aren't all of one sentence; recordings are those found in several clips.
"""


@dataclass(frozen=True)
class Leak:
    """A speaker, source, series … with clips on more than one side, counted by side."""

    value: str
    counts: dict[Side, int]

    @property
    def at_stake(self) -> int:
        """Number of affected clips of val and test."""
        return self.counts["val"] + self.counts["test"]


@dataclass(frozen=True)
class Leakage:
    """Leakage by one of ``KEYS``, with its number of distinct values.

    ``leaks`` are the values on more than one side, those with most clips of val and test first;
    ``exposed`` counts the clips of val and of test with a value that is also in train.
    """

    key: str
    values: int
    leaks: list[Leak]
    exposed: dict[Side, int]

    def describe(self, sizes: Mapping[Split, int]) -> str:
        """Return the leakage in words; ``sizes`` are the clips of each split."""
        singular, plural = KEYS[self.key]
        subject = (
            f"1 {singular} has" if len(self.leaks) == 1 else f"{len(self.leaks)} {plural} have"
        )
        exposed = " and ".join(
            f"{count} of {counted(sizes[side], 'clip')} of {side}"
            for side, count in self.exposed.items()
        )
        return (
            f"{subject} clips on more than one side (of {self.values} in all): "
            f"{exposed} share theirs with train"
        )

    def row(self) -> dict[str, Any]:
        """Return a JSON-ready row."""
        return {
            "values": self.values,
            "exposed": dict(self.exposed),
            "shared": [{"value": leak.value, "counts": leak.counts} for leak in self.leaks],
        }


def find_leakage(
    entries: Sequence[ManifestEntry], repeats: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Leakage]:
    """Return the leakage between train, val and test, by key; held clips are ignored.

    ``repeats`` gives the recording shared with other clips, by clip id.
    """
    placed = [(entry, entry.split) for entry in entries if entry.split != "held"]
    values: dict[str, Mapping[str, str | None]] = {
        "unknown_speaker": _unknown_speakers(entry for entry, _ in placed),
        "text": _texts([entry for entry, _ in placed]),
        "recording": repeats,
    }
    return {key: _leakage(placed, key, values.get(key)) for key in KEYS}


def _leakage(
    placed: Sequence[tuple[ManifestEntry, Side]], key: str, found: Mapping[str, str | None] | None
) -> Leakage:
    counts: defaultdict[str, dict[Side, int]] = defaultdict(lambda: dict.fromkeys(SIDES, 0))
    for entry, side in placed:
        value = getattr(entry, _FIELDS[key]) if found is None else found.get(entry.clip_id)
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


def _unknown_speakers(entries: Iterable[ManifestEntry]) -> dict[str, str | None]:
    """Return the series, else the source, of the clips that an unknown speaker may speak."""
    entries = list(entries)
    unsure = {scope_of(entry) for entry in entries if not is_person(entry.speaker)}
    return {
        entry.clip_id: entry.series or entry.source_id
        for entry in entries
        if scope_of(entry) in unsure
    }


def _texts(entries: Sequence[ManifestEntry]) -> dict[str, str | None]:
    """Return the text shared by clips, without texts with clips of one sentence only."""
    found = near_duplicate_texts({entry.clip_id: entry.text for entry in entries if entry.text})
    sentences: defaultdict[str, set[str | None]] = defaultdict(set)
    for entry in entries:
        if entry.clip_id in found:
            sentences[found[entry.clip_id]].add(entry.sentence)
    known = {text for text, read in sentences.items() if len(read) == 1 and None not in read}
    return {clip: text for clip, text in found.items() if text not in known}


def _spread(sides: dict[Side, int]) -> int:
    return sum(count > 0 for count in sides.values())


_FIELDS = {"speaker": "speaker", "source": "source_id", "series": "series", "sentence": "sentence"}
