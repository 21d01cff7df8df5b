"""Export Label Studio tasks for clips that are in no batch yet.

Each annotator's list has the assigned clips in an order of its own, with gold clips mixed in.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from annotation.batches.batches import (
    Order,
    Plan,
    Row,
    batch_path,
    check_new,
    next_batch,
    read_batches,
    write_assigned,
    write_batch,
)
from annotation.batches.gold import choose_gold, gold_needed, gold_path, mix_gold, read_gold
from annotation.scheme.answers import gc_paused, quoted
from annotation.scheme.label_config import label_config
from annotation.scheme.settings import AnnotationSettings
from annotation.tasks.assignment import Panel, assign
from annotation.tasks.candidates import Candidates, FindContext, check_base_url, task_rows
from manifests.base.errors import ConfigurationError
from manifests.base.outcome import Outcome, listed
from manifests.storage.decisions import is_decided
from manifests.storage.sections import TextSettings
from manifests.storage.store import fingerprint, write_text

if TYPE_CHECKING:
    from annotation.tasks.suspects import SecondVotes

__all__ = [
    "Ranking",
    "apply_limit",
    "check_limit",
    "export_tasks",
    "hash_order",
    "make_task_lists",
    "write_lists",
]


@dataclass(frozen=True)
class TaskLists:
    """Clip ids of each annotator's tasks in order, and of the gold clips among them.

    ``warnings`` name the annotators with fewer gold clips than requested.
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
    voted: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> TaskLists:
    """Return the task list of each annotator of a panel.

    The seed is of assignment, order and gold positions; nobody gets a clip on which they ``voted``.
    With ``keep_order`` the clips stay in the
    given order instead of being shuffled for each annotator. Raises DataError if an earlier batch
    can't be read.
    """
    assigned = assign(clips, panel.annotators, panel.votes, seed, voted)
    seen = _gold_seen(corpus, panel.annotators, set(gold), batch) if gold else {}
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


def _gold_seen(
    corpus: Path, annotators: Sequence[str], gold: set[str], but: str
) -> dict[str, set[str]]:
    """Return the gold clips in earlier tasks of each annotator; a shared list goes to everybody."""
    seen: dict[str, set[str]] = {name: set() for name in annotators}
    for batch in read_batches(corpus, but):
        batch_gold = {data["clip_id"] for data in batch.tasks} & gold
        for name in annotators:
            if batch.annotator in (None, name):
                seen[name] |= batch_gold
    return seen


Ranking = Callable[[Sequence[str]], list[str]]
"""Sorts clip ids by labelling priority, highest first."""


@gc_paused()
def export_tasks(
    corpus: Path,
    *,
    batch: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    panel: Panel | None = None,
    suspects: "SecondVotes | None" = None,
    ranking: Ranking | None = None,
    ranked_by: Order = "uncertainty",
    pre_annotations: Mapping[str, Sequence[float]] | None = None,
    context: FindContext | None = None,
    audio_base_url: str | None = None,
    annotation: AnnotationSettings | None = None,
    text: TextSettings | None = None,
) -> Outcome:
    """Write a batch of tasks and the label configuration in Label Studio's import format.

    The batch has every accepted, not superseded clip that is in no earlier batch, shuffled so that
    annotators can't follow the plot. Tasks have no hint of the emotion, unless pre-annotations are
    given. With a panel each annotator has an individual list and order, with gold clips of
    annotations/gold.csv that are new to them; ``details`` then has the numbers of ``tasks`` and
    ``gold`` clips by annotator in ``annotators``.

    Args:
        corpus: the corpus folder.
        batch: name of the batch; default: the next of ``batch-0001``, ``batch-0002``, …
        limit: largest number of clips, without gold; the rest is left for the next batch.
        seed: seed of assignment and order.
        panel: annotators of the batch; default: one list for all.
        suspects: chooses labelled clips for a second vote, instead of clips that are in no batch.
        ranking: order of the clips in all lists, instead of shuffling.
        ranked_by: name of that order in the plan of the batch.
        pre_annotations: probabilities in class order by clip id, to be pre-selected.
        context: finds excerpts with context; default: tasks have none.
        audio_base_url: HTTP URL of the folder ``clips``; default: Label Studio's local files, with
            the corpus folder as document root.
        annotation: section [annotation] of corpus.toml.
        text: section [text] of corpus.toml.

    Raises:
        ConfigurationError: if the batch exists with other tasks, or an argument or the label
            configuration is bad.
        DataError: if a shard, an earlier batch or the gold clips can't be read.
    """
    check_limit(limit)
    check_base_url(audio_base_url)
    if panel is not None:
        panel.check(corpus)
    name = batch or next_batch(corpus)
    path = batch_path(corpus, name)
    screen = label_config(corpus, annotation or AnnotationSettings())
    outcome = Outcome(details={"batch": None, "tasks": 0})
    candidates = Candidates(corpus, outcome, name)
    mixes = panel is not None and panel.gold_rate > 0
    known = read_gold(corpus) if mixes else {}
    gold = _gold(corpus, known, candidates) if mixes else []
    if suspects is None:
        ids = [clip.clip_id for clip in candidates.unassigned(reserved=known)]
    else:
        ids = suspects(candidates, None if panel is None else panel.annotators)
        outcome.warnings += suspects.warnings(ids, shared=panel is None)
    ids = apply_limit(hash_order(ids, seed) if ranking is None else ranking(ids), limit, outcome)
    if not ids:
        check_new(corpus, name, ids, shared=panel is None)
        if suspects is None:
            outcome.warnings.append(
                "every accepted clip is in an earlier batch; nothing was written"
            )
        return outcome
    task_lists = None
    if panel is not None:
        in_order = ranking is not None
        task_lists = make_task_lists(
            corpus,
            panel,
            ids,
            gold,
            batch=name,
            seed=seed,
            keep_order=in_order,
            voted={} if suspects is None else suspects.voted,
        )
        outcome.warnings += task_lists.warnings
    clips = [
        candidates.clips[one] for one in (*ids, *(task_lists.gold_clips() if task_lists else ()))
    ]
    outcome.warnings += check_new(
        corpus, name, [clip.clip_id for clip in clips], shared=panel is None
    )
    rows = task_rows(
        corpus,
        name,
        clips,
        candidates.clips.values(),
        text=text,
        audio_base_url=audio_base_url,
        context=context(clips) if context else {},
        probabilities=pre_annotations or {},
    )
    outcome.kept = len(ids)
    outcome.details["batch"] = name
    if pre_annotations is not None:
        outcome.warnings.append(_ANCHORING)
    if panel is None or task_lists is None:
        _write_one_list(path, [rows[one] for one in ids], screen, outcome)
        return outcome
    plan = Plan(
        kind="label",
        batch=name,
        seed=seed,
        per_clip=panel.votes,
        annotators=list(panel.annotators),
        gold=task_lists.gold_clips(),
        order="shuffled" if ranking is None else ranked_by,
    )
    write_lists(corpus, plan, task_lists, rows, screen, outcome)
    return outcome


