"""Parse the tasks and annotations of a Label Studio export into judgements."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from annotation.annotators import Rater
from annotation.answers import NO_ANSWER, InvalidAnnotationError, identifier, quoted, read_answer
from manifests.records import Judgement

__all__ = ["Annotation", "Task", "read_annotation", "read_task"]

_MAX_NUMBER = 2**63


@dataclass(frozen=True)
class Task:
    """One task of an export.

    Attributes:
        fields: all fields as exported.
        data: task data.
        annotations: annotations, not validated.
        drafts: number of drafts, which don't count as answers.
        predictions: number of predictions.
    """

    fields: dict[str, Any]
    data: dict[str, Any]
    annotations: list[Any]
    drafts: int
    predictions: int


@dataclass(frozen=True)
class Annotation:
    """Judgement without a pseudonym, its rater, and the names of ignored controls."""

    judgement: Judgement
    rater: Rater
    ignored: tuple[str, ...]


def read_task(raw: Any) -> Task:
    """Parse a task of an export.

    Raises:
        InvalidAnnotationError: if it is not an object or has no list of annotations.
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
    Invalid values of informative fields (project, task, unique id, lead time, batch, origin)
    become null.

    Args:
        raw: annotation as exported.
        task: task of the annotation.
        clips: clip ids of the corpus.
        server: id of the server.
        import_sha256: SHA-256 of the exported file.

    Raises:
        InvalidAnnotationError: if it can't be imported, with the reason.
    """
    if not isinstance(raw, dict):
        raise InvalidAnnotationError("malformed", "it is not an object")
    clip_id = _clip_id(task.data, clips)
    rater = Rater.parse(raw.get("completed_by"))
    if rater is None:
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
    return Annotation(judgement, rater, answer.ignored)


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
