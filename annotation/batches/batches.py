"""Batches of exported tasks.

A batch is one list shared by all annotators, ``annotations/tasks/<batch>.json``, or a folder
``annotations/tasks/<batch>/`` with ``plan.json`` and a list ``<annotator>.json`` for each.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.checksums import add_checksum, read_whole, write_checksums
from manifests.storage.copies import without_copies
from manifests.storage.record import Record, record
from manifests.storage.store import atomic_folder, canonical_json, write_bytes, write_text

__all__ = [
    "PLAN_FILE",
    "Batch",
    "Kind",
    "Plan",
    "Row",
    "batch_path",
    "batch_paths",
    "check_new",
    "is_pseudonym",
    "next_batch",
    "offered_texts",
    "read_batch",
    "read_batches",
    "read_plan",
    "read_plans",
    "tasked_clips",
    "write_assigned",
    "write_batch",
]

PLAN_FILE = "plan.json"

_PSEUDONYM = re.compile(r"[\w-]{1,32}")

Kind = Literal["label", "adjudication"]
Order = Literal["shuffled", "uncertainty", "doubt"]


@record
class Plan(Record):
    """Annotators (pseudonyms) and parameters of a batch.

    ``per_clip`` is the number of annotators of each clip; the gold clips mixed in, ``gold``, may
    have more. The kind is ``label`` for independent votes, ``adjudication`` for deciding disputed
    clips.
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


def read_plan(folder: Path, *, whole: bool = True) -> Plan:
    """Return the plan of a batch's folder; raise DataError if it is missing or can't be read.

    ``whole`` is False while a withdrawal changes it: its checksum may be that of the new plan.
    """
    path = folder / PLAN_FILE
    try:
        row = json.loads(read_whole(path) if whole else path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path}: not a plan as export-tasks writes it; put the folder back as it was, or move "
            f"it elsewhere if it isn't part of the corpus"
        ) from error
    plan: Plan = Plan.parse(row, str(path))
    return plan


Row = dict[str, Any]
"""Task in Label Studio's import format: ``{"data": {…}}``, with optional ``predictions``."""

_NAME = re.compile(r"[\w][\w.-]{0,63}")
_NUMBERED = re.compile(r"batch-(\d+)")


@dataclass(frozen=True)
class Batch:
    """One list of tasks, in Label Studio's import format and labelling order.

    The lists of a batch's annotators share its name; ``annotator`` is null for a shared list.
    """

    name: str
    rows: list[Row]
    annotator: str | None = None
    kind: Kind = "label"

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """Data of each task, in order."""
        return [row["data"] for row in self.rows]

    @property
    def clips(self) -> list[str]:
        """Id of each task's clip, in order."""
        return [row["data"]["clip_id"] for row in self.rows]

    def path(self, corpus: Path) -> Path:
        """Return its file in a corpus folder."""
        folder = _folder(corpus)
        return folder / (
            f"{self.name}/{self.annotator}.json" if self.annotator else f"{self.name}.json"
        )