def write_lists(
    corpus: Path,
    plan: Plan,
    task_lists: TaskLists,
    rows: Mapping[str, Row],
    screen: str,
    outcome: Outcome,
) -> None:
    """Write a batch with a list for each annotator; add folder and task numbers to the outcome."""
    lists = {name: [rows[one] for one in own] for name, own in task_lists.lists.items()}
    outcome.outputs.append(write_assigned(corpus, plan, lists, screen))
    outcome.details |= {
        "batch": plan.batch,
        "tasks": sum(map(len, lists.values())),
        "annotators": task_lists.counts(),
    }


def check_limit(limit: int | None) -> None:
    """Raise ConfigurationError for a limit below 1."""
    if limit is not None and limit < 1:
        raise ConfigurationError(f"--limit {limit}: at least one task is needed")


def apply_limit(ids: list[str], limit: int | None, outcome: Outcome) -> list[str]:
    """Return the first clips up to the limit; count the others as rejected."""
    if limit is None or len(ids) <= limit:
        return ids
    outcome.rejected["over the limit"] += len(ids) - limit
    return ids[:limit]


def _write_one_list(path: Path, rows: list[Row], screen: str, outcome: Outcome) -> None:
    configuration = path.parent / "label_config.xml"
    if path.exists():
        write_batch(path, rows)  # refuses other tasks before anything is changed
    write_text(configuration, screen)
    write_batch(path, rows)  # last: a batch that exists is complete, even if the command is killed
    outcome.outputs += [path, configuration]
    outcome.details["tasks"] = len(rows)


def _gold(corpus: Path, named: Collection[str], candidates: Candidates) -> list[str]:
    """Return the gold clips with an audio file, not of undecided sources.

    They need be neither new nor accepted.
    """
    if not named:
        raise ConfigurationError(
            f"--gold-rate: {gold_path(corpus)} has no clips; add clip_id,emotion of clips of "
            f"known class, or omit --gold-rate"
        )
    clips = [candidates.clips[one] for one in named if one in candidates.clips]
    decided = {name for name in {clip.source_id for clip in clips} if is_decided(corpus, name)}
    found = [
        clip.clip_id
        for clip in clips
        if clip.superseded_by is None and clip.source_id in decided and candidates.has_audio(clip)
    ]
    left_out = sorted(set(named) - set(found))
    if left_out:
        candidates.outcome.warnings.append(
            f"{len(left_out)} of {len(named)} gold clips are not in this corpus, superseded, "
            f"undecided or without a file, and left out: {listed(map(quoted, left_out), most=5)}"
        )
    return found


_ANCHORING = (
    "the predictions will be pre-selected in Label Studio and bias annotators towards them; use "
    "these votes for speed, not for agreement (each judgement records its origin)"
)
