"""Gold clips: clips of known class for measuring annotators, spread over their task lists."""

import hashlib
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path

from annotation.scheme.answers import quoted
from manifests.base.csv_tables import Ragged, read_table
from manifests.base.emotions import EMOTIONS, Emotion
from manifests.base.errors import ConfigurationError, DataError

__all__ = ["check_gold_rate", "choose_gold", "gold_needed", "gold_path", "mix_gold", "read_gold"]

_COLUMNS = ["clip_id", "emotion"]


def gold_path(corpus: Path) -> Path:
    """Return the CSV file with the classes of gold clips, written by hand or by another tool."""
    return corpus / "annotations" / "gold.csv"


def read_gold(corpus: Path) -> dict[str, Emotion]:
    """Return the class of each gold clip by clip id; empty without the file.

    Raises DataError if a line is invalid, naming it.
    """
    path = gold_path(corpus)
    if not path.exists():
        return {}
    columns, rows = read_table(path)
    if columns != _COLUMNS:
        raise DataError(f"{path}, line 1: the columns must be {','.join(_COLUMNS)}")
    gold: dict[str, Emotion] = {}
    for number, row in rows:
        _add(gold, row, f"{path}, line {number}")
    return gold


def _add(gold: dict[str, Emotion], row: dict[str, str] | Ragged, where: str) -> None:
    if isinstance(row, Ragged) or not all(row.values()):
        raise DataError(f"{where}: expected a clip_id and its emotion, and nothing else")
    clip_id, emotion = row.values()
    if emotion not in EMOTIONS:
        raise DataError(
            f"{where}: {quoted(emotion)} isn't one of the classes {', '.join(EMOTIONS)}"
        )
    if clip_id in gold:
        raise DataError(f"{where}: clip {quoted(clip_id)} has a row already; keep one")
    gold[clip_id] = emotion


def check_gold_rate(rate: float) -> None:
    """Raise ConfigurationError for a gold rate above one half."""
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
    """Return the tasks in order with the gold clips, no more than tasks, mixed in.

    The list is divided into as many sections as there are gold clips, with lengths that differ by
    at most one. Each has one gold clip at a random position, so gold clips are neither adjacent nor
    at predictable distances.
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
