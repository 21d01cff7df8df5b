"""Stable sides of clips between versions, and cross-validation folds, which rest on them."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Generic, TypeVar

from manifests.base.errors import DataError
from manifests.splits.assign import assign_groups
from manifests.splits.groups import Keys, class_counts, group_clips
from manifests.storage.records import ManifestEntry, Side, Split
from manifests.storage.sections import SPEAKERS

__all__ = ["keep_sides", "place_in_folds", "ratios_of", "side_in"]

S = TypeVar("S", bound=str)

_ORDER = {"test": 0, "val": 1, "train": 2}


@dataclass(frozen=True)
class KeptSides(Generic[S]):
    """Sides of keys connected to earlier clips (other keys are free), and the clips held out.

    A held clip has keys on different sides.
    """

    sides: dict[str, S]
    held: frozenset[str]

    def groups(self, keys: Mapping[str, Keys]) -> tuple[dict[str, str], dict[str, S]]:
        """Return the group of each clip that isn't held, and the side of each group with one."""
        group_of = group_clips({clip: keys[clip] for clip in keys if clip not in self.held})
        pinned = {
            group: self.sides[keys[clip][0]]
            for clip, group in group_of.items()
            if keys[clip][0] in self.sides
        }
        return group_of, pinned


def keep_sides(keys: Mapping[str, Keys], placed: Mapping[str, S]) -> KeptSides[S]:
    """Determine the side of each key, and the clips to hold out.

    A key goes to the side of most of its earlier clips (``placed``, without held ones). An earlier
    clip that a corrected key would move to another side is held out instead; so is a new clip with
    keys on different sides. New keys follow the earlier keys with which they share most clips.

    Example:
        >>> old = {"a": ("speaker:f01", "source:x"), "b": ("speaker:f02", "source:y")}
        >>> bridge = {"c": ("speaker:f01", "source:y"), "d": ("speaker:f01", "source:z")}
        >>> kept = keep_sides(old | bridge, {"a": "train", "b": "test"})
        >>> sorted(kept.held), kept.sides["source:z"]
        (['c'], 'train')
    """
    old = {clip: side for clip, side in sorted(placed.items()) if clip in keys}
    drawn = _majorities(keys, old)
    sides: dict[str, S] = {}
    for clip, side in old.items():
        if all(drawn[key] == side for key in keys[clip]):
            sides.update(dict.fromkeys(keys[clip], side))
    for clip, side in old.items():  # a key with only held clips is free again
        if all(sides.get(key, side) == side for key in keys[clip]):
            sides.update(dict.fromkeys(keys[clip], side))
    _spread((keys[clip] for clip in sorted(keys.keys() - old.keys())), sides)
    held = frozenset(
        clip
        for clip, shared in keys.items()
        if len({sides.get(key) for key in shared} | ({old[clip]} if clip in old else set())) > 1
    )
    return KeptSides(sides, held)


def _majorities(keys: Mapping[str, Keys], old: Mapping[str, S]) -> dict[str, S]:
    tallies: defaultdict[str, Counter[S]] = defaultdict(Counter)
    for clip, side in old.items():
        for key in keys[clip]:
            tallies[key][side] += 1
    return {
        key: min(tally, key=lambda side: (-tally[side], _rank(side)))
        for key, tally in tallies.items()
    }


def _rank(side: str) -> tuple[int, str]:
    """Return the sort key of ties: test before val before train, and folds by their names."""
    return _ORDER.get(side, len(_ORDER)), side


