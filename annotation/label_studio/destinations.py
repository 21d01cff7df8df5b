"""Assignment of batches to projects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from annotation.batches.batches import Batch, Kind, Row, read_batches
from annotation.batches.server_file import KnownProject, project_key
from annotation.judgements.annotators import Annotators
from annotation.scheme.settings import TASK_KEYS
from manifests.base.errors import ConfigurationError, DataError

__all__ = ["Destination", "TaskKey", "destinations", "task_key"]

TaskKey = tuple[str, str]
"""Batch and clip id, which identify a task within a project."""


@dataclass
class Destination:
    """Intended content of a project: tasks by key in labelling order, and the batches' names.

    ``key`` is its key in annotations/server.json, ``annotator`` its owner's pseudonym (null for a
    shared project), ``screen`` the label configuration of the newest batch, from ``screen_path``.
    """

    key: str
    annotator: str | None
    kind: Kind
    screen: str = ""
    screen_path: Path | None = None
    batches: list[str] = field(default_factory=list)
    rows: dict[TaskKey, Row] = field(default_factory=dict)

    def title(self, corpus: Path) -> str:
        """Return the project's title; Label Studio requires 3 to 50 characters."""
        end = f" · {self.annotator or 'shared'}"
        if self.kind == "adjudication":
            end += " · adjudication"
        return corpus.resolve().name[: _LONGEST_TITLE - len(end)] + end

    def add(self, corpus: Path, batch: Batch) -> None:
        """Add a batch's tasks; missing keys of the label configuration are set to empty."""
        self.batches.append(batch.name)
        self.screen_path = _screen_path(corpus, batch)
        self.screen = _screen(self.screen_path, batch.name)
        for row in batch.rows:
            data = _EMPTY | row["data"] | {"batch": batch.name}
            self.rows[task_key(data)] = row | {"data": data}


def task_key(data: Mapping[str, str]) -> TaskKey:
    """Return the key of a task."""
    return data["batch"], data["clip_id"]


def destinations(
    corpus: Path,
    known: Mapping[str, KnownProject],
    *,
    wanted: Sequence[str] = (),
    annotators: Sequence[str] = (),
) -> list[Destination]:
    """Return the intended content of each project, sorted by key, for all or the wanted batches.

    A shared batch goes in full to each of ``annotators``; by default to the ``known`` projects that
    it went to before, else to one shared project.

    Raises:
        ConfigurationError: if a batch or an annotator doesn't exist.
        DataError: if a batch can't be read.
    """
    _check_annotators(corpus, annotators)
    found: dict[str, Destination] = {}
    names = set()
    for batch in read_batches(corpus):
        names.add(batch.name)
        if wanted and batch.name not in wanted:
            continue
        for key, annotator in _places(batch, known, annotators):
            place = found.setdefault(key, Destination(key, annotator, batch.kind))
            place.add(corpus, batch)
    _check_batches(wanted, names)
    return [found[key] for key in sorted(found)]


def _places(
    batch: Batch, known: Mapping[str, KnownProject], annotators: Sequence[str]
) -> list[tuple[str, str | None]]:
    if batch.annotator is not None:
        return [(project_key(batch.annotator, batch.kind), batch.annotator)]
    if annotators:
        return [(project_key(name, batch.kind), name) for name in annotators]
    before = [key for key, project in known.items() if batch.name in project.batches]
    places = [(key, key.partition(":")[0] or None) for key in before]
    return places or [(project_key(None, batch.kind), None)]


def _check_annotators(corpus: Path, annotators: Sequence[str]) -> None:
    if not annotators:
        return
    addresses = Annotators(corpus).addresses()
    for name in annotators:
        if name not in addresses:
            raise ConfigurationError(
                f"--annotators {name}: annotations/annotators.csv has no annotator of that name "
                f"with an e-mail address; it has {', '.join(sorted(addresses)) or 'none'}"
            )


def _check_batches(wanted: Sequence[str], names: set[str]) -> None:
    if not names:
        raise ConfigurationError("no tasks exported yet; start with: corpus export-tasks")
    for name in wanted:
        if name not in names:
            near = get_close_matches(name, names, n=1, cutoff=0.0)
            raise ConfigurationError(f"there is no batch '{name}'; did you mean '{near[0]}'?")


def _screen_path(corpus: Path, batch: Batch) -> Path:
    folder = corpus / "annotations" / "tasks"
    return (folder / batch.name if batch.annotator else folder) / "label_config.xml"


def _screen(path: Path, batch: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise DataError(
            f"{path}: the label configuration of {batch} can't be read; restore it"
        ) from None


_LONGEST_TITLE = 50  # characters
_EMPTY: dict[str, Any] = dict.fromkeys(TASK_KEYS, "") | {"cast": []}  # defaults for older batches
