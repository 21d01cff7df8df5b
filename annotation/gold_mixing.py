"""Gold clips in task lists: unseen by the annotator and spread over the whole list."""

import hashlib
from collections.abc import Collection, Sequence
from itertools import pairwise

from manifests.errors import ConfigurationError

__all__ = ["check_gold_rate", "choose_gold", "gold_needed", "mix_gold"]


def check_gold_rate(rate: float) -> None:
    """Refuse a gold rate above one half.

    Raises:
        ConfigurationError: if the rate is out of range.
    """
    if not 0 <= rate <= _MAX_RATE:
        raise ConfigurationError(
            f"--gold-rate {rate:g}: give the share of gold clips among the tasks, 0 to {_MAX_RATE}"
        )


def gold_needed(tasks: int, rate: float) -> int:
    """Return the number of gold clips that give a share of ``rate`` beside other tasks.

    Example:
        >>> gold_needed(90, 0.1)
        10
    """
    return round(tasks * rate / (1 - rate))


def choose_gold(
    gold: Sequence[str], seen: Collection[str], tasks: int, rate: float, turn: float
) -> list[str]:
    """Return the gold clips for an annotator's list; fewer than needed if the rest was seen.

    Args:
        gold: ids of all gold clips, in order of use.
        seen: ids of gold clips that this annotator was given before.
        tasks: number of other tasks of the list.
        rate: share of gold among all tasks of the list.
        turn: start position in the order, 0..1, different for each annotator.

    Example:
        >>> choose_gold(["x", "y", "z"], {"y"}, tasks=18, rate=0.1, turn=1 / 3)
        ['z', 'x']
    """
    start = round(len(gold) * turn)
    order = [*gold[start:], *gold[:start]]
    return [clip_id for clip_id in order if clip_id not in seen][: gold_needed(tasks, rate)]


def mix_gold(tasks: Sequence[str], gold: Sequence[str], seed: str) -> list[str]:
    """Return the tasks in order with the gold clips mixed in.

    The list is divided into as many sections as there are gold clips, with lengths that differ by
    at most one. Each has one gold clip at a random position, so gold clips are neither adjacent
    nor at predictable distances.

    Args:
        tasks: ids of the clips to label, in order.
        gold: ids of the gold clips, no more than tasks.
        seed: seed of the positions.
    """
    length = len(tasks) + len(gold)
    others = iter(tasks)
    edges = [length * number // len(gold) for number in range(len(gold) + 1)] if gold else [0]
    places = {
        start + _random_below(f"{seed} {clip_id}", end - start): clip_id
        for clip_id, (start, end) in zip(gold, pairwise(edges), strict=True)
    }
    return [places[place] if place in places else next(others) for place in range(length)]


def _random_below(seed: str, below: int) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) % below


_MAX_RATE = 0.5