def batch_path(corpus: Path, name: str) -> Path:
    """Return the file of a shared batch; without its suffix, the folder of an assigned one.

    Raises ConfigurationError if the name is invalid.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"batch name {name!r}: use up to 64 letters, digits, '-', '_' and '.'"
        )
    return _folder(corpus) / f"{name}.json"


def check_new(corpus: Path, name: str, clips: Collection[str], *, shared: bool) -> list[str]:
    """Return a warning if a batch of these clips was exported before, to be left as it is.

    Raises ConfigurationError if it was exported with other clips, or otherwise shared.
    """
    path = batch_path(corpus, name)
    found = [one for one in (path, path.with_name(name)) if one.exists()]
    for one in found:
        there = {data["clip_id"] for batch in read_batch(one) for data in batch.tasks}
        if one.is_file() != shared or there != set(clips):
            raise _taken(name)
    return [f"batch '{name}' was exported before, with the same tasks; it stays as it is"] * bool(
        found
    )


def _taken(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"batch '{name}' was exported before, with other tasks than this command gives now, and is "
        f"never overwritten; choose another --batch"
    )


def next_batch(corpus: Path) -> str:
    """Return the name after the last used one of the form ``batch-0001``."""
    used = (path.stem if path.is_file() else path.name for path in batch_paths(corpus))
    names = (_NUMBERED.fullmatch(name) for name in used)
    return f"batch-{max((int(name[1]) for name in names if name), default=0) + 1:04d}"


def write_batch(path: Path, rows: Sequence[Row]) -> None:
    """Write tasks in Label Studio's import format atomically, one per line.

    The folder's checksums come first: a killed writer leaves one without a file, and the next
    export uses the name. ConfigurationError if the batch exists with other tasks.
    """
    lines = ",\n".join(map(canonical_json, rows))
    data = f"[\n{lines}\n]\n".encode()
    if path.exists():
        if path.read_bytes() != data:
            raise _taken(path.stem)
        return
    add_checksum(path, data)
    write_bytes(path, data)


def write_assigned(
    corpus: Path, plan: Plan, lists: Mapping[str, Sequence[Row]], screen: str
) -> Path:
    """Write a batch with named annotators atomically and return its folder.

    One with exactly this content stays as it is; ConfigurationError if there is one with another.

    Remains of interrupted exports are removed, so the caller must hold the corpus's lock.
    ``screen`` is the label configuration of the projects.
    """
    path = batch_path(corpus, plan.batch)
    folder = path.with_name(plan.batch)
    if path.exists():
        raise _taken(plan.batch)
    try:
        with atomic_folder(folder) as temporary:
            write_plan(temporary, plan)
            for annotator in plan.annotators:
                write_batch(temporary / f"{annotator}.json", lists[annotator])
            write_text(temporary / "label_config.xml", screen)
            write_checksums(temporary)
    except FileExistsError as error:
        raise _taken(plan.batch) from error
    return folder


def read_batches(corpus: Path, but: str | None = None) -> Iterator[Batch]:
    """Yield all exported lists of tasks, by batch and annotator, ``but`` those of one batch.

    Raises DataError if a file isn't a list of tasks with a ``clip_id``, or a plan is invalid.
    """
    for path in batch_paths(corpus):
        if path not in (_folder(corpus) / f"{but}.json", _folder(corpus) / str(but)):
            yield from read_batch(path)


def read_batch(path: Path) -> list[Batch]:
    """Return the lists of a batch's file or folder; DataError as :func:`read_batches`."""
    if path.is_file():
        return [Batch(path.stem, _rows(path))]
    plan = read_plan(path)
    return [
        Batch(path.name, _rows(path / f"{annotator}.json"), annotator, plan.kind)
        for annotator in plan.annotators
    ]


def read_plans(corpus: Path) -> dict[str, Plan]:
    """Return the plans of the batches with named annotators, by batch.

    Raises DataError if a plan can't be read, naming it.
    """
    return {path.name: read_plan(path) for path in batch_paths(corpus) if path.is_dir()}


def tasked_clips(corpus: Path, but: str | None = None) -> dict[str, str]:
    """Return the clips in tasks, ``but`` of one batch, which are frozen, each with its first."""
    clips: dict[str, str] = {}
    for batch in read_batches(corpus, but):
        for clip_id in batch.clips:
            clips.setdefault(clip_id, batch.name)
    return clips


def offered_texts(corpus: Path) -> dict[str, set[str]]:
    """Return the texts that each clip's transcript field was prefilled with."""
    texts: dict[str, set[str]] = {}
    for batch in read_batches(corpus):
        for data in batch.tasks:
            texts.setdefault(data["clip_id"], set()).add(data.get("asr_text", ""))
    return texts


def _folder(corpus: Path) -> Path:
    return corpus / "annotations" / "tasks"


def batch_paths(corpus: Path) -> list[Path]:
    """Return files and folders of batches, without copies and those of interrupted writers."""
    folder = _folder(corpus)
    found = [*folder.glob("*.json"), *(path.parent for path in folder.glob(f"*/{PLAN_FILE}"))]
    return without_copies(found)


def _rows(path: Path) -> list[Row]:
    try:
        rows = json.loads(read_whole(path))
        return [_row(row) for row in rows]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(
            f"{path}: not a list of tasks as export-tasks writes it; restore the file, or move it "
            f"elsewhere if it isn't a batch"
        ) from error


def _row(row: Any) -> Row:
    data = row["data"]
    if not all(isinstance(value, str) for value in (data["clip_id"], data.get("asr_text", ""))):
        raise TypeError
    if not isinstance(row.get("predictions", []), list):
        raise TypeError
    found: Row = row | {"data": _ADDED_KEYS | data}
    return found


_ADDED_KEYS: dict[str, Any] = {"votes": "", "cast": []}
"""Keys required by the labelling screen that tasks of earlier versions lack."""
