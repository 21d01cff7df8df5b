"""Task list of each annotator: assigned clips in an individual order, with gold clips mixed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotation.assignment import assign
from annotation.batches import read_batches
from annotation.gold_mixing import choose_gold, gold_needed, mix_gold
from annotation.panel import Panel
from manifests.store import fingerprint

__all__ = ["TaskLists", "hash_order", "make_task_lists"]


@dataclass(frozen=True)
class TaskLists:
    """The tasks of each annotator, as clip ids.

    Attributes:
        lists: all tasks in order, by annotator.
        gold: gold clips among them, by annotator.
        warnings: annotators with fewer gold clips than requested.
    """

    lists: Mapping[str, list[str]]
    gold: Mapping[str, list[str]]
    warnings: list[str]

    def gold_clips(self) -> list[str]:
        """Return the gold clips in any list."""
        return sorted({clip_id for own in self.gold.values() for clip_id in own})

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the numbers of ``tasks`` and of ``gold`` clips among them, by annotator."""
        return {
            name: {"tasks": len(own), "gold": len(self.gold[name])}
            for name, own in self.lists.items()
        }


def make_task_lists(
    corpus: Path,
    panel: Panel,
    clips: Sequence[str],
    gold: Sequence[str],
    *,
    batch: str,
    seed: int,
    keep_order: bool,
) -> TaskLists:
    """Return the task list of each annotator of a panel.

    Args:
        corpus: the corpus folder.
        panel: the annotators.
        clips: ids of the clips to label.
        gold: ids of the available gold clips.
        batch: name of the batch.
        seed: seed of assignment, order and gold positions.
        keep_order: keep the clips in the given order instead of shuffling by annotator.

    Raises:
        DataError: if an earlier batch can't be read.
    """
    assigned = assign(clips, panel.annotators, panel.votes, seed)
    seen = _gold_seen(corpus, panel.annotators, set(gold)) if gold else {}
    supply = hash_order(gold, "gold")
    lists, gold_lists, warnings = {}, {}, []
    for place, (name, own) in enumerate(assigned.items()):
        turn = place / len(assigned)
        own_gold = choose_gold(supply, seen.get(name, ()), len(own), panel.gold_rate, turn)
        needed = gold_needed(len(own), panel.gold_rate)
        if len(own_gold) < needed:
            warnings.append(
                f"{name} gets {len(own_gold)} gold clips instead of {needed}: there are "
                f"{len(gold)}, each shown once"
            )
        tasks = own if keep_order else hash_order(own, f"{seed} {batch} {name}")
        lists[name], gold_lists[name] = (
            mix_gold(tasks, own_gold, f"{seed} {batch} {name}"),
            own_gold,
        )
    return TaskLists(lists, gold_lists, warnings)


def hash_order(clips: Sequence[str], seed: str | int) -> list[str]:
    """Order by a keyed hash: independent of time and source, the same on every machine."""
    return sorted(clips, key=lambda clip_id: fingerprint([seed, clip_id]))


def _gold_seen(corpus: Path, annotators: Sequence[str], gold: set[str]) -> dict[str, set[str]]:
    """Return the gold clips in earlier tasks of each annotator; a shared list goes to everybody."""
    seen: dict[str, set[str]] = {name: set() for name in annotators}
    for batch in read_batches(corpus):
        batch_gold = {data["clip_id"] for data in batch.tasks} & gold
        for name in annotators:
            if batch.annotator in (None, name):
                seen[name] |= batch_gold
    return seen
