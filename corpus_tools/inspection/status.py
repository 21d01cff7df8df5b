"""Status of a corpus: counts of each stage, from sources to runs."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from annotation.batches.batches import Batch, batch_paths, read_batch
from annotation.judgements.store import import_paths, latest, read_import
from annotation.labels.aggregate import aggregate_votes
from annotation.scheme.answers import gc_paused
from corpus_tools.workspace.workspace import Workspace
from manifests.audit.class_losses import class_losses
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import CorpusError
from manifests.storage.decisions import undecided_sources
from manifests.storage.frozen import frozen_clips
from manifests.storage.record import Record
from manifests.storage.records import (
    Clip,
    Judgement,
    LedgerEntry,
    Screen,
    Source,
    Transcript,
)
from manifests.storage.shards import STAGES, read_shard, shard_paths
from manifests.storage.tombstones import read_tombstones
from manifests.versions.manifest import read_manifest_header, versions
from models.runs import run_names

__all__ = ["survey"]

T = TypeVar("T")
R = TypeVar("R", bound=Record)


@gc_paused()
def survey(workspace: Workspace) -> dict[str, Any]:
    """Return the counts of each stage as JSON data.

    Keys: ``sources`` and ``seconds`` by kind, ``ledger`` (seconds by reason), ``clips`` (rejected
    ones by their first reason, as in the ledger, so that they add up), ``undecided`` (sources that
    an interrupted run has not screened), ``texts`` (clips by text
    source), ``annotation``, ``labels`` (``clips``, ``target`` and ``missing`` by class),
    ``losses`` (sentences on classes that screening rejects
    markedly more), ``unlabelled`` (clips with votes but no class, by reason), ``manifests``,
    ``runs``, ``withdrawn`` (withdrawals, and whether they are finished), ``problems`` (a sentence
    on each file that isn't as it was written; the counts leave it out).
    """
    corpus, configuration = workspace.root, workspace.configuration
    reader = _Reader(corpus)
    kinds: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    for source in reader.rows("sources", Source):
        kinds[source.kind] += 1
        seconds[source.kind] += source.duration
    ledger: defaultdict[str, float] = defaultdict(float)
    for entry in reader.rows("ledger", LedgerEntry):
        ledger[entry.reason] += entry.seconds
    judgements = {path: reader.get(read_import, path) or [] for path in import_paths(corpus)}
    counting = latest(chain.from_iterable(judgements.values()))
    votes = reader.get(aggregate_votes, corpus, configuration.labels, counting)
    labels = votes.labels if votes else {}
    found = Counter(label.emotion for label in labels.values())
    clips = list(reader.rows("segments", Clip))
    undecided = reader.get(undecided_sources, corpus) or []
    decisions = list(reader.rows("screen", Screen, undecided))
    losses = class_losses(decisions, labels.values())
    tasks = [one for path in batch_paths(corpus) for one in reader.get(read_batch, path) or []]
    named = {path: {row.clip_id for row in rows} for path, rows in judgements.items()}
    named |= {batch.path(corpus): set(batch.clips) for batch in tasks}
    frozen = reader.get(partial(frozen_clips, corpus, known=named)) or {}
    targets = dict(zip(EMOTIONS, configuration.targets.counts(), strict=True))
    return {
        "name": configuration.corpus.name,
        "language": configuration.corpus.language,
        "sources": dict(sorted(kinds.items())),
        "seconds": {kind: round(total, 3) for kind, total in sorted(seconds.items())},
        "ledger": {reason: round(total, 3) for reason, total in sorted(ledger.items())},
        "clips": _clips(clips, decisions, frozen),
        "undecided": undecided,
        "texts": _texts(reader.rows("transcripts", Transcript)),
        "annotation": _annotation(tasks, counting),
        "labels": {name: _progress(found[name], targets[name]) for name in EMOTIONS},
        "losses": list(losses.sentences()) if losses else [],
        "unlabelled": dict(
            sorted(Counter(label.reason for label in labels.values() if label.reason).items())
        ),
        "manifests": [
            {"version": header.version, "clips": sum(map(_total, header.counts.values()))}
            for folder in versions(corpus)
            if (header := reader.get(read_manifest_header, folder))
        ],
        "runs": run_names(workspace.runs),
        "withdrawn": [
            {
                "kind": stone.kind,
                "id": stone.id,
                "created": stone.created,
                "clips": len(stone.clips),
                "judgements": stone.counts.get("judgements", 0),
                "finished": stone.finished,
            }
            for stone in reader.get(read_tombstones, corpus) or []
        ],
        "problems": reader.problems,
    }


class _Reader:
    """Reader of what can be read; ``problems`` are sentences on the rest, each once."""

    def __init__(self, corpus: Path) -> None:
        self.corpus = corpus
        self.problems: list[str] = []

    def rows(self, stage: str, record: type[R], but: Collection[str] = ()) -> Iterator[R]:
        """Yield the records of a stage's readable shards, ``but`` for some sources."""
        for path in shard_paths(self.corpus, STAGES[stage]):
            if path.stem not in but:
                yield from self.get(read_shard, path, record) or []

    def get(self, read: Callable[..., T], *given: Any) -> T | None:
        """Return what a function reads; None if a file isn't as it was written."""
        try:
            return read(*given)
        except (CorpusError, OSError) as error:
            if str(error) not in self.problems:
                self.problems.append(str(error))
            return None


def _progress(clips: int, target: int) -> dict[str, int]:
    return {"clips": clips, "target": target, "missing": max(target - clips, 0)}


def _total(counts: dict[Any, int]) -> int:
    return sum(counts.values())


def _clips(
    clips: Sequence[Clip], decisions: Iterable[Screen], frozen: Collection[str]
) -> dict[str, Any]:
    known = {clip.clip_id for clip in clips}
    rejected: Counter[str] = Counter()
    accepted = 0
    for row in decisions:
        accepted += row.accepted
        if not row.accepted:
            rejected.update(row.reasons[:1])
    return {
        "cut": len(clips),
        "accepted": accepted,
        "rejected": dict(sorted(rejected.items())),
        "frozen": sum(clip_id in known for clip_id in frozen),
        "superseded": sum(clip.superseded_by is not None for clip in clips),
        "orphaned": sum(clip_id not in known for clip_id in frozen),
    }


def _texts(transcripts: Iterable[Transcript]) -> dict[str, int]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for transcript in transcripts:
        if transcript.text:
            found[transcript.source].add(transcript.clip_id)
    return {source: len(clips) for source, clips in sorted(found.items())}


def _annotation(tasks: Iterable[Batch], judgements: Sequence[Judgement]) -> dict[str, Any]:
    return {
        "tasks": len({clip_id for batch in tasks for clip_id in batch.clips}),
        "answered": sum(row.status == "answered" for row in judgements),
        "skipped": sum(row.status == "skipped" for row in judgements),
        "annotators": len({row.annotator for row in judgements}),
    }
