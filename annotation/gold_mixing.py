"""Gold clips among an annotator's tasks: ones that are new to them, spread over the whole list."""

import hashlib
from collections.abc import Collection, Sequence
from itertools import pairwise

from manifests.errors import ConfigurationError

__all__ = ["check_gold_rate", "choose_gold", "gold_needed", "mix_gold"]


def check_gold_rate(rate: float) -> None:
    """Refuse a share that leaves less than half of the tasks to other clips.

    Raises:
        ConfigurationError: if it does.
    """
    if not 0 <= rate <= _MOST:
        raise ConfigurationError(
            f"--gold-rate {rate:g}: give the share of gold clips among the tasks, 0 to {_MOST}"
        )


def gold_needed(tasks: int, rate: float) -> int:
    """Return how many gold clips make a share of all tasks beside so many others.

    Example:
        >>> gold_needed(90, 0.1)
        10
    """
    return round(tasks * rate / (1 - rate))


def choose_gold(
    gold: Sequence[str], seen: Collection[str], tasks: int, rate: float, turn: float
) -> list[str]:
    """Return the gold clips for an annotator's list; fewer than needed if they have seen the rest.

    Args:
        gold: ids of all gold clips, in the order in which they are used up.
        seen: those that this annotator met before.
        tasks: how many other tasks the list has.
        rate: share of gold among all tasks of the list.
        turn: where in the order this annotator begins, 0..1, so that everybody meets others first.

    Example:
        >>> choose_gold(["x", "y", "z"], {"y"}, tasks=18, rate=0.1, turn=1 / 3)
        ['z', 'x']
    """
    start = round(len(gold) * turn)
    order = [*gold[start:], *gold[:start]]
    return [clip_id for clip_id in order if clip_id not in seen][: gold_needed(tasks, rate)]


def mix_gold(tasks: Sequence[str], gold: Sequence[str], seed: str) -> list[str]:
    """Return the tasks in their order with the gold clips among them.

    The list is divided into as many stretches as there are gold clips, of equal length but for
    one. Each has one gold clip, at a place that the seed draws: they lie neither together nor at
    a distance that could be learned.

    Args:
        tasks: ids of the clips to label, in order.
        gold: ids of the gold clips, no more than tasks.
        seed: draws the places.
    """
    length = len(tasks) + len(gold)
    others = iter(tasks)
    edges = [length * number // len(gold) for number in range(len(gold) + 1)] if gold else [0]
    places = {
        start + _draw(f"{seed} {clip_id}", end - start): clip_id
        for clip_id, (start, end) in zip(gold, pairwise(edges), strict=True)
    }
    return [places[place] if place in places else next(others) for place in range(length)]


def _draw(seed: str, below: int) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) % below


_MOST = 0.5
