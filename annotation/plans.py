"""Plan of a batch with named annotators: ``plan.json`` beside their task lists."""

import json
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from manifests.errors import DataError
from manifests.record import Record, record
from manifests.store import canonical_json, write_text

__all__ = ["PLAN_FILE", "Kind", "Order", "Plan", "is_pseudonym", "read_plan", "write_plan"]

PLAN_FILE = "plan.json"

_PSEUDONYM = re.compile(r"[\w-]{1,32}")

Kind = Literal["label", "adjudication"]
Order = Literal["shuffled", "uncertainty"]


@record
class Plan(Record):
    """Annotators and parameters of a batch.

    Attributes:
        kind: ``label`` for independent votes, ``adjudication`` for deciding disputed clips.
        batch: name of the batch.
        seed: seed of assignment and order.
        per_clip: number of annotators of each clip; gold clips may have more.
        annotators: pseudonyms; each has a task list of that name.
        gold: ids of the gold clips mixed in.
        order: order of each annotator's tasks.
        show_votes: tasks show the earlier votes.
    """

    kind: Kind
    batch: str
    seed: int
    per_clip: int
    annotators: list[str]
    gold: list[str] = Field(default_factory=list)
    order: Order = "shuffled"
    show_votes: bool = False

    @field_validator("annotators")
    @classmethod
    def _are_pseudonyms(cls, annotators: list[str]) -> list[str]:
        for name in annotators:
            if not is_pseudonym(name):
                raise ValueError(f"'{name}' isn't a pseudonym")
        return annotators


def is_pseudonym(name: str) -> bool:
    """Return whether a name is a valid pseudonym: letters, digits, ``-`` and ``_``.

    Example:
        >>> is_pseudonym("a01"), is_pseudonym("li@lab.example")
        (True, False)
    """
    return name != Path(PLAN_FILE).stem and bool(_PSEUDONYM.fullmatch(name))


def write_plan(folder: Path, plan: Plan) -> None:
    """Write a batch's plan into its folder."""
    write_text(folder / PLAN_FILE, canonical_json(plan.row()) + "\n")


def read_plan(folder: Path) -> Plan:
    """Return the plan of a batch's folder.

    Raises:
        DataError: if it is missing or can't be read.
    """
    path = folder / PLAN_FILE
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path}: not a plan as export-tasks writes it; put the folder back as it was, or move "
            f"it elsewhere if it isn't part of the corpus"
        ) from error
    plan: Plan = Plan.parse(row, str(path))
    return plan
