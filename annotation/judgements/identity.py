"""Identity of annotations: what never changes in one, and so shows that its id was used again."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from annotation.judgements.parse import Annotation
from manifests.storage.records import Judgement

__all__ = ["KnownAnnotations", "same_content"]


class KnownAnnotations:
    """Imported versions of annotations.

    Ids are unique within a server only; a reinstalled or restored server assigns them again. An
    annotation never changes its clip, task, ``created_at`` or ``unique_id``.
    """

    def __init__(self, judgements: Iterable[Judgement]) -> None:
        self._versions: defaultdict[tuple[str, int], list[Judgement]] = defaultdict(list)
        self._by_unique_id: dict[tuple[str, str], Judgement] = {}
        self._clips: dict[tuple[str, int | None], str] = {}
        self._answers: dict[tuple[str, int | None, str, str], int] = {}
        for judgement in judgements:
            self.add(judgement)

    def add(self, judgement: Judgement) -> None:
        """Add a version of an annotation."""
        self._versions[judgement.server, judgement.annotation_id].append(judgement)
        self._clips.setdefault((judgement.server, judgement.task_id), judgement.clip_id)
        self._answers.setdefault(_answer(judgement), judgement.annotation_id)
        if judgement.unique_id is not None:
            self._by_unique_id[judgement.unique_id, judgement.created_at] = judgement

    def versions(self, judgement: Judgement) -> list[Judgement]:
        """Return the known versions with a judgement's server and id."""
        return self._versions.get((judgement.server, judgement.annotation_id), [])

    def differences(self, found: Annotation) -> list[str]:
        """Return what an annotation would have changed since a version with its server and id."""
        if self.proven(found):
            return []
        differing = [set(_differences(held, found)) for held in self.versions(found.judgement)]
        return sorted(set().union(*differing))

    def reuses_task(self, judgement: Judgement, here: Container[int]) -> bool:
        """Return whether the task's number is known as another clip's, or as answered before.

        An earlier answer of the annotator counts unless it is among the annotations ``here``.
        """
        if judgement.task_id is None:
            return False
        earlier = self._answers[_answer(judgement)]
        answered = earlier != judgement.annotation_id and earlier not in here
        return answered or self._clips[judgement.server, judgement.task_id] != judgement.clip_id

    def proven(self, found: Annotation) -> Judgement | None:
        """Return a version with its server and id that is certainly of the same annotation."""
        versions = (
            held
            for held in self.versions(found.judgement)
            if _proves(held, found) and not any(_differences(held, found))
        )
        return next(versions, None)

    def twin(self, found: Annotation) -> Judgement | None:
        """Return a version of the same annotation, maybe imported as another server's."""
        return self._by_unique_id.get((found.judgement.unique_id or "", found.judgement.created_at))

    def filed(self, found: Annotation) -> Annotation:
        """Return an annotation with the server and id under which it was imported before.

        One that contradicts the version there of the same time stays where it is.
        """
        twin = self.twin(found)
        if twin is None or self.proven(found) is not None:
            return found
        moved = found.judgement.changed(server=twin.server, annotation_id=twin.annotation_id)
        for held in self.versions(moved):
            if held.updated_at == moved.updated_at and not same_content(held, moved):
                return found
        return replace(found, judgement=moved)


def _answer(judgement: Judgement) -> tuple[str, int | None, str, str]:
    return (judgement.server, judgement.task_id, judgement.annotator, judgement.role)


def same_content(held: Judgement, judgement: Judgement) -> bool:
    """Return whether two versions differ at most in annotator and file."""
    return held == judgement.changed(annotator=held.annotator, import_sha256=held.import_sha256)


def _differences(held: Judgement, found: Annotation) -> Iterator[str]:
    new = found.judgement
    if held.clip_id != new.clip_id:
        yield "clip"
    if None not in (held.task_id, new.task_id) and held.task_id != new.task_id:
        yield "task"
    if None not in (held.unique_id, new.unique_id) and held.unique_id != new.unique_id:
        yield "unique_id"
    if _created_apart(held, found):
        yield "created_at"


def _created_apart(held: Judgement, found: Annotation) -> bool:
    """Return whether two versions can't have one creation time.

    A held version with equal times may come from an export without ``created_at``.
    """
    new = found.judgement
    dated = held.created_at != held.updated_at
    if held.created_at == new.created_at:
        return False
    if not found.dated:
        return dated and new.updated_at < held.created_at
    if dated or new.created_at > held.updated_at:
        return True
    return held.unique_id is None or held.unique_id != new.unique_id


def _proves(held: Judgement, found: Annotation) -> bool:
    unique_id, created = found.judgement.unique_id, found.judgement.created_at
    if unique_id is not None and held.unique_id == unique_id:
        return True
    return found.dated and held.created_at == created
