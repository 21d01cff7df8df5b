"""How clips connect grouping keys: the graph that is divided where a group is too large."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from manifests.splits.groups import Keys, group_clips

__all__ = ["Bundle", "Connections"]

Bundle = tuple[tuple[int, ...], int]
"""Two or more connected keys, by their index in order, and the number of clips that have them."""


@dataclass
class Connections:
    """Keys of ``total`` clips; ``weights`` are the clips of each key that connect nothing."""

    weights: list[int]
    bundles: list[Bundle]
    total: int

    @classmethod
    def of(cls, keys: Mapping[str, Keys], small: float) -> tuple["Connections", dict[str, int]]:
        """Return the connections of clips, and the index of each key.

        The keys of a group of at most ``small`` clips share one.
        """
        groups = group_clips(keys)
        sizes = Counter(groups.values())
        named: dict[str, str] = {}
        for clip, shared in keys.items():
            group = groups[clip]
            named.update((key, group if sizes[group] <= small else key) for key in shared)
        numbers = {name: number for number, name in enumerate(sorted(set(named.values())))}
        places = {key: numbers[name] for key, name in named.items()}
        counts = Counter(tuple(sorted({places[key] for key in shared})) for shared in keys.values())
        return cls._counted(len(numbers), counts, len(keys)), places

    @classmethod
    def _counted(
        cls, number: int, counts: Mapping[tuple[int, ...], int], total: int
    ) -> "Connections":
        weights = [0] * number
        bundles: list[Bundle] = []
        for together, clips in sorted(counts.items()):
            if len(together) == 1:
                weights[together[0]] += clips
            else:
                bundles.append((together, clips))
        return cls(weights, bundles, total)

    @cached_property
    def of_key(self) -> list[list[Bundle]]:
        """The bundles of each key."""
        found: list[list[Bundle]] = [[] for _ in self.weights]
        for bundle in self.bundles:
            for place in bundle[0]:
                found[place].append(bundle)
        return found

    @cached_property
    def sizes(self) -> list[int]:
        """The clips of each key."""
        return [
            own + sum(clips for _, clips in bundles)
            for own, bundles in zip(self.weights, self.of_key, strict=True)
        ]

    def merged(self, most: float) -> tuple["Connections", list[int]]:
        """Return connections of fewer keys, and the index of each key's among them.

        A key joins another one that has at least half of the clips by which it is connected: on any
        other side it would lose as many or more. It may make that key larger than ``most`` clips
        only by a tenth, or if it has no other clips; if ``most`` is 0 none joins.
        """
        current, index = self, list(range(len(self.weights)))
        while most:
            joined = current._joined(most)
            roots = {place: number for number, place in enumerate(sorted(set(joined)))}
            if len(roots) == len(joined):
                return current, index
            to = [roots[place] for place in joined]
            index = [to[place] for place in index]
            counts: Counter[tuple[int, ...]] = Counter()
            for place, clips in enumerate(current.weights):
                counts[to[place],] += clips
            for together, clips in current.bundles:
                counts[tuple(sorted({to[place] for place in together}))] += clips
            current = self._counted(len(roots), counts, self.total)
        return current, index

    def _joined(self, most: float) -> list[int]:
        """Return for each key the one that it joins, or itself; none joins one that joins."""
        joined = list(range(len(self.weights)))
        sizes, grown = self.sizes, list(self.sizes)
        joined_by_others: set[int] = set()
        for place in sorted(joined, key=lambda one: (sizes[one], one)):
            if place in joined_by_others:
                continue
            connected = sizes[place] - self.weights[place]
            common: Counter[int] = Counter()
            for together, clips in self.of_key[place]:
                common.update(dict.fromkeys(together, clips))
            del common[place]
            for other, clips in sorted(
                common.items(), key=lambda one: (-one[1], sizes[one[0]], one[0])
            ):
                if 2 * clips < connected:
                    break
                size = grown[other] + sizes[place] - clips
                if joined[other] == other and (
                    clips == sizes[place] or size <= max(most, _GROWTH * sizes[other])
                ):
                    joined[place], grown[other] = other, size
                    joined_by_others.add(other)
                    break
        return joined


_GROWTH = 1.1
