"""Import judgements from Label Studio's JSON exports; list refused annotations with reasons."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from annotation.judgements.accounts import OTHER_SERVER, Accounts
from annotation.judgements.annotators import Annotators, Rater
from annotation.judgements.identity import KnownAnnotations, same_content
from annotation.judgements.owners import MisplacedAnswers, ProjectOwners
from annotation.judgements.parse import (
    WITHDRAWN,
    Annotation,
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
from manifests.base.outcome import Outcome, Progress, counted, no_progress
from manifests.base.voices import alike_warnings, one_spelling, spelling_warnings
from manifests.storage.copies import copy_warnings
from manifests.storage.partials import clear_partials
from manifests.storage.records import Clip, Judgement
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.speakers import read_speakers

__all__ = ["import_annotations", "import_exports"]

DEFAULT_SERVER = "label-studio"
_SERVER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ALREADY = "imported before"


@gc_paused()
def import_annotations(
    corpus: Path,
    files: Iterable[Path],
    *,
    server: str = DEFAULT_SERVER,
    nameless: str | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Import Label Studio's JSON exports, each into a new file of judgements.

    An item of the outcome is an annotation (or an unreadable task or file). Annotations imported
    before are only counted; a newer version of an annotation is added and the older kept.
    Annotations on withdrawn clips or by withdrawn annotators are rejected. Drafts, predictions and
    tasks without annotations are counted in ``details``. Annotation and user ids are unique within
    one server, named by its id ``server``: an annotation that contradicts an imported one with its
    id, or has a known user's number and another address, is of another server, and is refused.
    Annotations without an account, which was deleted, count as those of ``nameless``, a pseudonym.

    Raises:
        ConfigurationError: if the server id or the pseudonym is invalid.
        DataError: if judgements, annotators.csv, a batch's plan or a segments shard can't be read.
    """
    if not _SERVER.fullmatch(server):
        raise ConfigurationError(
            f"--server {quoted(server)}: use up to 64 of a-z, 0-9, '-', '_' and '.'"
        )
    run = _Import(corpus, server, nameless)
    paths = list(files)
    for done, path in enumerate(paths, start=1):
        run.add_file(path)
        progress(done, len(paths), path.name)
    return run.finish()


@gc_paused()
def import_exports(
    corpus: Path, exports: Iterable[Export], *, server: str, nameless: str | None = None
) -> Outcome:
    """Import exports of one server, as :func:`import_annotations` does, into one new file.

    The exports are read lazily, so that one at a time is in memory.

    Raises:
        ConfigurationError: if the pseudonym ``nameless`` is invalid.
        DataError: if judgements, annotators.csv, a batch's plan or a segments shard can't be read.
    """
    run = _Import(corpus, server, nameless)
    new: list[Judgement] = []
    seen = hashlib.sha256()
    for export in exports:
        new += run.new_judgements(export)
        seen.update(bytes.fromhex(export.sha256))
    run.save(seen.hexdigest(), new)
    return run.finish()


