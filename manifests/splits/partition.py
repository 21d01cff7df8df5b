"""Partition of a manifest's clips into groups and splits: divided anew, inherited or imported."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from manifests.base.emotions import EMOTIONS, Emotion
from manifests.base.errors import ConfigurationError, DataError
from manifests.splits.assign import SIDES, split_groups
from manifests.splits.bridges import fewest_bridges
from manifests.splits.folds import keep_sides, place_in_folds, ratios_of
from manifests.splits.groups import (
    AUTO,
    NO_REPEATS,
    class_counts,
    fitting_grouping,
    groupings,
    keys_of,
    largest_share,
)
from manifests.splits.oversized_groups import oversized_group_error
from manifests.storage.records import Grouping, ManifestEntry, Side, Split
from manifests.storage.sections import SPEAKERS, SplitSettings
from manifests.versions.index import earlier_placements
from manifests.versions.manifest import Manifest

__all__ = ["SPLITS", "Partition", "apply_given_split", "divide_clips"]


SPLITS: tuple[Split, ...] = (*SIDES, "held")


@dataclass(frozen=True)
class Partition:
    """Divided clips, in the given order, by the keys kept whole and the requested ratios.

    ``bridges`` are ids of clips held out because they connected groups that had to be divided. A
    single division has 0 ``folds`` and None as ``requested_folds``, else a number or ``speakers``.
    """

    by: tuple[str, ...]
    ratios: tuple[float, float, float]
    entries: list[ManifestEntry]
    bridges: frozenset[str] = frozenset()
    folds: int = 0
    requested_folds: str | None = None

    @cached_property
    def fold_counts(self) -> dict[int, dict[Emotion, int]]:
        """Clips per fold and class, empty without folds."""
        found = Counter((entry.fold, entry.emotion) for entry in self.entries)
        return {
            fold: {name: found[fold, name] for name in EMOTIONS}
            for fold in range(1, self.folds + 1)
        }

    @cached_property
    def counts(self) -> dict[Split, dict[Emotion, int]]:
        """Clips per split and class."""
        found = Counter((entry.split, entry.emotion) for entry in self.entries)
        return {split: {name: found[split, name] for name in EMOTIONS} for split in SPLITS}

    @cached_property
    def sizes(self) -> Counter[Split]:
        """Clips per split."""
        return Counter(entry.split for entry in self.entries)

    @cached_property
    def held(self) -> list[str]:
        """Ids of the held clips."""
        return [entry.clip_id for entry in self.entries if entry.split == "held"]

    @cached_property
    def grouping(self) -> Grouping:
        """Grouping of the clips."""
        side_of = {entry.group: entry.split for entry in self.entries}
        found = Counter(side_of.values())
        return Grouping(
            by=list(self.by),
            largest=round(largest_share(entry.group for entry in self.entries), 4),
            counts={split: found[split] for split in SPLITS},
        )

    @cached_property
    def shares(self) -> dict[Side, float]:
        """Share of the clips on each side, without held ones."""
        sizes = self.sizes
        total = sum(sizes[side] for side in SIDES)
        return {side: round(sizes[side] / total, 4) if total else 0.0 for side in SIDES}

    @property
    def size_deviation(self) -> float:
        """Largest difference between a side's share and its ratio, in percentage points."""
        shares = self.shares
        return round(
            max(
                100 * abs(shares[side] - ratio)
                for side, ratio in zip(SIDES, self.ratios, strict=True)
            ),
            2,
        )

    @property
    def class_deviation(self) -> dict[Side, dict[Emotion, float]]:
        """Surplus of clips of each class on each side, compared with its ratio."""
        counts = self.counts
        totals = {name: sum(counts[side][name] for side in SIDES) for name in EMOTIONS}
        return {
            side: {name: round(counts[side][name] - ratio * totals[name], 2) for name in EMOTIONS}
            for side, ratio in zip(SIDES, self.ratios, strict=True)
        }


def divide_clips(
    entries: Sequence[ManifestEntry],
    settings: SplitSettings,
    parent: Manifest | None = None,
    repeats: Mapping[str, str] = NO_REPEATS,
) -> Partition:
    """Group the clips and assign each group to train, val or test.

    Clips of the previous version (``parent``) keep their splits, its held clips stay held, and
    returning clips get their earlier split. It also fixes the grouping; ``ratios`` then only guides
    the placement of new groups.

    Raises:
        ConfigurationError: if the settings conflict with the parent's grouping.
        OversizedGroupError: if one group would hold more of the clips than the settings allow.
    """
    if parent is None:
        by, bridges = _grouping(entries, settings, repeats)
        before: dict[str, tuple[Split, int | None]] = {}
        old: dict[str, Split] = dict.fromkeys(bridges, "held")
    else:
        by, bridges = grouping_of(parent, settings), frozenset()
        before = earlier_placements(parent)
        old = {clip_id: split for clip_id, (split, _) in before.items()}
    folds = settings.folds if parent is None else folds_of(parent, settings)
    if folds is None:
        return place_clips(entries, settings, by, old, repeats, bridges)
    keys = keys_of((entry for entry in entries if old.get(entry.clip_id) != "held"), by, repeats)
    in_folds = {clip_id: fold for clip_id, (_, fold) in before.items() if fold}
    placed, number = place_in_folds(entries, keys, folds, in_folds, settings.seed)
    found = Counter(entry.fold for entry in placed if entry.fold is not None)
    even = folds != SPEAKERS
    ratios = ratios_of([1 if even else found[fold] for fold in range(1, number + 1)])
    return Partition(by, ratios, placed, bridges, number, folds)


