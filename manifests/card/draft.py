"""Draft of a version before it is written, with its limits, and further facts of its card."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import Field

from manifests.audit.class_losses import ClassLosses
from manifests.audit.label_cues import LabelCues, find_label_cues
from manifests.audit.leakage import Leakage, find_leakage
from manifests.audit.near_duplicates import MOST_TEXTS
from manifests.base.emotions import EMOTIONS
from manifests.base.settings import Settings
from manifests.splits.assign import SIDES
from manifests.splits.partition import Partition
from manifests.storage.records import SCHEMA, ManifestHeader, Side

__all__ = ["AgreementFacts", "CardFacts", "Draft", "ScreeningFacts"]

COARSE = 5.0
"""Deviation of a side's share from its ratio, in percentage points, that gives a warning."""


@dataclass(frozen=True)
class Draft:
    """Content and description of a version to be written.

    ``created`` is a time in UTC, ``digest`` of entries and ``params``; ``rejected`` counts accepted
    clips left out, by reason. ``loudness`` (RMS level in dBFS) and ``repeats`` (recording shared
    with other clips) are by clip id; ``facts`` are further facts of the card, no content.
    """

    version: str
    parent: str | None
    created: str
    digest: str
    params: dict[str, Any]
    partition: Partition
    rejected: Counter[str]
    loudness: Mapping[str, float] = field(default_factory=dict)
    repeats: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def leakage(self) -> dict[str, Leakage]:
        """Leakage between the sides, by key."""
        return find_leakage(self.partition.entries, self.repeats)

    @cached_property
    def label_cues(self) -> LabelCues:
        """Label cues: properties that predict the class without the emotion."""
        return find_label_cues(self.partition.entries, self.loudness)

    def header(self, files: dict[str, str]) -> ManifestHeader:
        """Return the header; ``files`` gives the sha256 of the version's other files by name."""
        return ManifestHeader(
            version=self.version,
            schema=SCHEMA,
            created=self.created,
            parent=self.parent,
            digest=self.digest,
            params=self.params,
            counts=self.partition.counts,
            groups=self.partition.grouping,
            files=files,
        )

    def limits(self) -> list[str]:
        """Return the known limits of the version, in sentences."""
        return [
            *self._side_limits(),
            *self._class_limits(),
            *self._leakage_limits(),
            *self.label_cues.warnings(),
            *self._clip_limits(),
        ]

    def _side_limits(self) -> Iterator[str]:
        sizes = self.partition.sizes
        requested = [side for side, ratio in self._ratios.items() if ratio > 0]
        empty = [side for side in requested if not sizes[side]]
        groups = sum(self.partition.grouping.counts[side] for side in SIDES)
        if empty:
            yield (
                f"no clip in {' and '.join(empty)}: {groups} group{'s' * (groups != 1)} of "
                f"{self.grouped_by} can't fill {len(requested)} sides; add speakers or sources, or "
                f"group by less: --group-by source --resplit"
            )
        elif self.partition.size_deviation > COARSE:
            shares = "/".join(f"{100 * share:.1f}" for share in self.partition.shares.values())
            ratios = "/".join(f"{100 * ratio:g}" for ratio in self._ratios.values())
            anew = self.params.get("split", {}).get("drawn") == self.version
            stay = "" if anew else " and clips that keep their side"
            yield (
                f"train/val/test hold {shares} % of the clips instead of {ratios} %: "
                f"whole {self.grouped_by}{stay} allow no better"
            )
        bridges = len(self.partition.bridges)
        if bridges:
            yield (
                f"{bridges} clip{'s are' if bridges != 1 else ' is'} left out as bridges, on no "
                f"side: they connected groups that had to be divided"
            )
        held = len(self.partition.held) - bridges
        if held:
            yield (
                f"{held} clip{'s are' if held != 1 else ' is'} held out, on no side, so that "
                f"nothing moves between train, val and test: they connect groups on different "
                f"sides; --resplit divides everything anew"
            )

    def _class_limits(self) -> Iterator[str]:
        counts, sizes = self.partition.counts, self.partition.sizes
        for name in EMOTIONS:
            lacking = [side for side in SIDES if sizes[side] and not counts[side][name]]
            if not any(counts[split][name] for split in counts):
                yield f"no clip is labelled {name}"
            elif lacking:
                yield f"no clip of {name} in {' and '.join(lacking)}"

    def _leakage_limits(self) -> Iterator[str]:
        for leakage in self.leakage.values():
            if leakage.leaks:
                yield leakage.describe(self.partition.sizes)
        if sum(bool(entry.text) for entry in self.partition.entries) > MOST_TEXTS:
            yield (
                f"of more than {MOST_TEXTS} texts only exact duplicates were searched for, not "
                f"near-duplicates"
            )

    def _clip_limits(self) -> Iterator[str]:
        entries = self.partition.entries
        mute = sum(not entry.text for entry in entries)
        if mute:
            yield f"{mute} of {len(entries)} clips have no text"
        ungendered = {entry.speaker for entry in entries if entry.speaker and not entry.gender}
        if ungendered:
            yield f"speakers.csv gives no gender for {', '.join(sorted(filter(None, ungendered)))}"
        single = sum(len(entry.votes) == 1 for entry in entries)
        if single:
            yield f"{single} of {len(entries)} clips were judged by one annotator only"

    @property
    def grouped_by(self) -> str:
        """Keys kept whole, in words."""
        names = [_GROUPED[name] for name in self.partition.by]
        return " and ".join(names) or "single clips"

    @property
    def _ratios(self) -> dict[Side, float]:
        return dict(zip(SIDES, self.partition.ratios, strict=True))


_GROUPED = {
    "speaker": "speakers",
    "known_speaker": "known speakers",
    "series": "series",
    "source": "sources",
    "sentence": "sentences",
}


class AgreementFacts(Settings):
    """Agreement of the annotators over all judgements of the corpus.

    Attributes:
        clips: number of clips with two votes or more for a class.
        annotators: number of annotators.
        alpha: Krippendorff's nominal α, None if undefined.
        low, high: ends of its bootstrap interval over clips.
        level: confidence level of the interval.
        resamples: number of bootstrap samples.
        undefined: reason why α is undefined.
        observed: share of agreeing pairs of votes on a clip.
        fleiss: Fleiss's κ, None if clips differ in their number of votes.
        classes: specific agreement: share of the votes paired with one for a class that agree.
    """

    clips: int
    annotators: int
    alpha: float | None
    low: float | None
    high: float | None
    level: float
    resamples: int
    undefined: str | None
    observed: float | None
    fleiss: float | None
    classes: dict[str, float | None]


class ScreeningFacts(Settings):
    """Screening decisions: clips cut, accepted, and rejected by reason (one clip may have several).

    ``thresholds`` counts the sources by value, for each name of a threshold; ``losses`` are of the
    clips with a class.
    """

    cut: int
    accepted: int
    reasons: dict[str, int]
    thresholds: dict[str, dict[str, int]]
    losses: ClassLosses | None = None


class CardFacts(Settings):
    """Facts of the card that aren't in the entries; ``texts`` are models of texts by source.

    A fact that was not measured is None.
    """

    agreement: AgreementFacts | None = None
    screening: ScreeningFacts | None = None
    texts: dict[str, list[str]] = Field(default_factory=dict)
