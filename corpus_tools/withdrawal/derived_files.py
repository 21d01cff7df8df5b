"""Changes of a withdrawal to derived files: versions, runs, pages and features."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from corpus_tools.withdrawal.changes import (
    Change,
    Removal,
    csv_change,
    csv_rows,
    files,
    filter_rows,
)
from manifests.storage.records import Clip
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import read_jsonl
from manifests.versions.manifest import ENTRIES, HEADER, read_manifest_header, versions
from manifests.versions.redaction import VersionWithdrawal, redacted_files
from models.features.packs import is_linked, packed_clips
from models.loading import cache_folder

__all__ = ["changes_to_features", "changes_to_pages", "changes_to_runs", "changes_to_versions"]


def changes_to_versions(removal: Removal) -> Iterator[Change]:
    """Yield changes to the files of versions: see `manifests.versions.redaction`."""

    def change(row: dict[str, Any]) -> dict[str, Any] | None:
        if removal.covers(row.get("clip_id")):
            return None
        votes = [vote for vote in row["votes"] if vote[0] != removal.annotator]
        if votes == row["votes"]:
            return row
        decided = row.get("adjudicated", False) and row["votes"][-1] == votes[-1:]
        return {**row, "votes": votes, "adjudicated": decided}

    stone = removal.tombstone
    for folder in versions(removal.corpus):
        withdrawn = stone.versions.get(folder.name)
        if withdrawn is None:
            continue
        content, _, _ = filter_rows(folder / ENTRIES, change)
        part = VersionWithdrawal(
            kind=stone.kind,
            id=stone.id,
            created=stone.created,
            clips=withdrawn["clips"],
            votes=withdrawn["votes"],
        )
        counts = {ENTRIES: withdrawn["clips"] + withdrawn["votes"]}
        for name, data in redacted_files(
            folder,
            part,
            (ENTRIES, content),
            removal.mentions,
            read_manifest_header(folder).files,
            HEADER,
        ):
            path = folder / name
            if data is None or not path.is_file() or data != path.read_bytes():
                yield Change(path, data, f"manifests/{folder.name}", counts.get(name, 0))


def changes_to_runs(removal: Removal) -> Iterator[Change]:
    """Yield changes to tables of predictions; trained models are left unchanged.

    An evaluation that names a withdrawn id is deleted as a whole, with its figures and pictures.
    """
    evaluations = _named_evaluations(removal)
    for folder in evaluations:
        # texts last: if interrupted, they still mark the folder for deletion
        for path in sorted(files(folder, "*"), key=lambda path: path.suffix in _TEXTS):
            yield Change(path, None, "evaluations", 1)
    for path in files(removal.corpus / "runs", "*/**/*.csv"):
        if path.parent in evaluations:
            continue
        header = next(iter(csv_rows(path)), [])
        if "clip_id" in header:
            column = header.index("clip_id")
            withdrawn = partial(_names_withdrawn, removal, column)
            yield from csv_change(path, "predictions", withdrawn)
    runs = removal.corpus / "runs"
    for path in [*files(runs, "*/**/*.html"), *files(runs, "*/series.*")]:
        if path.parent not in evaluations and removal.mentions(
            path.read_text(encoding="utf-8", errors="replace")
        ):
            yield Change(path, None, "pages", 1)


def _names_withdrawn(removal: Removal, column: int, row: list[str]) -> bool:
    return len(row) > column and removal.covers(row[column])


def _named_evaluations(removal: Removal) -> list[Path]:
    texts = (
        path
        for path in files(removal.corpus / "runs", "*/**/evaluation/*/*")
        if path.suffix in _TEXTS
        and removal.mentions(path.read_text(encoding="utf-8", errors="replace"))
    )
    return sorted({path.parent for path in texts})


def changes_to_pages(removal: Removal) -> Iterator[Change]:
    """Yield deletions of review pages and tables of affected sources or clips."""
    for path in files(removal.corpus / "review", "**/*"):
        own = any(path.name.startswith(f"{source}.") for source in removal.affected_sources)
        if own or removal.mentions(path.read_text(encoding="utf-8", errors="replace")):
            yield Change(path, None, "pages", 1)


def changes_to_features(removal: Removal) -> Iterator[Change]:
    """Yield deletions of feature packs with withdrawn clips, listed in the shards or versions.

    The next training computes the features of their other clips again.
    """
    digests = {
        clip.file_sha256
        for clip in read_stage(removal.corpus, STAGES["segments"], Clip)
        if removal.covers(clip.clip_id)
    }
    for folder in versions(removal.corpus):
        if folder.name in removal.tombstone.versions:
            digests |= {
                row["file_sha256"]
                for row in read_jsonl(folder / ENTRIES)
                if removal.covers(row.get("clip_id"))
            }
    for kind in sorted(cache_folder(removal.corpus).glob("*")):
        if is_linked(kind):
            continue
        for path, packed in packed_clips(kind):
            own = len(packed & digests)
            if own or not packed:
                yield Change(path, None, "features", own)


_TEXTS = {".json", ".csv", ".html"}
