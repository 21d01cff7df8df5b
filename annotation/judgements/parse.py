"""Parse Label Studio's JSON exports into judgements.

Formats that lose skips or ids are refused. Withdrawn clips, annotations and annotators are not
imported again.
"""

import hashlib
import json
from collections.abc import Container, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from annotation.judgements.annotators import Rater, is_pseudonym
from annotation.scheme.answers import (
    NO_ANSWER,
    InvalidAnnotationError,
    identifier,
    quoted,
    read_answer,
)
from manifests.base.encodings import read_bytes
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.records import Judgement
from manifests.storage.tombstones import Withdrawn

__all__ = [
    "WITHDRAWN",
    "Annotation",
    "Export",
    "Task",
    "WithdrawnAnswers",
    "decode_export",
    "read_annotation",
    "read_export",
    "read_task",
]

_MAX_NUMBER = 2**63


@dataclass(frozen=True)
class Task:
    """Task of an export: fields as exported, task data, annotations (not validated).

    ``drafts``, which don't count as answers, and ``predictions`` are numbers.
    """

    fields: dict[str, Any]
    data: dict[str, Any]
    annotations: list[Any]
    drafts: int
    predictions: int


@dataclass(frozen=True)
class Annotation:
    """Judgement without a pseudonym, its rater, and the names of ignored controls.

    The rater is None if the account was deleted. ``dated`` means that ``created_at`` was given.
    """

    judgement: Judgement
    rater: Rater | None
    ignored: tuple[str, ...]
    dated: bool


def read_task(raw: Any) -> Task:
    """Parse a task of an export.

    Raises InvalidAnnotationError if it is not an object or has no list of annotations.
    """
    if not isinstance(raw, dict):
        raise InvalidAnnotationError("malformed", "it is not an object")
    annotations, data = raw.get("annotations"), raw.get("data")
    if not isinstance(annotations, list):
        raise InvalidAnnotationError("malformed", "it has no list of annotations")
    return Task(
        fields=raw,
        data=data if isinstance(data, dict) else {},
        annotations=annotations,
        drafts=_length(raw.get("drafts")),
        predictions=_length(raw.get("predictions")),
    )


def read_annotation(
    raw: Any, task: Task, clips: Container[str], server: str, import_sha256: str
) -> Annotation:
    """Parse an annotation of a task.

    The result of a skipped annotation is ignored: Label Studio leaves the prefilled text there.
    Invalid values of informative fields (project, task, unique id, lead time, batch, origin) become
    null. ``clips`` are the clip ids of the corpus, ``import_sha256`` is of the exported file.

    Raises:
        InvalidAnnotationError: if it can't be imported, with the reason.
    """
    if not isinstance(raw, dict):
        raise InvalidAnnotationError("malformed", "it is not an object")
    clip_id = _clip_id(task.data, clips)
    completed_by = raw.get("completed_by")
    rater = Rater.parse(completed_by)
    if rater is None and not _is_deleted(completed_by):
        raise InvalidAnnotationError("no annotator", "its completed_by has neither id nor email")
    annotation_id = _number(raw.get("id"))
    if annotation_id is None:
        raise InvalidAnnotationError("malformed", "its id isn't a number")
    skipped = _flag(raw, "was_cancelled")
    answer = NO_ANSWER if skipped else read_answer(raw.get("result"))
    created = _time(raw.get("created_at") or raw.get("updated_at"), "created_at")
    project = task.fields.get("project") if raw.get("project") is None else raw["project"]
    judgement = Judgement(
        clip_id=clip_id,
        annotator="",
        server=server,
        project_id=_number(project),
        task_id=_number(task.fields.get("id")),
        annotation_id=annotation_id,
        unique_id=identifier(raw.get("unique_id")),
        created_at=created,
        updated_at=_time(raw.get("updated_at") or created, "updated_at"),
        status="skipped" if skipped else "answered",
        emotion=answer.emotion,
        emotion2=answer.emotion2,
        confidence=answer.confidence,
        transcript=answer.transcript,
        problems=answer.problems,
        speaker=answer.speaker,
        origin=answer.origin,
        lead_time=_seconds(raw.get("lead_time")),
        role="gold" if _flag(raw, "ground_truth") else "label",
        batch=identifier(task.data.get("batch")),
        import_sha256=import_sha256,
    )
    return Annotation(judgement, rater, answer.ignored, dated=bool(raw.get("created_at")))


def _is_deleted(completed_by: Any) -> bool:
    """Return whether the account of an annotation was deleted."""
    fields = completed_by if isinstance(completed_by, dict) else {"id": completed_by}
    return fields.get("id") is None and not fields.get("email")


def _clip_id(data: dict[str, Any], clips: Container[str]) -> str:
    clip_id = data.get("clip_id")
    if clip_id is None:
        raise InvalidAnnotationError("no clip_id", "its task's data has no clip_id")
    if not isinstance(clip_id, str) or clip_id not in clips:
        raise InvalidAnnotationError(
            "unknown clip", f"clip {quoted(clip_id)} is not in this corpus"
        )
    return clip_id


