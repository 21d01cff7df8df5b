"""Import judgements from Label Studio's JSON exports; list refused annotations with reasons."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from annotation.batches.batches import read_plans
from annotation.batches.server_file import ServerFile
from annotation.judgements.annotators import Annotators, Rater
from annotation.judgements.parse import (
    WITHDRAWN,
    Export,
    Task,
    WithdrawnAnswers,
    read_annotation,
    read_export,
    read_task,
)
from annotation.judgements.store import (
    judgement_key,
    read_judgements,
    write_judgements,
)
from annotation.scheme.answers import InvalidAnnotationError, gc_paused, quoted
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.records import Clip, Judgement
from manifests.storage.shards import STAGES, read_stage

__all__ = ["import_annotations", "import_exports"]

_MOST_NAMED = 10
DEFAULT_SERVER = "label-studio"
_SERVER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ALREADY = "imported before"


@gc_paused()
def import_annotations(
    corpus: Path,
    files: Iterable[Path],
    *,
    server: str = DEFAULT_SERVER,
    progress: Progress = no_progress,
) -> Outcome:
    """Import Label Studio's JSON exports, each into a new file of judgements.

    An item of the outcome is an annotation (or an unreadable task or file). Annotations imported
    before are only counted; a newer version of an annotation is added and the older kept.
    Annotations on withdrawn clips or by withdrawn annotators are rejected. Drafts, predictions and
    tasks without annotations are counted in ``details``. Annotation and user ids are unique within
    one server, named by its id ``server``.

    Raises:
        ConfigurationError: if the server id is invalid.
        DataError: if judgements, annotators.csv, a batch's plan or a segments shard can't be read.
    """
    if not _SERVER.fullmatch(server):
        raise ConfigurationError(
            f"--server {quoted(server)}: use up to 64 of a-z, 0-9, '-', '_' and '.'"
        )
    run = _Import(corpus, server)
    paths = list(files)
    for done, path in enumerate(paths, start=1):
        run.add_file(path)
        progress(done, len(paths), path.name)
    return run.finish()


@gc_paused()
def import_exports(corpus: Path, exports: Iterable[Export], *, server: str) -> Outcome:
    """Import exports of one server, as :func:`import_annotations` does, into one new file.

    The exports are read lazily, so that one at a time is in memory.

    Raises:
        DataError: if judgements, annotators.csv, a batch's plan or a segments shard can't be read.
    """
    run = _Import(corpus, server)
    new: list[Judgement] = []
    seen = hashlib.sha256()
    for export in exports:
        new += run.new_judgements(export)
        seen.update(bytes.fromhex(export.sha256))
    run.save(seen.hexdigest(), new)
    return run.finish()


class _Import:
    """One import: existing data of the corpus, and what the exports of a server add."""

    def __init__(self, corpus: Path, server: str) -> None:
        self._corpus, self._server = corpus, server
        self._judgements = {judgement_key(row): row for row in read_judgements(corpus)}
        self._annotations = {key[:2] for key in self._judgements}
        self._withdrawn = WithdrawnAnswers(corpus)
        there = {clip.clip_id for clip in read_stage(corpus, STAGES["segments"], Clip)}
        self._clips = there | self._withdrawn.clips
        self._annotators = Annotators(corpus, {row.annotator for row in self._judgements.values()})
        self._owners = ProjectOwners(corpus)
        self._misplaced = MisplacedAnswers()
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()
        self._outcome = Outcome()

    def add_file(self, path: Path) -> None:
        """Import one file into a new file of judgements."""
        try:
            export = read_export(path)
            new = self.new_judgements(export)
            if not new:
                self._outcome.warnings.append(f"{path}: nothing new")
            self.save(export.sha256, new)
        except DataError as error:
            self._outcome.items_in += 1
            self._outcome.fail(str(path), str(error))

    def new_judgements(self, export: Export) -> list[Judgement]:
        """Return the judgements of an export that are new to the corpus; count the others."""
        readable = list(self._readable(export))
        for rater in sorted({rater for _, rater in readable}, key=_by_number):
            self._annotators.pseudonym(self._server, rater)
        added = (self._add(export, unnamed, rater) for unnamed, rater in readable)
        return [judgement for judgement in added if judgement is not None]

    def save(self, sha256: str, new: list[Judgement]) -> None:
        """Write new judgements, if there are any, into a file of their own."""
        if new:
            self._annotators.save()
            self._outcome.outputs.append(write_judgements(self._corpus, new, sha256))

    def finish(self) -> Outcome:
        """Return the outcome with counts and warnings."""
        outcome, counts = self._outcome, self._counts
        names = ("tasks", "unannotated_tasks", "answered", "skipped", "relabelled", "drafts")
        outcome.details |= {name: counts[name] for name in (*names, "predictions")}
        outcome.details["refused"] = dict(sorted(self._refused.items()))
        outcome.details["ignored_controls"] = dict(sorted(self._ignored.items()))
        outcome.details["in_others_projects"] = self._misplaced.total
        outcome.warnings += self._misplaced.warnings()
        if self._ignored:
            listed = ", ".join(name for name, _ in self._ignored.most_common(5))
            outcome.warnings.append(
                f"{self._ignored.total()} answers to unknown controls were ignored: {listed}"
            )
        return outcome

    def _readable(self, export: Export) -> Iterator[tuple[Judgement, Rater]]:
        """Yield valid judgements, still without pseudonym, and their raters; list the others."""
        for place, raw_task in enumerate(export.tasks, start=1):
            try:
                task = read_task(raw_task)
            except InvalidAnnotationError as refusal:
                self._outcome.items_in += 1
                self._refuse(f"{export.name}: task {place} of the list", refusal)
                continue
            self._count_task(task)
            for raw in task.annotations:
                self._outcome.items_in += 1
                try:
                    found = read_annotation(raw, task, self._clips, self._server, export.sha256)
                except InvalidAnnotationError as refusal:
                    item = f"{_item_name(raw_task, 'task')}, {_item_name(raw, 'annotation')}"
                    self._refuse(f"{export.name}: {item}", refusal)
                    export.refused.update(_annotation_ids(raw))
                    continue
                if self._withdrawn.covers(found.judgement, found.rater):
                    self._outcome.rejected[WITHDRAWN] += 1
                    continue
                self._ignored.update(quoted(name) for name in found.ignored)
                yield self._owners.with_role(found.judgement), found.rater

    def _count_task(self, task: Task) -> None:
        self._counts["tasks"] += 1
        self._counts["unannotated_tasks"] += not task.annotations
        self._counts["drafts"] += task.drafts
        self._counts["predictions"] += task.predictions

    def _add(self, export: Export, unnamed: Judgement, rater: Rater) -> Judgement | None:
        judgement = unnamed.changed(annotator=self._annotators.pseudonym(self._server, rater))
        self._misplaced.add(judgement, self._owners.owner(judgement))
        key = judgement_key(judgement)
        held = self._judgements.get(key)
        if held is None:
            self._counts["relabelled"] += key[:2] in self._annotations
            self._counts[judgement.status] += 1
            self._judgements[key] = judgement
            self._annotations.add(key[:2])
            self._outcome.kept += 1
            return judgement
        if held == judgement.changed(import_sha256=held.import_sha256):
            self._outcome.rejected[ALREADY] += 1
            return None
        refusal = InvalidAnnotationError(
            "conflict",
            f"annotation {key[1]} of {key[2]} was imported with different content; if the exports "
            f"are from two servers, import one of them with another --server",
        )
        self._refuse(f"{export.name}: annotation {key[1]}", refusal)
        return None

    def _refuse(self, item: str, refusal: InvalidAnnotationError) -> None:
        self._refused[refusal.kind] += 1
        self._outcome.fail(item, str(refusal))


class ProjectOwners:
    """Owner and kind of the project of a judgement, from batch plans and annotations/server.json.

    Raises DataError if a plan or annotations/server.json can't be read.
    """

    def __init__(self, corpus: Path) -> None:
        self._projects = ServerFile.read(corpus).owners()
        plans = read_plans(corpus).items()
        self._adjudications = {name for name, plan in plans if plan.kind == "adjudication"}

    def with_role(self, judgement: Judgement) -> Judgement:
        """Mark the judgement as an adjudication if its batch or project is one.

        Adjudicators may have seen the votes, so their judgements don't count as votes.
        """
        if judgement.batch in self._adjudications or self._project(judgement)[1] == "adjudication":
            return judgement.changed(role="adjudication")
        return judgement

    def owner(self, judgement: Judgement) -> str | None:
        """Return the owner of the judgement's project; None if it is shared or unknown."""
        return self._project(judgement)[0]

    def _project(self, judgement: Judgement) -> tuple[str | None, str]:
        key = (judgement.server, judgement.project_id or 0)
        return self._projects.get(key, (None, "label"))


