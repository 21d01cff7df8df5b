"""History of one clip: its source, screening, texts, votes, splits and predictions."""

import csv
import difflib
import io
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from annotation.batches.batches import read_batches
from annotation.judgements.store import corrected_transcripts
from annotation.labels.aggregate import ClipVotes, aggregated_labels, clip_votes
from corpus_tools.segmentation.intake.selections import read_choices
from corpus_tools.segmentation.ledger.decisions import recorded_rules, recorded_suppressed
from corpus_tools.workspace.workspace import Workspace
from manifests.base.csv_tables import unguarded
from manifests.base.emotions import EMOTIONS
from manifests.base.encodings import read_bytes
from manifests.base.errors import ConfigurationError, DataError
from manifests.building.selection import (
    best_of,
    choose_texts,
    kept_repeats,
    rejection,
)
from manifests.storage.checksums import read_whole
from manifests.storage.decisions import is_decided
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Clip, Judgement, ManifestEntry, Screen, Source, Transcript
from manifests.storage.shards import STAGES, read_shard, read_stage
from manifests.storage.store import lines_naming, parse_jsonl
from manifests.storage.tombstones import Withdrawn
from manifests.versions.manifest import ENTRIES, check_content, versions
from models.runs import run_names

__all__ = ["clip_history", "find_clip"]


def find_clip(clips: Collection[str], query: str) -> str:
    """Return the id of the clip that matches a query.

    Args:
        clips: ids of all clips.
        query: id, or a part of exactly one id.

    Raises:
        ConfigurationError: if none or several match; names the nearest.

    Example:
        >>> find_clip(["E01-aa-00000000-00003000", "E02-bb-00000000-00004000"], "E02")
        'E02-bb-00000000-00004000'
    """
    if query in clips:
        return query
    matches = sorted(clip for clip in clips if query in clip)
    if len(matches) == 1:
        return matches[0]
    if not clips:
        raise ConfigurationError(f"no clip {query!r}: the corpus has no clips; run: corpus segment")
    near = matches or difflib.get_close_matches(query, sorted(clips), _NEAREST, 0) or sorted(clips)
    problem = f"{len(matches)} ids contain {query!r}" if matches else f"no clip {query!r}"
    more = ", …" if len(near) > _NEAREST else ""
    raise ConfigurationError(f"{problem}; choose one: {', '.join(near[:_NEAREST])}{more}")


def clip_history(workspace: Workspace, query: str) -> dict[str, Any]:
    """Return everything recorded about a clip, as JSON data.

    Keys: ``clip`` and ``source`` (their records), ``frozen_by`` (the first file that names it),
    ``choices`` (manual regions and review decisions that overlap it), ``screen`` (``accepted
    reasons rules yields_to``), ``repeats`` (ids of its repeats), ``texts`` and ``text`` (all, and
    the one used, by ``text_order``), ``tasks``, ``votes``, ``next_build`` (``in``, or the reason
    for leaving it out), ``manifests`` (its entry in each version, or None), ``predictions``.

    Args:
        workspace: the corpus.
        query: id of the clip, or a unique part of it.

    Raises:
        ConfigurationError: if none or several match, or the clip was withdrawn.
        DataError: if a shard, task, judgement, manifest or run's predictions can't be read.
    """
    corpus, configuration = workspace.root, workspace.configuration
    if gone := Withdrawn.of(corpus).clips.get(query):
        raise ConfigurationError(f"{query}: deleted with {gone.summary}")
    named = {row.clip_id: row for row in _read_clips(corpus, query)}
    clip = _find(corpus, query, named)
    original = clip.duplicate_of or clip.clip_id
    rows = named.values() if original == query else _read_clips(corpus, original)
    alike = [row for row in rows if _alike(row, clip)]
    source = read_shard(STAGES["sources"].path(corpus, clip.source_id), Source)[0]
    votes = clip_votes(corpus, clip.clip_id, configuration.labels)
    texts = _texts(corpus, clip)
    return {
        "clip": clip.row(),
        "source": source.row(),
        "frozen_by": frozen_clips(corpus, naming=clip.clip_id).get(clip.clip_id),
        "choices": [
            row.row()
            for row in read_choices(corpus, clip.source_id).rows
            if row.start < clip.end and clip.start < row.end
        ],
        "screen": _screen(corpus, clip),
        "repeats": sorted(row.clip_id for row in alike if row.duplicate_of == clip.clip_id),
        "texts": [row.row() for row in texts],
        "text": _text(corpus, texts, configuration.text.order, clip.clip_id, votes),
        "text_order": list(configuration.text.order),
        "tasks": _tasks(corpus, clip.clip_id),
        "votes": _votes(votes),
        "next_build": _next_build(workspace, clip, alike, votes),
        "manifests": dict(_manifests(corpus, clip.clip_id)),
        "predictions": dict(_predictions(workspace.runs, clip.clip_id)),
    }


