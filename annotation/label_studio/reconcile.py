"""Do the counts add up: tasks pushed = answered + skipped + open + by others, in each project."""

from collections.abc import Callable, Iterator, Set
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from annotation.label_studio.destinations import Key
from annotation.plans import Kind

__all__ = ["Account", "account"]

State = Literal["open", "by_others", "skipped", "answered"]


@dataclass(frozen=True)
class Account:
    """What became of a project's tasks.

    Attributes:
        annotator: whose project it is; null if it is shared, or not known.
        kind: what is done in it; null if it isn't known.
        project_id: its number.
        pushed: tasks that were pushed, or begun to be; null if the project isn't known.
        answered: of those, with an answer of the annotator's that isn't taken back.
        skipped: of those, only skipped by the annotator.
        open: of those, without either.
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
                f"skipped + {self.open} open + {self.by_others} by others + {self.missing} that "
                f"aren't on the server; bring those there again with: corpus push-tasks"
            )
        if self.by_others:
            yield (
                f"{self.by_others} tasks were answered by somebody else only, and Label Studio may "
                f"not offer them to {self.annotator} any more; delete those annotations there, or "
                f"let {self.annotator} open the tasks one by one"
            )
        if self.others:
            yield f"{self.others} tasks on the server were not pushed from this corpus"
        if self.twice:
            yield f"{self.twice} tasks are on the server once more; answers to both are taken"


def account(
    tasks: list[Any],
    pushed: Set[Key] | None,
    *,
    annotator: str | None,
    kind: Kind | None,
    project_id: int,
    name_of: Callable[[Any], str | None] = lambda completed_by: None,
) -> Account:
    """Count what became of a project's tasks.

    Args:
        tasks: as exported, all of them.
        pushed: batch and clip of those that were pushed; null if nobody knows.
        annotator: whose project it is.
        kind: what is done in it.
        project_id: its number.
        name_of: tells the pseudonym of who completed an annotation; None if it isn't known, and
            then it is taken for the annotator's.
    """
    states: dict[Key, State] = {}
    twice = 0
    for task in tasks:
        key = _key(task)
        twice += key in states
        states[key] = _better(states.get(key, "open"), _state(task, annotator, name_of))
    ours = states.keys() if pushed is None else states.keys() & pushed
    counts = [states[key] for key in ours]
    return Account(
        annotator=annotator,
        kind=kind,
        project_id=project_id,
        pushed=None if pushed is None else len(pushed),
        answered=counts.count("answered"),
        skipped=counts.count("skipped"),
        open=counts.count("open"),
        by_others=counts.count("by_others"),
        missing=len(pushed - states.keys()) if pushed is not None else 0,
        others=len(states) - len(ours),
        twice=twice,
    )


def _state(task: Any, annotator: str | None, name_of: Callable[[Any], str | None]) -> State:
    found = task.get("annotations") if isinstance(task, dict) else None
    annotations = [one for one in found or [] if isinstance(one, dict)]
    own = [
        one
        for one in annotations
        if annotator is None or name_of(one.get("completed_by")) in (None, annotator)
    ]
    if any(not one.get("was_cancelled") for one in own):
        return "answered"
    if own:
        return "skipped"
    return "by_others" if annotations else "open"


def _better(one: State, other: State) -> State:
    return max(one, other, key=get_args(State).index)


def _key(task: Any) -> Key:
    data = task.get("data") if isinstance(task, dict) else None
    fields = data if isinstance(data, dict) else {}
    return str(fields.get("batch", "")), str(fields.get("clip_id", ""))