def place_clips(
    entries: Sequence[ManifestEntry],
    settings: SplitSettings,
    by: tuple[str, ...],
    old: Mapping[str, Split],
    repeats: Mapping[str, str] = NO_REPEATS,
    bridges: frozenset[str] = frozenset(),
) -> Partition:
    """Keep the sides of earlier clips (``old``) and assign a side to each group of new ones.

    ``by`` are the keys to keep whole; ``bridges`` connected groups that had to be divided and are
    held out.
    """
    keys = keys_of((entry for entry in entries if old.get(entry.clip_id) != "held"), by, repeats)
    kept = keep_sides(keys, {clip: side for clip, side in old.items() if side != "held"})
    group_of, pinned = kept.groups(keys)
    side_of = split_groups(class_counts(entries, group_of), settings.ratios, settings.seed, pinned)
    divided = []
    for entry in entries:
        group = group_of.get(entry.clip_id, f"held:{entry.clip_id}")
        divided.append(entry.changed(group=group, split=side_of.get(group, "held")))
    return Partition(by, settings.ratios, divided, bridges)


def _grouping(
    entries: Sequence[ManifestEntry], settings: SplitSettings, repeats: Mapping[str, str]
) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the keys to keep whole, and the bridges to leave out for that."""
    if settings.folds == SPEAKERS:
        by_speaker = settings.group_by if settings.group_by != "auto" else "speaker"
        return groupings(by_speaker)[0], frozenset()
    choices = groupings(settings.group_by)
    if not entries or not choices[0] or sum(ratio > 0 for ratio in settings.ratios) < 2:
        return choices[0], frozenset()
    by = fitting_grouping(entries, choices, settings.largest_group, repeats)
    if by is not None:
        return by, frozenset()
    if settings.drop_bridges:
        for by in choices:
            keys = keys_of(entries, by, repeats)
            found = fewest_bridges(keys, settings.ratios, settings.seed)
            if found is not None and 100 * len(found) <= settings.drop_bridges * len(entries):
                return by, found
    raise oversized_group_error(entries, choices[0], settings, repeats)


def apply_given_split(
    entries: Sequence[ManifestEntry],
    settings: SplitSettings,
    given: Mapping[str, Split],
    parent: Manifest | None = None,
    repeats: Mapping[str, str] = NO_REPEATS,
) -> Partition:
    """Give each clip its imported split; clips of an earlier version keep theirs.

    Clips without either are placed as new ones. The grouping is the strictest that the splits keep
    whole, so that the next version is consistent with this one; the ratios are those of the
    imported splits. ConfigurationError if the previous version has folds, which a single split
    can't keep.
    """
    if parent is not None and parent.header.params.get("split", {}).get("folds") is not None:
        raise ConfigurationError(
            f"{parent.header.version} has folds, so imported splits can't be kept; the clips are "
            f"in the corpus: divide them into the folds with: corpus build-manifest"
        )
    old: dict[str, Split] = dict(given)
    if parent is not None:
        old |= {clip_id: split for clip_id, (split, _) in earlier_placements(parent).items()}
    by = strictest_grouping(entries, old, repeats)
    placed = place_clips(entries, settings, by, old, repeats)
    train, val, test = placed.shares.values()
    return replace(placed, ratios=(train, val, test))


def strictest_grouping(
    entries: Sequence[ManifestEntry],
    splits: Mapping[str, Split],
    repeats: Mapping[str, str] = NO_REPEATS,
) -> tuple[str, ...]:
    """Return the strictest grouping without a key on two sides; held clips don't count."""
    placed = [entry for entry in entries if splits.get(entry.clip_id) not in (None, "held")]
    speakers_known = any(entry.speaker is not None for entry in placed)
    for by in (*AUTO, ("source",)):
        if not speakers_known and "known_speaker" in by:
            continue
        sides: dict[str, Split] = {}
        keys = keys_of(placed, by, repeats)
        if all(
            sides.setdefault(key, splits[clip]) == splits[clip]
            for clip, shared in keys.items()
            for key in shared
        ):
            return by
    return ()


def grouping_of(parent: Manifest, settings: SplitSettings) -> tuple[str, ...]:
    """Return the keys that the parent keeps whole; ConfigurationError if settings conflict."""
    by = tuple(parent.header.groups.by)
    if settings.group_by != "auto" and by not in groupings(settings.group_by):
        was = " and ".join(by).replace("_", " ") or "nothing (clips at random)"
        raise ConfigurationError(
            f"{parent.header.version} was grouped by {was}; to group by {settings.group_by} "
            f"instead, let clips move between train, val and test with: "
            f"corpus build-manifest --resplit"
        )
    return by


def folds_of(parent: Manifest, settings: SplitSettings) -> str | None:
    """Return the folds of the parent, None if it has none.

    Raises:
        ConfigurationError: if the settings conflict with them.
        DataError: if the parent's are invalid.
    """
    recorded = parent.header.params.get("split", {}).get("folds")
    try:
        folds = SplitSettings(folds=recorded).folds
    except ValueError as error:
        raise DataError(
            f"{parent.folder}: its header has invalid folds; restore it from a copy, or "
            f"divide anew with: corpus build-manifest --resplit"
        ) from error
    if settings.folds is not None and settings.folds != folds:
        has = "no folds" if folds is None else f"{folds} folds".replace("speakers ", "speakers' ")
        raise ConfigurationError(
            f"{parent.header.version} has {has}; for others let clips move with: corpus "
            f"build-manifest --folds {settings.folds} --resplit"
        )
    return folds
