"""Search for labelling errors in a manifest version: `corpus suspects`."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.access.lock import CorpusLock
from manifests.access.withdrawals import WithdrawalWatch
from manifests.base.csv_tables import csv_text
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, counted, no_progress
from manifests.splits.folds import place_in_folds
from manifests.splits.groups import is_person
from manifests.storage.checksums import write_checksums
from manifests.storage.records import ManifestEntry
from manifests.storage.store import created_now, write_text
from manifests.versions.index import open_manifest
from manifests.versions.manifest import Manifest
from models.config.train import TrainSettings
from models.data import Example
from models.evaluation.metrics import uar
from models.loading import load_examples
from models.runs import check_result_folder, result_folder, write_document
from models.suspects.page import write_suspects_page
from models.suspects.ranking import label_probabilities

__all__ = ["find_suspects"]

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]


def find_suspects(
    manifest_folder: Path,
    folder: Path,
    settings: TrainSettings,
    *,
    shown: int = 100,
    progress: Progress = no_progress,
) -> Outcome:
    """Order the labelled clips of a version by doubt in their label, and write the order.

    The folder gets ``suspects.csv`` with every clip, ``suspects.json`` with the figures and the
    ``shown`` most doubtful clips (also the outcome's ``details``), and ``report.html``, which plays
    these. Earlier results in it are replaced. No label is changed.

    Raises:
        ConfigurationError: if the folder holds something else.
        DataError: if the version is damaged, or has too few clips or classes.
        CorpusError: if a withdrawal is at work.
    """
    manifest = open_manifest(manifest_folder)
    remedy = "move it elsewhere"
    check_result_folder(folder, _MARK, remedy)
    outcome = Outcome(warnings=manifest.caveats())
    with CorpusLock(manifest.corpus, "suspects"):
        watch = WithdrawalWatch(manifest.corpus, manifest.entries)
        sound = settings.changed(modality="audio", speeds=(), audio={"encoder": "statistics"})
        splits = ("train", "val", "test", "held")
        loaded = load_examples(manifest, sound, outcome, splits=splits, progress=progress)
        clips = {clip.clip_id: clip for examples in loaded.values() for clip in examples}
        entries = [entry for entry in manifest.entries if entry.clip_id in clips]
        labels = np.array([EMOTIONS.index(entry.emotion) for entry in entries], dtype=np.int64)
        _check(manifest, labels)
        examples = [clips[entry.clip_id] for entry in entries]
        rows, figures = _ranked(entries, examples, labels, sound, outcome)
        document = {
            "manifest": manifest.header.version,
            "digest": manifest.header.digest,
            "features": sound.audio.features,
            "created": created_now(),
            "clips": len(entries),
            **figures,
            "suspects": rows[:shown],
        }
        watch.check()
        with result_folder(folder, _MARK, remedy) as new:
            write_document(new / _MARK, {**document, "warnings": outcome.warnings})
            write_text(new / "suspects.csv", _csv(rows))
            write_suspects_page(new / "report.html", manifest, entries, document, outcome.warnings)
            write_checksums(new)
    outcome.outputs.append(folder)
    outcome.details |= document
    return outcome


def _check(manifest: Manifest, labels: Labels) -> None:
    counts = Counter(labels.tolist())
    if len(counts) < 2 or len(labels) < _FEWEST:
        raise DataError(
            f"{manifest.folder}: {counted(len(labels), 'clip')} of "
            f"{counted(len(counts), 'class', 'classes')} say too little about "
            f"each other: at least {_FEWEST} of 2 classes are needed; label more clips"
        )


def _ranked(
    entries: Sequence[ManifestEntry],
    examples: Sequence[Example],
    labels: Labels,
    settings: TrainSettings,
    outcome: Outcome,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return all clips, the most doubtful label first, and the figures of the models."""
    folds, number = _speaker_folds(entries)
    found = label_probabilities(examples, labels, folds, settings)
    recognised = None
    if folds is None:
        outcome.warnings.append(
            "all clips are of one speaker or source, so that each is only compared with others of "
            "the same one: errors that run through all of them can't be found"
        )
    else:
        recognised = _recognised(found.others, labels, outcome)
    doubt = 1 - found.combined[np.arange(len(labels)), labels]
    _warn_of_unjudged(doubt, labels, outcome)
    order = np.argsort(-doubt, kind="stable")  # NaN last
    rows = [
        _row(place, entries[index], doubt[index], found.combined[index])
        for place, index in enumerate(order.tolist(), start=1)
    ]
    return rows, {"folds": number, "uar": recognised, "unjudged": int(np.isnan(doubt).sum())}


def _speaker_folds(entries: Sequence[ManifestEntry]) -> tuple[Labels | None, int]:
    """Return folds of whole speakers, or of sources if unknown, and their number; None if one."""
    keys = {
        entry.clip_id: (
            f"speaker:{entry.speaker}" if is_person(entry.speaker) else f"source:{entry.source_id}",
        )
        for entry in entries
    }
    number = min(len(set(keys.values())), _SPEAKER_FOLDS)
    if number < 2:
        return None, number
    placed, _ = place_in_folds(entries, keys, str(number), {}, seed=0)
    fold_of = {entry.clip_id: entry.fold or 0 for entry in placed}
    return np.array([fold_of[entry.clip_id] for entry in entries], dtype=np.int64), number


def _recognised(others: Probabilities, labels: Labels, outcome: Outcome) -> float:
    """Return the UAR of other speakers' models against the labels; warn if it is near chance."""
    found = uar(labels, np.nan_to_num(others, nan=-1.0).argmax(axis=1))
    counts = np.bincount(labels)[np.bincount(labels) > 0]
    chance = 1 / len(counts)
    noise = np.sqrt((chance * (1 - chance) / counts).sum()) / len(counts)
    if found < chance + _DEVIATIONS * noise:
        outcome.warnings.append(
            f"models of other speakers agree with the labels no better than chance (UAR "
            f"{found:.2f}, chance {chance:.2f}), so the order says little; listen to a few clips "
            f"before you have them labelled again"
        )
    return round(found, 4)


def _warn_of_unjudged(doubt: NDArray[np.float64], labels: Labels, outcome: Outcome) -> None:
    unknown = np.isnan(doubt)
    if unknown.any():
        names = [EMOTIONS[label] for label in sorted(set(labels[unknown].tolist()))]
        clips = "1 clip" if unknown.sum() == 1 else f"{unknown.sum()} clips"
        outcome.warnings.append(
            f"{clips} of {', '.join(names)} can't be judged and come last: no other speaker, or no "
            f"other clip, has the class"
        )


def _row(place: int, entry: ManifestEntry, doubt: float, shares: Probabilities) -> dict[str, Any]:
    known = not np.isnan(doubt)
    return {
        "rank": place,
        "clip_id": entry.clip_id,
        "emotion": entry.emotion,
        "predicted": EMOTIONS[int(np.nan_to_num(shares, nan=-1.0).argmax())] if known else None,
        "doubt": round(float(doubt), 4) if known else None,
        "probabilities": {
            name: None if np.isnan(share) else round(float(share), 4)
            for name, share in zip(EMOTIONS, shares, strict=True)
        },
        "speaker": entry.speaker,
        "source_id": entry.source_id,
        "votes": len(entry.votes),
        "agreement": entry.agreement,
    }


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    plain = [name for name in rows[0] if name != "probabilities"]
    head = [*plain, *(f"p_{name}" for name in EMOTIONS)]
    body = ([*(row[name] for name in plain), *row["probabilities"].values()] for row in rows)
    return csv_text([head, *body])


_MARK = "suspects.json"
_FEWEST = 10  # clips
_SPEAKER_FOLDS = 10  # at most; each needs a model
_DEVIATIONS = 2.0
