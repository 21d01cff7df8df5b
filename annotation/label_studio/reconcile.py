"""Do a project's counts add up: pushed = answered + skipped + open + refused + by others."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from annotation.label_studio.destinations import TaskKey
from annotation.plans import Kind

__all__ = ["ProjectCounts", "TaskState", "count_tasks"]

TaskState = Literal["open", "by_others", "skipped", "refused", "answered"]
"""What became of a task; of two states of one task the later in this list holds."""


@dataclass(frozen=True)
class ProjectCounts:
    """What became of a project's tasks.

    Attributes:
        annotator: whose project it is; null if it is shared, or not known.
        kind: what is done in it; null if it isn't known.
        project_id: its number.
        pushed: tasks that were pushed, or begun to be; null if the project isn't known.
        answered: of those, with an answer of the annotator's that isn't taken back.
        skipped: of those, only skipped by the annotator.
        refused: of those, with nothing of the annotator's but answers that could not be taken.
        open: of those, with nothing.
        by_others: of those, answered or skipped by somebody else only.
        missing: pushed, but not on the server.
        others: on the server, but not pushed.
        twice: more than once on the server, beyond the first.
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
        """Return it JSON-ready."""
        return asdict(self)

    def mismatches(self) -> Iterator[str]:
        """Yield a sentence for each way in which the counts don't add up."""
        if self.missing:
            yield (
                f"{self.pushed} tasks were pushed = {self.answered} answered + {self.skipped} "
                f"skipped + {self.open} open + {self.refused} refused + {self.by_others} by others "
                f"+ {self.missing} that aren't on the server; bring those there again with: corpus "
                f"push-tasks"
            )
        if self.refused:
            yield (
                f"{_tasks(self.refused)} answered in a way that can't be taken; open what is named "
                f"as failed in Label Studio, correct it, press Update, and pull again"
            )
        if self.by_others:
            yield (
                f"{_tasks(self.by_others)} answered by somebody else only, and Label Studio may "
                f"not offer them to {self.annotator} any more; delete those annotations there, or "
                f"let {self.annotator} open the tasks one by one"
            )
        if self.others:
            yield f"{_tasks(self.others)} on the server but not pushed from this corpus"
        if self.twice:
            yield f"{_tasks(self.twice)} on the server once more; answers to both are taken"


def count_tasks(
    tasks: list[Any],
    pushed: Set[TaskKey] | None,
    *,
    annotator: str | None,
    kind: Kind | None,
    project_id: int,
    pseudonym_of: Callable[[Any], str | None] = lambda completed_by: None,
    refused: Set[int] = frozenset(),
    finished: Mapping[TaskKey, TaskState] | None = None,
) -> ProjectCounts:
    """Count what became of a project's tasks.

    Args:
        tasks: as exported, all of them.
        pushed: batch and clip of those that were pushed; null if nobody knows.
        annotator: whose project it is.
        kind: what is done in it.
        project_id: its number.
        name_of: tells the pseudonym of who completed an annotation; None if it isn't known, and
            then it is taken for the annotator's.
        refused: numbers of annotations that could not be taken.
        settled: what pulls before brought from tasks that may be gone by now.
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
    pseudonym_of: Callable[[Any], str | None],
    refused: Set[int],
) -> TaskState:
    found = task.get("annotations") if isinstance(task, dict) else None
    annotations = [annotation for annotation in found or [] if isinstance(annotation, dict)]
    own = [
        annotation
        for annotation in annotations
        if annotator is None or pseudonym_of(annotation.get("completed_by")) in (None, annotator)
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
