"""Reconcile a project's counts: pushed = answered + skipped + open + refused + by others."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from annotation.batches.batches import Kind
from annotation.judgements.store import latest, read_judgements
from annotation.label_studio.destinations import TaskKey
from manifests.base.outcome import counted

__all__ = ["ProjectCounts", "count_tasks", "finished_tasks"]

TaskState = Literal["open", "by_others", "skipped", "refused", "answered"]
"""State of a task; of two states of one task the later in this list applies."""


@dataclass(frozen=True)
class ProjectCounts:
    """Numbers of a project's tasks by state; owner, kind and ``pushed`` are null if unknown.

    Of the pushed tasks, ``answered`` have a valid answer of the annotator, ``skipped`` were only
    skipped, ``refused`` have only invalid answers, ``open`` have no annotations, ``by_others`` were
    answered or skipped by other annotators only, and ``missing`` are not on the server. Of the
    tasks on the server, ``others`` were not pushed and ``twice`` are duplicates. A shared project
    has no owner.
    """

    annotator: str | None
    kind: Kind | None
    project_id: int
    pushed: int | None
    answered: int
    skipped: int
    refused: int
    open: int
    by_others: int
    missing: int
    others: int
    twice: int

    def row(self) -> dict[str, Any]:
        """Return the counts JSON-ready."""
        return asdict(self)

    def mismatches(self) -> Iterator[str]:
        """Yield a warning for each mismatch of the counts."""
        if self.missing:
            yield (
                f"{counted(self.pushed or 0, 'task was pushed', 'tasks were pushed')} = "
                f"{self.answered} answered + {self.skipped} "
                f"skipped + {self.open} open + {self.refused} refused + {self.by_others} by others "
                f"+ {self.missing} missing on the server; push those again with: corpus push-tasks"
            )
        if self.refused:
            yield (
                f"{_tasks(self.refused)} answered in an invalid way; do what the reasons listed as "
                f"failed say, or open the annotations in Label Studio, correct them, press Update, "
                f"and pull again"
            )
        if self.by_others:
            yield (
                f"{_tasks(self.by_others)} answered by other annotators only, and Label Studio may "
                f"not offer them to {self.annotator} any more; delete those annotations there, or "
                f"have {self.annotator} open the tasks one by one"
            )
        if self.others:
            yield f"{_tasks(self.others)} on the server but not pushed from this corpus"
        if self.twice:
            yield f"{_tasks(self.twice)} on the server twice; answers to both are imported"


def count_tasks(
    tasks: list[Any],
    pushed: Set[TaskKey] | None,
    *,
    annotator: str | None,
    kind: Kind | None,
    project_id: int,
    pseudonym_of: Callable[[Mapping[str, Any]], str | None] = lambda annotation: None,
    refused: Set[int] = frozenset(),
    finished: Mapping[TaskKey, TaskState] | None = None,
) -> ProjectCounts:
    """Count a project's exported tasks by state.

    ``pushed`` are batch and clip of the pushed tasks; null if unknown. ``annotator`` is the owner.
    ``pseudonym_of`` returns an annotation's pseudonym; annotations without one (None) count as the
    owner's. ``refused`` are the ids of invalid annotations, ``finished`` the states from earlier
    pulls, of tasks that may have been deleted since.
    """
    there: set[TaskKey] = set()
    states: dict[TaskKey, TaskState] = {}
    twice = 0
    for task in tasks:
        key = _key(task)
        twice += key in there
        there.add(key)
        found = _state(task, annotator, pseudonym_of, refused)
        states[key] = _better(states.get(key, "open"), found)
    states = {**(finished or {}), **states}
    ours = there if pushed is None else states.keys() & pushed
    counts = [states[key] for key in ours]
    return ProjectCounts(
        annotator=annotator,
        kind=kind,
        project_id=project_id,
        pushed=None if pushed is None else len(pushed),
        answered=counts.count("answered"),
        skipped=counts.count("skipped"),
        refused=counts.count("refused"),
        open=counts.count("open"),
        by_others=counts.count("by_others"),
        missing=len(pushed - states.keys()) if pushed is not None else 0,
        others=len(there - ours),
        twice=twice,
    )


def _tasks(number: int) -> str:
    return f"{number} task{' is' if number == 1 else 's are'}"


def _state(
    task: Any,
    annotator: str | None,
    pseudonym_of: Callable[[Mapping[str, Any]], str | None],
    refused: Set[int],
) -> TaskState:
    found = task.get("annotations") if isinstance(task, dict) else None
    annotations = [annotation for annotation in found or [] if isinstance(annotation, dict)]
    own = [
        annotation
        for annotation in annotations
        if annotator is None or pseudonym_of(annotation) in (None, annotator)
    ]
    taken = [annotation for annotation in own if annotation.get("id") not in refused]
    if any(not annotation.get("was_cancelled") for annotation in taken):
        return "answered"
    if own:
        return "skipped" if len(taken) == len(own) else "refused"
    return "by_others" if annotations else "open"


def _better(first: TaskState, second: TaskState) -> TaskState:
    return max(first, second, key=get_args(TaskState).index)


def _key(task: Any) -> TaskKey:
    data = task.get("data") if isinstance(task, dict) else None
    fields = data if isinstance(data, dict) else {}
    return str(fields.get("batch", "")), str(fields.get("clip_id", ""))


def finished_tasks(corpus: Path) -> dict[str, dict[TaskKey, TaskState]]:
    """Return the states of the tasks that each annotator answered or skipped, by pseudonym.

    Raises DataError if a file of judgements can't be read.
    """
    found: defaultdict[str, dict[TaskKey, TaskState]] = defaultdict(dict)
    for judgement in latest(read_judgements(corpus)):
        key = (judgement.batch or "", judgement.clip_id)
        found[judgement.annotator][key] = judgement.status
    return dict(found)