class MisplacedAnswers:
    """Judgements made in another annotator's project, so not blind to the owner's."""

    def __init__(self) -> None:
        self._annotation_ids: defaultdict[tuple[str, int, str], list[int]] = defaultdict(list)

    @property
    def total(self) -> int:
        """Number of these judgements."""
        return sum(map(len, self._annotation_ids.values()))

    def add(self, judgement: Judgement, owner: str | None) -> None:
        """Record a judgement if its annotator isn't the owner of its project."""
        if owner is not None and owner != judgement.annotator:
            key = (owner, judgement.project_id or 0, judgement.annotator)
            self._annotation_ids[key].append(judgement.annotation_id)

    def warnings(self) -> Iterator[str]:
        """Yield a warning for each project and annotator."""
        for (owner, project, annotator), numbers in sorted(self._annotation_ids.items()):
            named = ", ".join(map(str, sorted(numbers)[:_MOST_NAMED]))
            more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
            yield (
                f"annotation{'s' * (len(numbers) != 1)} {named}{more} in {owner}'s project "
                f"{project} {'are' if len(numbers) != 1 else 'is'} by {annotator}"
            )


def _item_name(raw: Any, kind: str) -> str:
    number = raw.get("id") if isinstance(raw, dict) else None
    return f"{kind} {quoted(number)}" if number is not None else f"{kind} without id"


def _annotation_ids(raw: Any) -> Iterator[int]:
    number = raw.get("id") if isinstance(raw, dict) else None
    if isinstance(number, int):
        yield number


def _by_number(rater: Rater) -> tuple[bool, int, str]:
    return (rater.number is None, rater.number or 0, rater.email or "")
