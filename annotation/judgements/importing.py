"""Import judgements from Label Studio's JSON exports; list refused annotations with reasons."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.batches.batches import read_plans
from annotation.batches.registry import ServerFile
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
    JudgementKey,
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


class ProjectOwners:
    """Owner and kind of the project of a judgement, from batch plans and annotations/server.json.

    Args:
        corpus: the corpus folder.

    Raises:
        DataError: if a plan or annotations/server.json can't be read.
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


_MOST_NAMED = 10


DEFAULT_SERVER = "label-studio"
_SERVER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

ALREADY = "imported before"


@dataclass
class _ImportState:
    """Existing data of the corpus and additions of this import."""

    clips: set[str]
    judgements: dict[JudgementKey, Judgement]
    annotators: Annotators
    owners: ProjectOwners
    withdrawn: WithdrawnAnswers
    annotations: set[tuple[str, int]] = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    misplaced: MisplacedAnswers = field(default_factory=MisplacedAnswers)

    def __post_init__(self) -> None:
        self.annotations = {(server, number) for server, number, _ in self.judgements}


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
    tasks without annotations are counted in ``details``.

    Args:
        corpus: the corpus folder.
        files: JSON exports.
        server: id of the Label Studio server; annotation and user ids are unique within one.
        progress: called after each file.

    Raises:
        ConfigurationError: if the server id is invalid.
        DataError: if judgements, annotators.csv, a batch's plan or a segments shard can't be read.
    """
    if not _SERVER.fullmatch(server):
        raise ConfigurationError(
            f"--server {quoted(server)}: use up to 64 of a-z, 0-9, '-', '_' and '.'"
        )
    state = _import_state(corpus)
    outcome = Outcome()
    paths = list(files)
    for done, path in enumerate(paths, start=1):
        _import_file(corpus, path, server, state, outcome)
        progress(done, len(paths), path.name)
    _summarise(state, outcome)
    return outcome


def _import_file(
    corpus: Path, path: Path, server: str, state: _ImportState, outcome: Outcome
) -> None:
    """Import one file; a function of its own, so that its memory is freed before the next."""
    try:
        export = read_export(path)
        new = _new_judgements(export, server, state, outcome)
        if not new:
            outcome.warnings.append(f"{path}: nothing new")
        _save(corpus, export.sha256, new, state, outcome)
    except DataError as error:
        outcome.items_in += 1
        outcome.fail(str(path), str(error))


@gc_paused()
def import_exports(corpus: Path, exports: Iterable[Export], *, server: str) -> Outcome:
    """Import exports of one server, as :func:`import_annotations` does, into one new file.

    Args:
        corpus: the corpus folder.
        exports: exports, read lazily so that one at a time is in memory.
        server: id of the server.

    Raises:
        DataError: if judgements, annotators.csv, a batch's plan or a segments shard can't be read.
    """
    state = _import_state(corpus)
    outcome = Outcome()
    new: list[Judgement] = []
    seen = hashlib.sha256()
    for export in exports:
        new += _new_judgements(export, server, state, outcome)
        seen.update(bytes.fromhex(export.sha256))
    _save(corpus, seen.hexdigest(), new, state, outcome)
    _summarise(state, outcome)
    return outcome


def _import_state(corpus: Path) -> _ImportState:
    judgements = {judgement_key(row): row for row in read_judgements(corpus)}
    withdrawn = WithdrawnAnswers(corpus)
    there = {clip.clip_id for clip in read_stage(corpus, STAGES["segments"], Clip)}
    return _ImportState(
        clips=there | withdrawn.clips,
        judgements=judgements,
        annotators=Annotators(corpus, {row.annotator for row in judgements.values()}),
        owners=ProjectOwners(corpus),
        withdrawn=withdrawn,
    )


def _new_judgements(
    export: Export, server: str, state: _ImportState, outcome: Outcome
) -> list[Judgement]:
    """Return the judgements of an export that are new to the corpus; count the others."""
    readable = list(_readable(export, server, state, outcome))
    for rater in sorted({rater for _, rater in readable}, key=_by_number):
        state.annotators.pseudonym(server, rater)
    return [
        judgement
        for unnamed, rater in readable
        if (judgement := _add_judgement(export, server, unnamed, rater, state, outcome))
    ]


def _save(
    corpus: Path, sha256: str, new: list[Judgement], state: _ImportState, outcome: Outcome
) -> None:
    if new:
        state.annotators.save()
        outcome.outputs.append(write_judgements(corpus, new, sha256))


def _readable(
    export: Export, server: str, state: _ImportState, outcome: Outcome
) -> Iterator[tuple[Judgement, Rater]]:
    """Yield valid judgements, still without pseudonym, and their raters; list the others."""
    for place, raw_task in enumerate(export.tasks, start=1):
        try:
            task = read_task(raw_task)
        except InvalidAnnotationError as refusal:
            outcome.items_in += 1
            _refuse(f"{export.name}: task {place} of the list", refusal, state, outcome)
            continue
        _count_task(task, state)
        for raw in task.annotations:
            outcome.items_in += 1
            try:
                found = read_annotation(raw, task, state.clips, server, export.sha256)
            except InvalidAnnotationError as refusal:
                item = f"{_item_name(raw_task, 'task')}, {_item_name(raw, 'annotation')}"
                _refuse(f"{export.name}: {item}", refusal, state, outcome)
                export.refused.update(_annotation_ids(raw))
                continue
            if state.withdrawn.covers(found.judgement, found.rater):
                outcome.rejected[WITHDRAWN] += 1
                continue
            state.ignored.update(quoted(name) for name in found.ignored)
            yield state.owners.with_role(found.judgement), found.rater


def _count_task(task: Task, state: _ImportState) -> None:
    state.counts["tasks"] += 1
    state.counts["unannotated_tasks"] += not task.annotations
    state.counts["drafts"] += task.drafts
    state.counts["predictions"] += task.predictions


def _add_judgement(
    export: Export,
    server: str,
    unnamed: Judgement,
    rater: Rater,
    state: _ImportState,
    outcome: Outcome,
) -> Judgement | None:
    name = state.annotators.pseudonym(server, rater)
    judgement = unnamed.changed(annotator=name)
    state.misplaced.add(judgement, state.owners.owner(judgement))
    key = judgement_key(judgement)
    held = state.judgements.get(key)
    if held is None:
        state.counts["relabelled"] += key[:2] in state.annotations
        state.counts[judgement.status] += 1
        state.judgements[key] = judgement
        state.annotations.add(key[:2])
        outcome.kept += 1
        return judgement
    if held == judgement.changed(import_sha256=held.import_sha256):
        outcome.rejected[ALREADY] += 1
        return None
    refusal = InvalidAnnotationError(
        "conflict",
        f"annotation {key[1]} of {key[2]} was imported with different content; if the exports are "
        f"from two servers, import one of them with another --server",
    )
    _refuse(f"{export.name}: annotation {key[1]}", refusal, state, outcome)
    return None


def _summarise(state: _ImportState, outcome: Outcome) -> None:
    names = ("tasks", "unannotated_tasks", "answered", "skipped", "relabelled", "drafts")
    outcome.details |= {name: state.counts[name] for name in (*names, "predictions")}
    outcome.details["refused"] = dict(sorted(state.refused.items()))
    outcome.details["ignored_controls"] = dict(sorted(state.ignored.items()))
    outcome.details["in_others_projects"] = state.misplaced.total
    outcome.warnings += state.misplaced.warnings()
    if state.ignored:
        listed = ", ".join(name for name, _ in state.ignored.most_common(5))
        outcome.warnings.append(
            f"{state.ignored.total()} answers to unknown controls were ignored: {listed}"
        )


def _refuse(
    item: str, refusal: InvalidAnnotationError, state: _ImportState, outcome: Outcome
) -> None:
    state.refused[refusal.kind] += 1
    outcome.fail(item, str(refusal))


def _item_name(raw: Any, kind: str) -> str:
    number = raw.get("id") if isinstance(raw, dict) else None
    return f"{kind} {quoted(number)}" if number is not None else f"{kind} without id"


def _annotation_ids(raw: Any) -> Iterator[int]:
    number = raw.get("id") if isinstance(raw, dict) else None
    if isinstance(number, int):
        yield number


def _by_number(rater: Rater) -> tuple[bool, int, str]:
    return (rater.number is None, rater.number or 0, rater.email or "")
