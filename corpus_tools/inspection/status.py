"""Status of a corpus: counts of each stage, from sources to runs."""

from collections import Counter, defaultdict
from typing import Any

from annotation.batches.batches import tasked_clips
from annotation.judgements.store import latest, read_judgements
from annotation.labels.aggregate import aggregated_labels
from corpus_tools.workspace.workspace import Workspace
from manifests.audit.class_losses import class_losses
from manifests.base.emotions import EMOTIONS
from manifests.storage.decisions import read_decisions, undecided_sources
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Clip, LedgerEntry, Source, Transcript
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.tombstones import read_tombstones
from manifests.versions.manifest import read_manifest_header, versions
from models.runs import run_names

__all__ = ["survey"]


def survey(workspace: Workspace) -> dict[str, Any]:
    """Return the counts of each stage as JSON data.

    Keys: ``sources`` and ``seconds`` by kind, ``ledger`` (seconds by reason), ``clips`` (rejected
    ones by their first reason, as in the ledger, so that they add up), ``undecided`` (sources that
    an interrupted run has not screened), ``texts`` (clips by text
    source), ``annotation``, ``labels`` (``clips``, ``target`` and ``missing`` by class),
    ``losses`` (sentences on classes that screening rejects
    markedly more), ``unlabelled`` (clips with votes but no class, by reason), ``manifests``,
    ``runs``, ``withdrawn`` (withdrawals, and whether they are finished).

    Raises:
        DataError: if a shard or a file of judgements can't be read.
    """
    corpus, configuration = workspace.root, workspace.configuration
    kinds: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    for source in read_stage(corpus, STAGES["sources"], Source):
        kinds[source.kind] += 1
        seconds[source.kind] += source.duration
    ledger: defaultdict[str, float] = defaultdict(float)
    for entry in read_stage(corpus, STAGES["ledger"], LedgerEntry):
        ledger[entry.reason] += entry.seconds
    labels = aggregated_labels(corpus, configuration.labels)
    found = Counter(label.emotion for label in labels.values())
    losses = class_losses(read_decisions(corpus), labels.values())
    targets = dict(zip(EMOTIONS, configuration.targets.counts(), strict=True))
    return {
        "name": configuration.corpus.name,
        "language": configuration.corpus.language,
        "sources": dict(sorted(kinds.items())),
        "seconds": {kind: round(total, 3) for kind, total in sorted(seconds.items())},
        "ledger": {reason: round(total, 3) for reason, total in sorted(ledger.items())},
        "clips": _clips(workspace),
        "undecided": undecided_sources(corpus),
        "texts": _texts(workspace),
        "annotation": _annotation(workspace),
        "labels": {name: _progress(found[name], targets[name]) for name in EMOTIONS},
        "losses": list(losses.sentences()) if losses else [],
        "unlabelled": dict(
            sorted(Counter(label.reason for label in labels.values() if label.reason).items())
        ),
        "manifests": [
            {"version": header.version, "clips": sum(map(_total, header.counts.values()))}
            for header in map(read_manifest_header, versions(corpus))
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
            for stone in read_tombstones(corpus)
        ],
    }


def _progress(clips: int, target: int) -> dict[str, int]:
    return {"clips": clips, "target": target, "missing": max(target - clips, 0)}


def _total(counts: dict[Any, int]) -> int:
    return sum(counts.values())


def _clips(workspace: Workspace) -> dict[str, Any]:
    clips = list(read_stage(workspace.root, STAGES["segments"], Clip))
    known = {clip.clip_id for clip in clips}
    rejected: Counter[str] = Counter()
    accepted = 0
    for row in read_decisions(workspace.root):
        accepted += row.accepted
        if not row.accepted:
            rejected.update(row.reasons[:1])
    frozen = frozen_clips(workspace.root)
    return {
        "cut": len(clips),
        "accepted": accepted,
        "rejected": dict(sorted(rejected.items())),
        "frozen": sum(clip_id in known for clip_id in frozen),
        "superseded": sum(clip.superseded_by is not None for clip in clips),
        "orphaned": sum(clip_id not in known for clip_id in frozen),
    }


def _texts(workspace: Workspace) -> dict[str, int]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for transcript in read_stage(workspace.root, STAGES["transcripts"], Transcript):
        if transcript.text:
            found[transcript.source].add(transcript.clip_id)
    return {source: len(clips) for source, clips in sorted(found.items())}


def _annotation(workspace: Workspace) -> dict[str, Any]:
    judgements = latest(read_judgements(workspace.root))
    return {
        "tasks": len(tasked_clips(workspace.root)),
        "answered": sum(row.status == "answered" for row in judgements),
        "skipped": sum(row.status == "skipped" for row in judgements),
        "annotators": len({row.annotator for row in judgements}),
    }