class _Import:
    """One import: existing data of the corpus, and what the exports of a server add."""

    def __init__(self, corpus: Path, server: str, nameless: str | None) -> None:
        self._corpus, self._server = corpus, server
        clear_partials(corpus / "annotations", below=True)
        self._judgements = {judgement_key(row): row for row in read_judgements(corpus)}
        self._known = KnownAnnotations(self._judgements.values())
        self._withdrawn = WithdrawnAnswers(corpus)
        clips = list(read_stage(corpus, STAGES["segments"], Clip))
        there = {clip.clip_id for clip in clips}
        named = {clip.speaker for clip in clips}
        named |= {row.speaker for row in self._judgements.values()}
        self._speakers = set(read_speakers(corpus / "speakers.csv")).union(filter(None, named))
        self._new_speakers: set[str] = set()
        self._clips = there | self._withdrawn.clips
        self._nameless = self._withdrawn.checked_pseudonym(nameless)
        used = {row.annotator for row in self._judgements.values()}
        self._annotators = Annotators(corpus, used | ({nameless} if nameless else set()))
        self._accounts = Accounts(server, self._annotators, self._known)
        self._owners = ProjectOwners(corpus)
        self._misplaced = MisplacedAnswers()
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()
        self._elsewhere: Counter[str] = Counter()
        self._here: set[int] = set()
        self._outcome = Outcome(warnings=copy_warnings(corpus))

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
        """Return the judgements of an export that are new to the corpus; count the others.

        An export that contradicts what was imported from this server, and shares nothing with it,
        is of another server: none of it is taken, since its users are other people, too.
        """
        readable = list(self._readable(export))
        refused = self._accounts.settle(readable)
        reasons = (self._contradiction(found, refused) for found in readable)
        foreign = None
        if not any(self._known.proven(found) for found in readable):
            foreign = next(filter(None, reasons), None)
        if foreign is None:
            refused |= self._accounts.assign(readable, refused)
        self._here = {found.judgement.annotation_id for found in readable}
        before = self._refused["conflict"]
        new = []
        for found in readable:
            try:
                judgement = self._add(export, found, refused, foreign)
            except InvalidAnnotationError as refusal:
                if foreign is not None and refusal.kind == "conflict":
                    self._refused["conflict"] += 1
                    export.refused.add(found.judgement.annotation_id)
                    continue
                number, task = found.judgement.annotation_id, found.judgement.task_id
                of_task = "" if task is None else f"task {task}, "
                self._refuse(f"{export.name}: {of_task}annotation {number}", refusal)
                known = judgement_key(found.judgement) in self._judgements
                if not known or self._known.differences(found):
                    export.refused.add(number)
                continue
            if judgement is not None:
                new.append(judgement)
                if judgement.speaker is not None:
                    self._new_speakers.add(judgement.speaker)
        if foreign is not None and self._refused["conflict"] > before:
            number = self._refused["conflict"] - before
            self._outcome.fail(export.name, f"{number} annotations were refused: {foreign}")
        return new

    def save(self, sha256: str, new: list[Judgement]) -> None:
        """Write new judgements, if there are any, into a file of their own."""
        if new or self._accounts.changed:
            self._annotators.save()
        if new:
            self._outcome.outputs.append(write_judgements(self._corpus, new))

    def finish(self) -> Outcome:
        """Return the outcome with counts and warnings."""
        outcome, counts = self._outcome, self._counts
        names = ("tasks", "unannotated_tasks", "answered", "skipped", "relabelled", "drafts")
        outcome.details |= {name: counts[name] for name in (*names, "predictions")}
        outcome.details["refused"] = dict(sorted(self._refused.items()))
        outcome.details["ignored_controls"] = dict(sorted(self._ignored.items()))
        outcome.details["in_others_projects"] = self._misplaced.total
        outcome.details["nameless"] = counts["nameless"]
        outcome.warnings += self._accounts.warnings
        outcome.warnings += self._misplaced.warnings()
        outcome.warnings += self._identity_warnings()
        spelling = one_spelling(sorted(self._new_speakers), sorted(self._speakers))
        outcome.warnings += spelling_warnings(spelling)
        outcome.warnings += alike_warnings(spelling.values(), self._speakers)
        if self._ignored:
            listed = ", ".join(name for name, _ in self._ignored.most_common(5))
            answers = counted(self._ignored.total(), "answer")
            outcome.warnings.append(f"ignored {answers} to unknown controls: {listed}")
        return outcome

    def _identity_warnings(self) -> Iterator[str]:
        for server, times in sorted(self._elsewhere.items()):
            if times:
                yield (
                    f"{times} annotations imported before have server '{server}', not "
                    f"'{self._server}': their unique_id is the same"
                )
        if self._counts["unproven"]:
            yield (
                f"{self._counts['unproven']} annotations count as newer versions of known ones, "
                f"though the exports have no unique_id or created_at to prove it; if they are from "
                f"two servers, import one of them with another --server"
            )
        if self._counts["doubtful"]:
            yield (
                f"{self._counts['doubtful']} new judgements have the task number of another clip "
                f"on server '{self._server}', or of an answer of the same annotator that isn't in "
                f"the export; if they are from another server, move the file written here away, "
                f"and import them again with another --server"
            )
        if self._counts["nameless"]:
            yield (
                f"{self._counts['nameless']} annotations without an account count as those of "
                f"{self._nameless}"
            )

    def _readable(self, export: Export) -> Iterator[Annotation]:
        """Yield valid annotations, still without pseudonym; list the others."""
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
                yield replace(found, judgement=self._owners.with_role(found.judgement))

    def _count_task(self, task: Task) -> None:
        self._counts["tasks"] += 1
        self._counts["unannotated_tasks"] += not task.annotations
        self._counts["drafts"] += task.drafts
        self._counts["predictions"] += task.predictions

    def _add(
        self, export: Export, unnamed: Annotation, refused: Mapping[Rater, str], foreign: str | None
    ) -> Judgement | None:
        """Return the judgement of an annotation, None if it was imported before.

        Raises InvalidAnnotationError if it can't be imported.
        """
        found = self._known.filed(unnamed)
        judgement = found.judgement.changed(annotator=self._annotator(export, found))
        key = judgement_key(judgement)
        held = self._judgements.get(key)
        same = held is not None and same_content(held, judgement)
        if held is not None and same and judgement.annotator in ("", held.annotator):
            self._elsewhere[held.server] += held.server != self._server
            self._misplaced.add(held, self._owners.owner(held))
            self._outcome.rejected[ALREADY] += 1
            return None
        contradiction = self._contradiction(found, refused)
        if contradiction is None and judgement.server == self._server:
            contradiction = foreign
        if contradiction is not None:
            raise InvalidAnnotationError("conflict", contradiction)
        if held is not None:
            raise InvalidAnnotationError(
                "conflict",
                f"annotation {key[1]} of {key[2]} was imported with different content; if the "
                f"exports are from two servers, import one of them with another --server",
            )
        if not judgement.annotator:
            owner = self._owners.owner(judgement) or "PSEUDONYM"
            raise InvalidAnnotationError(
                "no annotator",
                f"its completed_by has neither id nor email, as after an account was deleted; to "
                f"count it as an annotator's, import it with --nameless {owner}",
            )
        earlier = self._known.versions(judgement)
        self._counts["relabelled"] += bool(earlier)
        self._counts["unproven"] += bool(earlier) and self._known.proven(found) is None
        self._counts["nameless"] += found.rater is None and not earlier
        self._counts[judgement.status] += 1
        self._misplaced.add(judgement, self._owners.owner(judgement))
        self._judgements[key] = judgement
        self._known.add(judgement)
        self._counts["doubtful"] += self._known.reuses_task(judgement, self._here)
        self._outcome.kept += 1
        return judgement

    def _annotator(self, export: Export, found: Annotation) -> str:
        """Return the pseudonym of an annotation's annotator, "" if unknown."""
        judgement, rater = found.judgement, found.rater
        if rater is not None and judgement.server == self._server:
            return self._annotators.find(self._server, rater) or ""
        versions = [] if self._known.differences(found) else self._known.versions(judgement)
        name = versions[-1].annotator if versions else self._nameless or ""
        if rater is None and name:
            export.nameless[judgement.annotation_id] = name
        return name

    def _contradiction(self, found: Annotation, refused: Mapping[Rater, str]) -> str | None:
        """Return a sentence if an annotation contradicts what was imported with its ids."""
        judgement = found.judgement
        if differing := self._known.differences(found):
            return (
                f"annotation {judgement.annotation_id} of server '{judgement.server}' was imported "
                f"with another {', '.join(differing)}; {OTHER_SERVER}"
            )
        of_server = judgement.server == self._server and found.rater is not None
        return refused.get(found.rater) if of_server and found.rater else None

    def _refuse(self, item: str, refusal: InvalidAnnotationError) -> None:
        self._refused[refusal.kind] += 1
        self._outcome.fail(item, str(refusal))


def _item_name(raw: Any, kind: str) -> str:
    number = raw.get("id") if isinstance(raw, dict) else None
    return f"{kind} {quoted(number)}" if number is not None else f"{kind} without id"


def _annotation_ids(raw: Any) -> Iterator[int]:
    number = raw.get("id") if isinstance(raw, dict) else None
    if isinstance(number, int):
        yield number