def _spread(new: Iterable[Keys], sides: dict[str, S]) -> None:
    """Give keys without a side that of the keys with which they share most clips, in that order."""
    ties: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for shared, clips in Counter(new).items():
        for key, other in permutations(shared, 2):
            ties[key][other] += clips
    pulls: defaultdict[str, Counter[S]] = defaultdict(Counter)
    queue: list[tuple[int, tuple[int, str], str, S]] = []

    def pull(key: str) -> None:
        for other, clips in ties[key].items():
            if other not in sides:
                side = sides[key]
                pulls[other][side] += clips
                heapq.heappush(queue, (-pulls[other][side], _rank(side), other, side))

    for key in sorted(sides.keys() & ties.keys()):
        pull(key)
    while queue:
        _, _, key, side = heapq.heappop(queue)
        if key not in sides:
            sides[key] = side
            pull(key)


def side_in(fold: int, tested: int, folds: int) -> Side:
    """Return the side of a fold while another is tested; the fold after the tested one is val.

    Folds count from 1; with two there is no val.

    >>> [side_in(fold, tested=5, folds=5) for fold in range(1, 6)]
    ['val', 'train', 'train', 'train', 'test']
    """
    if fold == tested:
        return "test"
    return "val" if folds > 2 and fold == tested % folds + 1 else "train"


def ratios_of(sizes: Sequence[int]) -> tuple[float, float, float]:
    """Return the shares of train, val and test while the first fold is tested, by folds' sizes."""
    shares: dict[Side, float] = {"train": 0.0, "val": 0.0, "test": 0.0}
    for fold, size in enumerate(sizes, start=1):
        shares[side_in(fold, 1, len(sizes))] += size / max(sum(sizes), 1)
    return shares["train"], shares["val"], shares["test"]


def place_in_folds(
    entries: Sequence[ManifestEntry],
    keys: Mapping[str, Keys],
    folds: str,
    old: Mapping[str, int],
    seed: int,
) -> tuple[list[ManifestEntry], int]:
    """Keep the folds of earlier clips and assign a fold to each group of new ones.

    ``keys`` are those of clips that aren't held. ``folds`` is a number, or :data:`SPEAKERS` for one
    per group; new groups get new folds. Return the entries with group, split and fold replaced, and
    the number of folds.

    Raises:
        DataError: if there are fewer groups than folds, or fewer than three groups for a fold each.
    """
    kept = keep_sides(keys, {clip: _name(fold) for clip, fold in old.items()})
    group_of, pinned = kept.groups(keys)
    groups = sorted(set(group_of.values()))
    if folds == SPEAKERS:
        taken = max(old.values(), default=0)
        new = [group for group in groups if group not in pinned]
        fold_of = pinned | {group: _name(n) for n, group in enumerate(new, start=taken + 1)}
        number = max(taken + len(new), _FEWEST if old else 0)
    else:
        number = int(folds)
        names = [_name(fold) for fold in range(1, number + 1)]
        shares = dict.fromkeys(names, 1 / number)
        counts = class_counts(entries, group_of)
        fold_of = assign_groups(counts, shares, seed, pinned, first=names)
    if len(groups) < number and not old:
        raise DataError(
            f"{len(groups)} groups can't fill {number} folds; use fewer --folds, or group "
            f"by fewer keys with: corpus build-manifest --group-by"
        )
    if folds == SPEAKERS and number < _FEWEST:
        raise DataError(
            f"{number} group{'s are' if number != 1 else ' is'} too few for a fold each; group by "
            f"a key with more values with --group-by, or use --folds 2"
        )
    return [_placed(entry, group_of, fold_of, number) for entry in entries], number


def _placed(
    entry: ManifestEntry, group_of: Mapping[str, str], fold_of: Mapping[str, str], number: int
) -> ManifestEntry:
    group = group_of.get(entry.clip_id)
    if group is None:
        held: Split = "held"
        return entry.changed(group=f"held:{entry.clip_id}", split=held, fold=None)
    fold = int(fold_of[group])
    return entry.changed(group=group, split=side_in(fold, 1, number), fold=fold)


def _name(fold: int) -> str:
    """Return the name of a fold, which sorts by its number."""
    return f"{fold:06d}"


_FEWEST = 3  # folds; of two the second would train now, and become val with a third