def _read_clips(corpus: Path, naming: str | None) -> Iterator[Clip]:
    return read_stage(corpus, STAGES["segments"], Clip, naming)


def _find(corpus: Path, query: str, named: dict[str, Clip]) -> Clip:
    """Return the clip that matches a query; the shards that have it were read."""
    if not any(query in name for name in named):
        named = {clip.clip_id: clip for clip in _read_clips(corpus, None)}
    return named[find_clip(named, query)]


def _alike(row: Clip, clip: Clip) -> bool:
    """Return whether two clips are one, or of the same set of repeats."""
    return (row.duplicate_of or row.clip_id) == (clip.duplicate_of or clip.clip_id)


def _screen(corpus: Path, clip: Clip) -> dict[str, Any] | None:
    path = STAGES["screen"].path(corpus, clip.source_id)
    rows = read_shard(path, Screen) if is_decided(corpus, clip.source_id) else []
    decision = next((row for row in rows if row.clip_id == clip.clip_id), None)
    if decision is None:
        return None
    rules = recorded_rules(corpus, clip.source_id)
    return {
        "accepted": decision.accepted,
        "reasons": decision.reasons,
        "rules": rules.model_dump(mode="json") if rules else None,
        "yields_to": recorded_suppressed(corpus, clip.source_id).get(clip.clip_id),
    }


def _texts(corpus: Path, clip: Clip) -> list[Transcript]:
    path = STAGES["transcripts"].path(corpus, clip.source_id)
    rows = read_shard(path, Transcript) if path.is_file() else []
    return [row for row in rows if row.clip_id == clip.clip_id]


def _text(
    corpus: Path, texts: Sequence[Transcript], order: Sequence[str], clip_id: str, votes: ClipVotes
) -> dict[str, str] | None:
    best = best_of(texts, order)
    corrected = corrected_transcripts(corpus, votes.counting)
    chosen = choose_texts(best, corrected, order).get(clip_id)
    return None if chosen is None else {"text": chosen[0], "source": chosen[1]}


def _tasks(corpus: Path, clip_id: str) -> list[dict[str, Any]]:
    return [
        {"batch": batch.name, "annotator": batch.annotator, "kind": batch.kind}
        for batch in read_batches(corpus)
        if any(data["clip_id"] == clip_id for data in batch.tasks)
    ]


def _votes(votes: ClipVotes) -> dict[str, Any]:
    return {
        "label": votes.label.row() if votes.label else None,
        "decided_by": votes.decided_by,
        "method": votes.method,
        "weights": votes.weights,
        "counting": [_vote(row) for row in votes.counting],
        "replaced": [_vote(row) for row in votes.replaced],
    }


def _vote(row: Judgement) -> dict[str, Any]:
    record = row.row()
    return {name: record[name] for name in _VOTE_FIELDS}


def _next_build(workspace: Workspace, clip: Clip, alike: Sequence[Clip], votes: ClipVotes) -> str:
    accepted = [row for row in alike if (_screen(workspace.root, row) or {}).get("accepted")]
    if clip.clip_id not in {row.clip_id for row in accepted}:
        return "not_accepted"
    labels = votes.decided.labels
    if len(alike) > 1:
        labels = aggregated_labels(workspace.root, workspace.configuration.labels)
    standing = kept_repeats(accepted, labels)
    return rejection(clip, votes.label, standing) or "in"


def _manifests(corpus: Path, clip_id: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    for folder in versions(corpus):
        path = folder / ENTRIES
        check_content(folder)
        rows = parse_jsonl(path, io.BytesIO(lines_naming(read_bytes(path), clip_id)))
        row = next((row for row in rows if row.get("clip_id") == clip_id), None)
        yield folder.name, None if row is None else ManifestEntry.parse(row, str(path)).row()


def _predictions(runs: Path, clip_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the clip's row in each run's predictions.csv."""
    for name in run_names(runs):
        path = runs / name / "predictions.csv"
        if not path.is_file():
            continue
        try:
            table = csv.DictReader(io.StringIO(read_whole(path).decode(), newline=""))
            rows = (row for row in table if unguarded(row["clip_id"]) == clip_id)
            prediction = next(map(_prediction, rows), None)
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            raise DataError(
                f"{path}: not a predictions file of a run; restore it from a copy, or delete it"
            ) from error
        if prediction is not None:
            yield name, prediction


def _prediction(row: dict[str, str]) -> dict[str, Any]:
    shares = {emotion: float(row[f"p_{emotion}"]) for emotion in EMOTIONS}
    predicted = EMOTIONS[EMOTIONS.index(row["predicted"])]
    return {"split": row["split"], "predicted": predicted, "shares": shares}


_NEAREST = 5
_VOTE_FIELDS = (
    "annotator",
    "status",
    "emotion",
    "emotion2",
    "confidence",
    "problems",
    "transcript",
    "speaker",
    "role",
    "origin",
    "batch",
    "updated_at",
    "lead_time",
)
