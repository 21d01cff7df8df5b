"""Judgements from Label Studio's JSON exports: each annotation is taken, or listed with why not."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.annotations import Task, read_annotation, read_task
from annotation.annotators import Annotators, Rater
from annotation.answers import RefusedError, shown
from annotation.exports import Export, read_export
from annotation.garbage import no_collection
from annotation.judgements import Key, judgement_key, judgements_folder, read_judgements
from annotation.owners import Owners, Strangers
from annotation.withdrawn import WITHDRAWN, TakenBack
from manifests.errors import ConfigurationError, DataError
from manifests.outcome import Outcome, Progress, no_progress
from manifests.records import Clip, Judgement
from manifests.shards import STAGES, read_stage
from manifests.store import created_now, write_jsonl

__all__ = ["DEFAULT_SERVER", "import_annotations", "import_exports"]

DEFAULT_SERVER = "label-studio"
_SERVER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

ALREADY = "imported before"


@dataclass
class _Known:
    """What the corpus has, and what this import adds to it."""

    clips: set[str]
    judgements: dict[Key, Judgement]
    annotators: Annotators
    owners: Owners
    taken_back: TakenBack
    annotations: set[tuple[str, int]] = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    elsewhere: Strangers = field(default_factory=Strangers)

    def __post_init__(self) -> None:
        self.annotations = {(server, number) for server, number, _ in self.judgements}


@no_collection()
def import_annotations(
    corpus: Path,
    files: Iterable[Path],
    *,
    server: str = DEFAULT_SERVER,
    progress: Progress = no_progress,
) -> Outcome:
    """Import Label Studio's JSON exports, each into a new file of judgements.

    In the outcome an item is an annotation (or a task or file that can't be read as one). What
    was imported before is counted, not repeated; a newer version of an annotation is added and
    the older kept. What is on a withdrawn clip, or by somebody who withdrew, is rejected. Drafts,
    predictions and tasks without annotations are counted in ``details``.

    Args:
        corpus: the corpus folder.
        files: JSON exports.
        server: id of the Label Studio server; annotation and user numbers are unique within one.
        progress: told after each file.

    Raises:
        ConfigurationError: for a server id that is none.
        DataError: if judgements, annotators.csv, a batch's plan or a segments shard can't be read.
    """
    if not _SERVER.fullmatch(server):
        raise ConfigurationError(
            f"--server {shown(server)}: use up to 64 of a-z, 0-9, '-', '_' and '.'"
        )
    known = _known(corpus)
    outcome = Outcome()
    paths = list(files)
    for done, path in enumerate(paths, start=1):
        _import_file(corpus, path, server, known, outcome)
        progress(done, len(paths), path.name)
    _tell(known, outcome)
    return outcome


def _import_file(corpus: Path, path: Path, server: str, known: _Known, outcome: Outcome) -> None:
    """Import one file; on return nothing of it is in memory, so that the next has room."""
    try:
        export = read_export(path)
        new = _new_ones(export, server, known, outcome)
        if not new:
            outcome.warnings.append(f"{path}: nothing new in it")
        _save(corpus, export.sha256, new, known, outcome)
    except DataError as error:
        outcome.items_in += 1
        outcome.fail(str(path), str(error))


@no_collection()
def import_exports(corpus: Path, exports: Iterable[Export], *, server: str) -> Outcome:
    """Import exports of one server, as :func:`import_annotations` does files, into one new file.

    Args:
        corpus: the corpus folder.
        exports: taken one after the other, so that one at a time is in memory.
        server: id of the server.

    Raises:
        DataError: if judgements, annotators.csv, a batch's plan or a segments shard can't be read.
    """
    known = _known(corpus)
    outcome = Outcome()
    new: list[Judgement] = []
    seen = hashlib.sha256()
    for export in exports:
        new += _new_ones(export, server, known, outcome)
        seen.update(bytes.fromhex(export.sha256))
    _save(corpus, seen.hexdigest(), new, known, outcome)
    _tell(known, outcome)
    return outcome


def _known(corpus: Path) -> _Known:
    judgements = {judgement_key(row): row for row in read_judgements(corpus)}
    taken_back = TakenBack(corpus)
    there = {clip.clip_id for clip in read_stage(corpus, STAGES["segments"], Clip)}
    return _Known(
        clips=there | taken_back.clips,
        judgements=judgements,
        annotators=Annotators(corpus, {row.annotator for row in judgements.values()}),
        owners=Owners(corpus),
        taken_back=taken_back,
    )


def _new_ones(export: Export, server: str, known: _Known, outcome: Outcome) -> list[Judgement]:
    """Return the judgements of an export that the corpus lacks; account for the others."""
    readable = list(_readable(export, server, known, outcome))
    for rater in sorted({rater for _, rater in readable}, key=_by_number):
        known.annotators.pseudonym(server, rater)
    return [
        judgement
        for nameless, rater in readable
        if (judgement := _new(export, server, nameless, rater, known, outcome))
    ]


def _save(corpus: Path, sha256: str, new: list[Judgement], known: _Known, outcome: Outcome) -> None:
    if new:
        known.annotators.save()
        outcome.outputs.append(_write(corpus, sha256, new))


def _readable(
    export: Export, server: str, known: _Known, outcome: Outcome
) -> Iterator[tuple[Judgement, Rater]]:
    """Yield each judgement that can be read, its annotator still nameless; list the others."""
    for place, raw_task in enumerate(export.tasks, start=1):
        try:
            task = read_task(raw_task)
        except RefusedError as refusal:
            outcome.items_in += 1
            _refuse(f"{export.name}: task {place} of the list", refusal, known, outcome)
            continue
        _count(task, known)
        for raw in task.annotations:
            outcome.items_in += 1
            try:
                found = read_annotation(raw, task, known.clips, server, export.sha256)
            except RefusedError as refusal:
                where = f"{export.name}: {_named(raw_task, 'task')}, {_named(raw, 'annotation')}"
                _refuse(where, refusal, known, outcome)
                export.refused.update(_numbers(raw))
                continue
            if known.taken_back.holds(found.judgement, found.rater):
                outcome.rejected[WITHDRAWN] += 1
                continue
            known.ignored.update(shown(name) for name in found.ignored)
            yield known.owners.with_role(found.judgement), found.rater


def _count(task: Task, known: _Known) -> None:
    known.counts["tasks"] += 1
    known.counts["unannotated_tasks"] += not task.annotations
    known.counts["drafts"] += task.drafts
    known.counts["predictions"] += task.predictions


def _new(
    export: Export,
    server: str,
    nameless: Judgement,
    rater: Rater,
    known: _Known,
    outcome: Outcome,
) -> Judgement | None:
    name = known.annotators.pseudonym(server, rater)
    judgement = nameless.changed(annotator=name)
    known.elsewhere.note(judgement, known.owners.owner(judgement))
    key = judgement_key(judgement)
    held = known.judgements.get(key)
    if held is None:
        known.counts["relabelled"] += key[:2] in known.annotations
        known.counts[judgement.status] += 1
        known.judgements[key] = judgement
        known.annotations.add(key[:2])
        outcome.kept += 1
        return judgement
    if held == judgement.changed(import_sha256=held.import_sha256):
        outcome.rejected[ALREADY] += 1
        return None
    refusal = RefusedError(
        "conflict",
        f"annotation {key[1]} of {key[2]} is known with another content; if these are two "
        f"servers, import one of them with another --server",
    )
    _refuse(f"{export.name}: annotation {key[1]}", refusal, known, outcome)
    return None


def _write(corpus: Path, sha256: str, judgements: list[Judgement]) -> Path:
    stamp = re.sub(r"[-:]", "", created_now())
    stem = f"{stamp}-{sha256[:8]}"
    folder = judgements_folder(corpus)
    path, again = folder / f"{stem}.jsonl", 1
    while path.exists():
        again += 1
        path = folder / f"{stem}-{again}.jsonl"
    write_jsonl(path, (row.row() for row in sorted(judgements, key=judgement_key)))
    return path


def _tell(known: _Known, outcome: Outcome) -> None:
    names = ("tasks", "unannotated_tasks", "answered", "skipped", "relabelled", "drafts")
    outcome.details |= {name: known.counts[name] for name in (*names, "predictions")}
    outcome.details["refused"] = dict(sorted(known.refused.items()))
    outcome.details["ignored_controls"] = dict(sorted(known.ignored.items()))
    outcome.details["in_others_projects"] = known.elsewhere.total
    outcome.warnings += known.elsewhere.sentences()
    if known.ignored:
        listed = ", ".join(name for name, _ in known.ignored.most_common(5))
        outcome.warnings.append(
            f"{known.ignored.total()} answers to controls that aren't ours were left out: {listed}"
        )


def _refuse(item: str, refusal: RefusedError, known: _Known, outcome: Outcome) -> None:
    known.refused[refusal.kind] += 1
    outcome.fail(item, str(refusal))


def _named(raw: Any, what: str) -> str:
    number = raw.get("id") if isinstance(raw, dict) else None
    return f"{what} {shown(number)}" if number is not None else f"{what} without id"


def _numbers(raw: Any) -> Iterator[int]:
    number = raw.get("id") if isinstance(raw, dict) else None
    if isinstance(number, int):
        yield number


def _by_number(rater: Rater) -> tuple[bool, int, str]:
    return (rater.number is None, rater.number or 0, rater.email or "")
