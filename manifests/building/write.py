"""Write a version of a manifest, atomically and only if it differs from the previous one."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from manifests.base.outcome import Outcome
from manifests.card.card import write_card
from manifests.card.draft import Draft
from manifests.card.plots import draw_classes, draw_splits
from manifests.exports.croissant import DESCRIPTION, describe
from manifests.splits.partition import Partition
from manifests.storage.records import ManifestEntry
from manifests.storage.store import (
    atomic_folder,
    atomic_path,
    created_now,
    partial_folder,
    sha256_file,
    write_jsonl,
    write_text,
)
from manifests.versions.checksums import CHECKSUMS, checksum_lines
from manifests.versions.index import INDEX, write_index
from manifests.versions.manifest import ENTRIES, HEADER, Manifest, content_digest, next_version

__all__ = ["ManifestFacts", "publish"]


@dataclass(frozen=True)
class ManifestFacts:
    """Facts of a version beside its clips.

    Attributes:
        params: parameters of the build, JSON-ready; part of the content.
        loudness: RMS level in dBFS by clip id.
        repeats: recording shared with other clips, by clip id.
        facts: further facts for the card, JSON-ready.
    """

    params: dict[str, Any]
    loudness: Mapping[str, float]
    repeats: Mapping[str, str]
    facts: Mapping[str, Any]


def publish(
    corpus: Path,
    partition: Partition,
    version_facts: ManifestFacts,
    parent: Manifest | None,
    outcome: Outcome,
    *,
    drawn_anew: bool,
) -> None:
    """Write the next version unless its content equals its parent's; the caller holds the lock.

    ``params["split"]["drawn"]`` names the version in which clips were last divided without regard
    to an earlier one.

    Args:
        corpus: corpus folder.
        partition: divided clips.
        version_facts: further facts of the version.
        parent: newest version, if there is one.
        outcome: outcome to update, see :func:`manifests.building.build.build_manifest`.
        drawn_anew: the clips were divided without regard to the parent.
    """
    with partial_folder(corpus / "manifests") as aside:
        content = _Content.write(aside / ENTRIES, partition.entries)
        if parent is not None:
            known = _draft(
                parent.header.version,
                parent.header.parent,
                _drawn(parent),
                content,
                partition,
                version_facts,
                outcome,
            )
            if known.digest == parent.header.digest:
                outcome.warnings.append(
                    f"{known.version} has exactly this content already; no new version was made"
                )
                outcome.details["manifest"] = _summary(known, parent.folder, new=False)
                return
        version = next_version(corpus)
        drawn = version if parent is None or drawn_anew else _drawn(parent)
        made = _draft(
            version,
            parent.header.version if parent else None,
            drawn,
            content,
            partition,
            version_facts,
            outcome,
        )
        folder = corpus / "manifests" / version
        _write(folder, made, content)
    outcome.outputs.append(folder)
    outcome.warnings += made.limits()
    outcome.details["manifest"] = _summary(made, folder, new=True)


@dataclass(frozen=True)
class _Content:
    """The ``manifest.jsonl`` of the next version, before it is compared with the last one."""

    path: Path
    sha256: str

    @classmethod
    def write(cls, path: Path, entries: Iterable[ManifestEntry]) -> Self:
        write_jsonl(path, (entry.row() for entry in entries))
        return cls(path, sha256_file(path))


def _draft(
    version: str,
    parent: str | None,
    drawn: str,
    content: _Content,
    partition: Partition,
    version_facts: ManifestFacts,
    outcome: Outcome,
) -> Draft:
    params = {**version_facts.params, "split": {**version_facts.params["split"], "drawn": drawn}}
    return Draft(
        version,
        parent,
        created_now(),
        content_digest(content.sha256, params),
        params,
        partition,
        outcome.rejected,
        version_facts.loudness,
        version_facts.repeats,
        version_facts.facts,
    )


def _drawn(manifest: Manifest) -> str:
    split = manifest.header.params.get("split", {})
    return str(split.get("drawn", manifest.header.version))


def _write(target: Path, draft: Draft, content: _Content) -> None:
    shared = {key: leakage.row() for key, leakage in draft.leakage.items()}
    with atomic_folder(target) as folder:
        content.path.rename(folder / ENTRIES)
        write_index(folder / INDEX, draft.partition.entries)
        write_text(folder / DESCRIPTION, _described(draft, content))
        write_text(folder / "leakage.json", _readable(shared))
        write_text(folder / "giveaways.json", _readable(draft.label_cues.row()))
        write_text(folder / "card.md", write_card(draft))
        with atomic_path(folder / "classes.png") as path:
            draw_classes(draft.partition, path)
        with atomic_path(folder / "splits.png") as path:
            draw_splits(draft.partition, path)
        files = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
        write_text(folder / HEADER, _readable(draft.header(files).row()))
        listed = {**files, HEADER: sha256_file(folder / HEADER)}
        write_text(folder / CHECKSUMS, checksum_lines(listed))


def _described(draft: Draft, content: _Content) -> str:
    return describe(
        draft.params,
        version=draft.version,
        created=draft.created,
        table=ENTRIES,
        table_sha256=content.sha256,
        columns=[
            name for name in ManifestEntry.fields() if name != "fold" or draft.partition.folds
        ],
    )


def _readable(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"


def _summary(draft: Draft, folder: Path, *, new: bool) -> dict[str, Any]:
    partition = draft.partition
    return {
        "version": draft.version,
        "new": new,
        "folder": folder.as_posix(),
        "parent": draft.parent,
        "digest": draft.digest,
        "counts": partition.counts,
        "groups": partition.grouping.row(),
        "shares": partition.shares,
        "size_deviation": partition.size_deviation,
        "class_deviation": partition.class_deviation,
        "held": partition.held,
        "bridges": sorted(partition.bridges),
        "folds": partition.fold_counts,
        "leakage": {key: leakage.row() for key, leakage in draft.leakage.items()},
        "giveaways": draft.label_cues.row(),
    }
