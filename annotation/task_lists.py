"""Each annotator's list of tasks: their share of the clips, in an order of their own, with gold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from annotation.assignment import assign
from annotation.batches import read_batches
from annotation.gold_mixing import choose_gold, gold_wanted, mix
from annotation.panel import Panel
from manifests.store import fingerprint

__all__ = ["TaskLists", "by_lot", "share_out"]


@dataclass(frozen=True)
class TaskLists:
    """The tasks of each annotator, as clip ids.

    Attributes:
        lists: all of them, in order.
        gold: those among them that are gold.
        warnings: who could not be given as many gold clips as asked for.
    """

    lists: Mapping[str, list[str]]
    gold: Mapping[str, list[str]]
    warnings: list[str]

    def used_gold(self) -> list[str]:
        """Return the gold clips that anybody was given."""
        return sorted({clip_id for own in self.gold.values() for clip_id in own})

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many ``tasks`` each annotator has, and how many of them are ``gold``."""
        return {
            name: {"tasks": len(own), "gold": len(self.gold[name])}
            for name, own in self.lists.items()
        }


def share_out(
    corpus: Path,
    panel: Panel,
    clips: Sequence[str],
    gold: Sequence[str],
    *,
    batch: str,
    seed: int,
    keep_order: bool,
) -> TaskLists:
    """Return what each annotator of a panel is asked.

    Args:
        corpus: the corpus folder.
        panel: the annotators.
        clips: ids of the clips to label.
        gold: ids of the gold clips there are.
        batch: that the tasks are for.
        seed: settles assignment, order and the places of gold.
        keep_order: leave everybody's clips in the order given, instead of one of their own.

    Raises:
        DataError: if an earlier batch can't be read.
    """
    assigned = assign(clips, panel.annotators, panel.votes, seed)
    seen = _seen(corpus, panel.annotators, set(gold)) if gold else {}
    supply = by_lot(gold, "gold")
    lists, golden, warnings = {}, {}, []
    for place, (name, own) in enumerate(assigned.items()):
        turn = place / len(assigned)
        given = choose_gold(supply, seen.get(name, ()), len(own), panel.gold_rate, turn)
        wanted = gold_wanted(len(own), panel.gold_rate)
        if len(given) < wanted:
            warnings.append(
                f"{name} gets {len(given)} gold clips instead of {wanted}: there are "
                f"{len(gold)}, and nobody meets one twice"
            )
        tasks = own if keep_order else by_lot(own, f"{seed} {batch} {name}")
        lists[name], golden[name] = mix(tasks, given, f"{seed} {batch} {name}"), given
    return TaskLists(lists, golden, warnings)


def by_lot(clips: Sequence[str], seed: str | int) -> list[str]:
    """Order by a keyed hash: unrelated to time and source, and the same on every machine."""
    return sorted(clips, key=lambda clip_id: fingerprint([seed, clip_id]))


def _seen(corpus: Path, annotators: Sequence[str], gold: set[str]) -> dict[str, set[str]]:
    """Return the gold clips that each was asked about; a shared list asks everybody."""
    seen: dict[str, set[str]] = {name: set() for name in annotators}
    for batch in read_batches(corpus):
        asked = {data["clip_id"] for data in batch.tasks} & gold
        for name in annotators:
            if batch.annotator in (None, name):
                seen[name] |= asked
    return seen
