"""Make the next version of a manifest: whole or not at all, and never the same one twice."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from manifests.card import write_card
from manifests.checksums import CHECKSUMS, checksum_lines
from manifests.draft import Draft
from manifests.exports.croissant import DESCRIPTION, describe
from manifests.given_split import divide_as_given
from manifests.index import INDEX, write_index
from manifests.lock import FolderLock
from manifests.outcome import Outcome, Progress, no_progress
from manifests.partition import Partition, divide
from manifests.pictures import draw_classes, draw_splits
from manifests.records import Clip, Label, ManifestEntry, Source, Speaker, Split, TextSource
from manifests.selection import Material, select
from manifests.settings import SplitSettings
from manifests.store import (
    atomic_folder,
    atomic_path,
    canonical_json,
    clear_partial_folders,
    created_now,
    sha256_file,
    write_bytes,
    write_text,
)
from manifests.tangles import TangledError
from manifests.versions import (
    ENTRIES,
    HEADER,
    Manifest,
    content_digest,
    load_manifest,
    newest,
    next_version,
)

__all__ = ["build_manifest"]


def build_manifest(
    corpus: Path,
    clips: Iterable[Clip],
    labels: Mapping[str, Label],
    texts: Mapping[str, tuple[str, TextSource]],
    speakers: Mapping[str, Speaker],
    sources: Mapping[str, Source],
    settings: SplitSettings,
    params: dict[str, Any],
    *,
    repeats: Mapping[str, str] = MappingProxyType({}),
    facts: Mapping[str, Any] = MappingProxyType({}),
    resplit: bool = False,
    given: Mapping[str, Split] | None = None,
    check_files: bool = True,
    progress: Progress = no_progress,
) -> Outcome:
    """Write ``manifests/vN/`` from labelled clips, unless the newest version holds just that.

    If a clip's file is gone or changed, or its source unknown, every such clip is a failure in the
    outcome and no version is written. The outcome's ``details["manifest"]`` tells what
    the version holds, JSON-ready: ``version new folder parent digest counts groups shares
    size_deviation class_deviation held bridges folds leakage giveaways``. If the clips hang
    together too much to be divided, that is a failure, no version is written, and
    ``details["tangle"]`` tells what ties them.

    Args:
        corpus: the corpus folder.
        clips: the accepted ones.
        labels: what the votes come to, by clip id.
        texts: the chosen text and where it is from, by clip id.
        speakers: rows of speakers.csv, by id.
        sources: by id.
        settings: section [split] of corpus.toml.
        params: what else the content depends on, JSON-ready: ``corpus`` and ``card`` (sections of
            corpus.toml, shown in the card), ``labels``, ``text``.
        repeats: the recording that clips have in common with others, by clip id; these clips stay
            together.
        facts: what the card tells beyond the content, JSON-ready (`manifests.card`); another fact
            makes no new version.
        resplit: divide everything anew instead of leaving clips where the newest version has them.
        given: splits that others gave clips, by id, to be kept as they are; clips of the newest
            version stay where they are.
        check_files: read every clip and compare it with its sha256.
        progress: called after each clip.

    Raises:
        ConfigurationError: if the settings ask for another grouping than the newest version's.
        DataError: if the newest version is damaged.
        CorpusError: if another process is building.
    """
    outcome = Outcome()
    material = Material(list(clips), labels, texts, speakers, sources)
    folder = corpus / "manifests"
    with FolderLock(folder, "build") as lock:
        if lock.broken:
            outcome.warnings.append(lock.broken)
        clear_partial_folders(folder)
        entries = select(corpus, material, outcome, check_files=check_files, progress=progress)
        if not outcome.ok:
            outcome.warnings.append(
                "no version was written, for a version is never changed and these clips would be "
                "missing from it; repair them first"
            )
            return outcome
        if not entries:
            outcome.warnings.append(
                "no accepted clip has a label yet, so there is nothing to build; bring answers "
                "in with: corpus import-annotations FILE"
            )
            return outcome
        last = newest(corpus)
        parent = load_manifest(last) if last else None
        try:
            partition = (
                divide(entries, settings, None if resplit else parent, repeats)
                if given is None
                else divide_as_given(entries, settings, given, parent, repeats)
            )
        except TangledError as error:
            outcome.fail("split", str(error))
            outcome.details["tangle"] = error.tangle.row()
            return outcome
        split = {**settings.model_dump(mode="json"), "folds": partition.folds_asked}
        params = {**params, "split": split}
        loudness = {clip.clip_id: clip.rms_db for clip in material.clips}
        told = _Told(loudness, repeats, facts)
        _publish(corpus, partition, params, parent, resplit, told, outcome)
    return outcome


@dataclass(frozen=True)
class _Told:
    """What a version tells of its clips beyond its content.

    Attributes:
        loudness: RMS level of each clip in dBFS, by id.
        repeats: the recording that clips have in common with others, by clip id.
        facts: what else the card tells.
    """

    loudness: Mapping[str, float]
    repeats: Mapping[str, str]
    facts: Mapping[str, Any]


def _publish(
    corpus: Path,
    partition: Partition,
    params: dict[str, Any],
    parent: Manifest | None,
    resplit: bool,
    told: "_Told",
    outcome: Outcome,
) -> None:
    """Write the next version unless it would say what its parent says.

    ``params["split"]["drawn"]`` names the version in which clips were last divided without regard
    to an earlier one.
    """
    content = "".join(canonical_json(entry.row()) + "\n" for entry in partition.entries).encode()
    sha256 = hashlib.sha256(content).hexdigest()

    def draft(version: str, before: str | None, drawn: str) -> Draft:
        full = {**params, "split": {**params["split"], "drawn": drawn}}
        digest = content_digest(sha256, full)
        return Draft(
            version,
            before,
            created_now(),
            digest,
            full,
            partition,
            outcome.rejected,
            told.loudness,
            told.repeats,
            told.facts,
        )

    version = next_version(corpus)
    drawn = version
    if parent is not None:
        drawn = _drawn(parent)
        known = draft(parent.header.version, parent.header.parent, drawn)
        if known.digest == parent.header.digest:
            outcome.warnings.append(
                f"{known.version} holds exactly this already; no new version was made"
            )
            outcome.details["manifest"] = _summary(known, parent.folder, new=False)
            return
    made = draft(version, parent.header.version if parent else None, version if resplit else drawn)
    folder = corpus / "manifests" / version
    _write(folder, made, content)
    outcome.outputs.append(folder)
    outcome.warnings += made.limits()
    outcome.details["manifest"] = _summary(made, folder, new=True)


def _drawn(manifest: Manifest) -> str:
    split = manifest.header.params.get("split", {})
    return str(split.get("drawn", manifest.header.version))


def _write(target: Path, draft: Draft, content: bytes) -> None:
    shared = {key: leakage.row() for key, leakage in draft.leakage.items()}
    with atomic_folder(target) as folder:
        write_bytes(folder / ENTRIES, content)
        write_index(folder / INDEX, draft.partition.entries)
        write_text(folder / DESCRIPTION, _described(draft, content))
        write_text(folder / "leakage.json", _readable(shared))
        write_text(folder / "giveaways.json", _readable(draft.giveaways.row()))
        write_text(folder / "card.md", write_card(draft))
        with atomic_path(folder / "classes.png") as path:
            draw_classes(draft.partition, path)
        with atomic_path(folder / "splits.png") as path:
            draw_splits(draft.partition, path)
        files = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
        write_text(folder / HEADER, _readable(draft.header(files).row()))
        listed = {**files, HEADER: sha256_file(folder / HEADER)}
        write_text(folder / CHECKSUMS, checksum_lines(listed))


def _described(draft: Draft, content: bytes) -> str:
    return describe(
        draft.params,
        version=draft.version,
        created=draft.created,
        table=ENTRIES,
        table_sha256=hashlib.sha256(content).hexdigest(),
        columns=[
            name for name in ManifestEntry.model_fields if name != "fold" or draft.partition.folds
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
        "giveaways": draft.giveaways.row(),
    }