def _number(value: Any) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER
    return value if good else None


def _flag(raw: dict[str, Any], name: str) -> bool:
    value = raw.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidAnnotationError("malformed", f"its {name} isn't true or false")
    return bool(value)


def _time(value: Any, name: str) -> str:
    """Return a time in a canonical, sortable form: UTC, microseconds, Z."""
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidAnnotationError("malformed", f"its {name} isn't a time") from error
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _seconds(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(float(value), 3) if number and 0 <= value < 1e9 else None


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


_HOW = "in Label Studio choose Export > JSON (not JSON-MIN, not CSV)"


@dataclass(frozen=True)
class Export:
    """JSON export of a file or project: display name, SHA-256 of the bytes, tasks (not validated).

    ``refused`` are the ids of the annotations that the import refused, ``nameless`` the pseudonyms
    by id of those imported without an account.
    """

    name: str
    sha256: str
    tasks: list[Any]
    refused: set[int] = field(default_factory=set)
    nameless: dict[int, str] = field(default_factory=dict)


def read_export(path: Path) -> Export:
    """Read a JSON export.

    Raises DataError if the file can't be read or has another format; no error quotes it.
    """
    try:
        data = read_bytes(path, "give a JSON export")
    except OSError as error:
        raise DataError(f"can't be read ({error.strerror}); give a JSON export") from error
    return decode_export(data, str(path), path.suffix.lower())


def decode_export(data: bytes, name: str, suffix: str = ".json") -> Export:
    """Decode a JSON export; the suffix is that of the file name.

    Raises DataError if the data has another format; no error quotes it.
    """
    value = _decode(data, suffix)
    tasks = [value] if isinstance(value, dict) and "annotations" in value else value
    if not isinstance(tasks, list):
        raise DataError(f"not a list of tasks, so not a Label Studio export; {_HOW}")
    if tasks and not any(isinstance(task, dict) and "annotations" in task for task in tasks):
        raise DataError(_other_kind([task for task in tasks if isinstance(task, dict)]))
    return Export(name, hashlib.sha256(data).hexdigest(), tasks)


def _decode(data: bytes, suffix: str) -> Any:
    if not data.strip():
        raise DataError(f"the file is empty; {_HOW}")
    try:
        text = data.decode(json.detect_encoding(data))  # UTF-8, or UTF-16 as PowerShell writes
    except UnicodeDecodeError as error:
        raise DataError(f"not a UTF-8 text file; {_HOW}") from error
    if suffix in (".csv", ".tsv") or text.lstrip()[:1] not in ("[", "{"):
        raise DataError(f"not JSON: CSV and TSV exports lose skipped tasks and ids; {_HOW}")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise DataError(f"nested too deeply for a Label Studio export; {_HOW}") from error
    except ValueError as error:
        raise DataError(f"not valid JSON ({error}); export it again: {_HOW}") from error


def _other_kind(rows: list[dict[str, Any]]) -> str:
    keys = {key for row in rows for key in row}
    if keys & {"annotator", "annotation_id"}:
        return f"a JSON-MIN export, which loses skipped tasks and the origin of answers; {_HOW}"
    if "completed_by" in keys:
        return f"annotations without their tasks, so without clips; {_HOW}"
    if "data" in keys:
        return f"tasks without annotations (a file of export-tasks?); {_HOW}"
    return f"not a Label Studio export; {_HOW}"


WITHDRAWN = "withdrawn"


class WithdrawnAnswers:
    """Tombstones of a corpus that concern annotations.

    Raises DataError if they can't be read.
    """

    def __init__(self, corpus: Path) -> None:
        self._withdrawn = Withdrawn.of(corpus)

    def checked_pseudonym(self, name: str | None) -> str | None:
        """Return a pseudonym given for annotations without an account.

        Raises ConfigurationError if it is no pseudonym, or of a withdrawn annotator.
        """
        if name is not None and not is_pseudonym(name):
            raise ConfigurationError(
                f"--nameless {quoted(name)}: use a pseudonym such as a03, of letters and digits"
            )
        if name in self._withdrawn.annotators:
            raise ConfigurationError(f"--nameless {name}: this annotator was withdrawn")
        return name

    @property
    def clips(self) -> Set[str]:
        """Ids of the withdrawn clips."""
        return self._withdrawn.clips.keys()

    def covers(self, answer: Judgement, rater: Rater | None) -> bool:
        """Return whether an annotation, its clip or its annotator was withdrawn."""
        if answer.clip_id in self._withdrawn.clips:
            return True
        if (answer.server, answer.annotation_id) in self._withdrawn.answers:
            return True
        number = None if rater is None else rater.number
        return number is not None and (answer.server, number) in self._withdrawn.accounts
