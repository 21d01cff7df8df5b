"""Assignment of clips to annotators, balanced by workload and by overlap of every pair.

Agreement is computed on clips that two annotators share. Each clip therefore goes to the annotators
with the fewest clips so far, which keeps their workloads within one of each other, and among these
to those with the fewest clips in common. A hash of seed and clip id breaks the remaining ties, so
the result is the same on every machine.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from annotation.batches.batches import is_pseudonym
from annotation.batches.gold import check_gold_rate
from annotation.judgements.annotators import Annotators
from annotation.scheme.answers import quoted
from manifests.base.errors import ConfigurationError

__all__ = ["Panel", "assign", "check_annotators"]


def assign(
    clips: Sequence[str],
    annotators: Sequence[str],
    per_clip: int,
    seed: int,
    voted: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> dict[str, list[str]]:
    """Return the clips of each annotator, in the order given: K·N/A of N clips, rounded up or down.

    Each clip goes to K = ``per_clip`` of A annotators; fewer than K raise ConfigurationError. The
    seed is of the tie-breaking hash. Nobody gets a clip on which they ``voted``, so that it may go
    to fewer than K.

    Example:
        >>> assign(["x", "y", "z"], ["a01", "a02"], per_clip=1, seed=0)
        {'a01': ['y', 'z'], 'a02': ['x']}
    """
    if not 1 <= per_clip <= len(annotators):
        raise ConfigurationError(
            f"--per-clip {per_clip}: give 1 to {len(annotators)}, the number of annotators"
        )
    if per_clip == len(annotators) and not voted:
        return {name: list(clips) for name in annotators}
    counts = _AssignmentCounts(len(annotators))
    assigned: dict[str, list[str]] = {name: [] for name in annotators}
    for clip_id in clips:
        free = [n for n, name in enumerate(annotators) if name not in voted.get(clip_id, ())]
        breakers = _tie_breakers(seed, clip_id, len(annotators))
        for place in counts.choose(min(per_clip, len(free)), breakers, free):
            assigned[annotators[place]].append(clip_id)
    return assigned


class _AssignmentCounts:
    """Numbers of clips of each annotator and shared by each pair."""

    def __init__(self, number: int) -> None:
        self._clips = [0] * number
        self._common = [[0] * number for _ in range(number)]

    def choose(self, number: int, tie_breakers: Sequence[bytes], free: Sequence[int]) -> list[int]:
        """Choose and count the ``number`` annotators of the next clip, out of the free ones."""
        chosen: list[int] = []
        common = [0] * len(tie_breakers)
        for _ in range(number):
            order = zip(self._clips, common, tie_breakers, range(len(tie_breakers)), strict=True)
            left = set(free).difference(chosen)
            place = min(place for place in order if place[-1] in left)[-1]
            chosen.append(place)
            common = list(map(sum, zip(common, self._common[place], strict=True)))
        for place in chosen:
            self._clips[place] += 1
            for other in chosen:
                self._common[place][other] += place != other
        return chosen


def _tie_breakers(seed: int, clip_id: str, number: int) -> list[bytes]:
    """Return a hash of clip and seed for each annotator."""
    digest = hashlib.shake_128(f"{seed} {clip_id}".encode()).digest(4 * number)
    return [digest[4 * place : 4 * place + 4] for place in range(number)]


@dataclass(frozen=True)
class Panel:
    """Annotators of a batch, number per clip (null: all), gold clips' share of each one's tasks."""

    annotators: Sequence[str]
    per_clip: int | None = None
    gold_rate: float = 0.0

    @property
    def votes(self) -> int:
        """Number of annotators of each clip."""
        return len(self.annotators) if self.per_clip is None else self.per_clip

    def check(self, corpus: Path) -> None:
        """Check annotators, gold rate and votes per clip.

        Raises:
            ConfigurationError: if one of them is invalid.
            DataError: if annotators.csv can't be read.
        """
        check_annotators(corpus, self.annotators)
        check_gold_rate(self.gold_rate)
        if not 1 <= self.votes <= len(self.annotators):
            raise ConfigurationError(
                f"--per-clip {self.votes}: give 1 to {len(self.annotators)}, the number of "
                f"--annotators"
            )


def check_annotators(corpus: Path, names: Sequence[str]) -> None:
    """Refuse annotators that aren't in annotators.csv; with an empty file any are accepted.

    Raises:
        ConfigurationError: if a name is invalid, naming it and the known ones.
        DataError: if annotators.csv can't be read.
    """
    if not names:
        raise ConfigurationError("--annotators: name at least one, such as a01,a02,a03")
    known = Annotators(corpus).names()
    for name in names:
        if not is_pseudonym(name):
            raise ConfigurationError(
                f"--annotators: {quoted(name)} isn't a pseudonym; use letters, digits, '-' and '_'"
            )
        if known and name not in known:
            raise ConfigurationError(
                f"--annotators: {quoted(name)} is not in annotations/annotators.csv, which has "
                f"{', '.join(known)}; correct the name, or add a row"
            )
    twice = next((name for name in names if list(names).count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(f"--annotators: {quoted(twice)} is named twice")
