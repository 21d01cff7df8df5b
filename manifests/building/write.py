"""Write a version of a manifest, atomically and only if it differs from the previous one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from manifests.base.outcome import Outcome
from manifests.card.card import write_card
from manifests.card.draft import Draft
from manifests.card.plots import draw_classes, draw_splits
from manifests.exports.croissant import DESCRIPTION, describe
from manifests.splits.partition import Partition
from manifests.storage.checksums import CHECKSUMS, checksum_lines
from manifests.storage.records import ManifestEntry
from manifests.storage.store import (
    atomic_folder,
    atomic_path,
    created_now,
    partial_folder,
    readable_json,
    sha256_file,
    write_jsonl,
    write_text,
)
from manifests.versions.index import INDEX, write_index
from manifests.versions.manifest import ENTRIES, HEADER, Manifest, content_digest, next_version

__all__ = ["publish"]


def publish(
    corpus: Path,
    partition: Partition,
    params: dict[str, Any],
    parent: Manifest | None,
    outcome: Outcome,
    *,
    loudness: Mapping[str, float],
    repeats: Mapping[str, str],
    facts: Mapping[str, Any],
    drawn_anew: bool,
) -> None:
    """Write the next version unless its content equals its parent's; the caller holds the lock.

    ``params["split"]["drawn"]`` names the version in which clips were last divided without regard
    to an earlier one (``drawn_anew``). ``outcome`` and the other arguments are those of
    `manifests.building.build.build_manifest`; ``loudness`` is the RMS level in dBFS by clip id.
    """

    def draft(version: str, before: str | None, drawn: str) -> Draft:
        content = {**params, "split": {**params["split"], "drawn": drawn}}
        return Draft(
            version=version,
            parent=before,
            created=created_now(),
            digest=content_digest(sha256, content),
            params=content,
            partition=partition,
            rejected=outcome.rejected,
            loudness=loudness,
            repeats=repeats,
            facts=facts,
        )

    with partial_folder(corpus / "manifests") as aside:
        entries = aside / ENTRIES
        write_jsonl(entries, (entry.row() for entry in partition.entries))
        sha256 = sha256_file(entries)
        if parent is not None:
            known = draft(parent.header.version, parent.header.parent, _drawn(parent))
            if known.digest == parent.header.digest:
                outcome.warnings.append(
                    f"{known.version} has exactly this content already; no new version was made"
                )
                outcome.details["manifest"] = _summary(known, parent.folder, new=False)
                return
        version = next_version(corpus)
        drawn = version if parent is None or drawn_anew else _drawn(parent)
        made = draft(version, parent.header.version if parent else None, drawn)
        folder = corpus / "manifests" / version
        _write(folder, made, entries, sha256)
    outcome.outputs.append(folder)
    outcome.warnings += made.limits()
    outcome.details["manifest"] = _summary(made, folder, new=True)


def _drawn(manifest: Manifest) -> str:
    split = manifest.header.params.get("split", {})
    return str(split.get("drawn", manifest.header.version))


def _write(target: Path, draft: Draft, entries: Path, sha256: str) -> None:
    leakage = {key: leakage.row() for key, leakage in draft.leakage.items()}
    used = {
        "fold": bool(draft.partition.folds),
        "text_confidence": any(
            entry.text_confidence is not None for entry in draft.partition.entries
        ),
    }
    columns = [name for name in ManifestEntry.fields() if used.get(name, True)]
    with atomic_folder(target) as folder:
        entries.rename(folder / ENTRIES)
        write_index(folder / INDEX, draft.partition.entries)
        description = describe(
            draft.params,
            version=draft.version,
            created=draft.created,
            table=ENTRIES,
            table_sha256=sha256,
            columns=columns,
        )
        write_text(folder / DESCRIPTION, description)
        write_text(folder / "leakage.json", readable_json(leakage))
        write_text(folder / "giveaways.json", readable_json(draft.label_cues.row()))
        write_text(folder / "card.md", write_card(draft))
        for name, draw in (("classes.png", draw_classes), ("splits.png", draw_splits)):
            with atomic_path(folder / name) as path:
                draw(draft.partition, path)
        files = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
        write_text(folder / HEADER, readable_json(draft.header(files).row()))
        listed = {**files, HEADER: sha256_file(folder / HEADER)}
        write_text(folder / CHECKSUMS, checksum_lines(listed))


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
