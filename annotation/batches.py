"""Batches of exported tasks: what was offered to annotators, and what comes next."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.errors import ConfigurationError, DataError
from manifests.store import canonical_json, write_text

__all__ = ["Batch", "next_batch", "offered_texts", "read_batches", "tasked_clips", "write_batch"]

_NAME = re.compile(r"[\w][\w.-]{0,63}")
_NUMBERED = re.compile(r"batch-(\d+)")


@dataclass(frozen=True)
class Batch:
    """One file of tasks.

    Attributes:
        name: of the batch; the file's name without ``.json``.
        tasks: the data of each task, in the order in which annotators meet them.
    """

    name: str
    tasks: list[dict[str, str]]


def batch_path(corpus: Path, name: str) -> Path:
    """Return where a batch lies.

    Raises:
        ConfigurationError: if the name can't be a file's, or is taken.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"batch name {name!r}: use up to 64 letters, digits, '-', '_' and '.'"
        )
    path = _folder(corpus) / f"{name}.json"
    if path.exists():
        raise ConfigurationError(
            f"batch '{name}' was exported before and is never overwritten; choose another --batch"
        )
    return path


def next_batch(corpus: Path) -> str:
    """Return the first name in ``batch-0001``, ``batch-0002``, … above all that were used."""
    names = (_NUMBERED.fullmatch(path.stem) for path in _files(corpus))
    return f"batch-{max((int(name[1]) for name in names if name), default=0) + 1:04d}"


def write_batch(path: Path, tasks: list[dict[str, str]]) -> None:
    """Write tasks as Label Studio imports them, one a line, whole or not at all."""
    rows = ",\n".join(canonical_json({"data": data}) for data in tasks)
    write_text(path, f"[\n{rows}\n]\n")


def read_batches(corpus: Path) -> Iterator[Batch]:
    """Yield the batches exported so far, by name.

    Raises:
        DataError: naming a file that is no list of tasks with a ``clip_id``.
    """
    for path in _files(corpus):
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
            tasks = [_data(row) for row in rows]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise DataError(
                f"{path}: not a list of tasks as export-tasks writes it; put the file back as it "
                f"was, or move it elsewhere if it is none of ours"
            ) from error
        yield Batch(path.stem, tasks)


def tasked_clips(corpus: Path) -> dict[str, str]:
    """Return the clips that a task names, each with the first batch it is in; they are frozen."""
    clips: dict[str, str] = {}
    for batch in read_batches(corpus):
        for data in batch.tasks:
            clips.setdefault(data["clip_id"], batch.name)
    return clips


def offered_texts(corpus: Path) -> dict[str, set[str]]:
    """Return the texts that each clip's transcript field was filled with."""
    texts: dict[str, set[str]] = {}
    for batch in read_batches(corpus):
        for data in batch.tasks:
            texts.setdefault(data["clip_id"], set()).add(data.get("asr_text", ""))
    return texts


def _folder(corpus: Path) -> Path:
    return corpus / "annotations" / "tasks"


def _files(corpus: Path) -> list[Path]:
    """Return the batches' files; a hidden one is what a killed writer left."""
    found = _folder(corpus).glob("*.json")
    return sorted(path for path in found if not path.name.startswith("."))


def _data(row: Any) -> dict[str, str]:
    data: dict[str, str] = row["data"]
    if not all(isinstance(value, str) for value in (data["clip_id"], data.get("asr_text", ""))):
        raise TypeError
    return data
