"""Changes of a withdrawal to derived files: versions, runs, pages and features."""

import re
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from corpus_tools.media.folders import MEDIA_EXTENSIONS
from corpus_tools.withdrawal.changes import (
    Change,
    Removal,
    csv_change,
    csv_rows,
    files,
    filter_rows,
)
from corpus_tools.withdrawal.traces import Traces
from manifests.base.errors import DataError
from manifests.storage.checksums import CHECKSUMS, read_checksums
from manifests.storage.records import Clip
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import read_jsonl
from manifests.versions.manifest import ENTRIES, HEADER, read_manifest_header, versions
from manifests.versions.redaction import VersionWithdrawal, redacted_files
from models.features.packs import is_linked, packed_clips
from models.loading import cache_folder

__all__ = [
    "changes_to_exports",
    "changes_to_features",
    "changes_to_pages",
    "changes_to_runs",
    "changes_to_versions",
    "remake_command",
]


def changes_to_versions(removal: Removal) -> Iterator[Change]:
    """Yield changes to the files of versions: see `manifests.versions.redaction`.

    A group named after what is withdrawn is named after the first clip that it keeps.
    """

    def change(row: dict[str, Any]) -> dict[str, Any] | None:
        if removal.covers(row.get("clip_id")):
            return None
        votes = [vote for vote in row["votes"] if vote[0] != removal.annotator]
        group = row.get("group", "")
        if removal.mentions(group):
            group = groups.setdefault(group, f"clip:{row['clip_id']}")
        if votes == row["votes"]:
            return row if group == row.get("group", "") else {**row, "group": group}
        decided = row.get("adjudicated", False) and row["votes"][-1] == votes[-1:]
        return {**row, "votes": votes, "adjudicated": decided, "group": group}

    stone = removal.tombstone
    for folder in versions(removal.corpus):
        groups: dict[str, str] = {}
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

    An evaluation, or a search for suspects, that names a withdrawn id is deleted as a whole, with
    its figures and pictures; the state of interrupted trainings is, unless all of this was
    withdrawn before.
    """
    unfinished = removal.corpus / "runs" / ".unfinished"
    if removal.tombstone.versions and not removal.tombstone.finished and unfinished.is_dir():
        yield Change(unfinished, None, "training states", 1)
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
        for pattern in ("*/**/evaluation/*/*", "suspects-*/*")
        for path in files(removal.corpus / "runs", pattern)
        if path.suffix in _TEXTS
        and removal.mentions(path.read_text(encoding="utf-8", errors="replace"))
    )
    return sorted({path.parent for path in texts})


def changes_to_pages(removal: Removal) -> Iterator[Change]:
    """Yield deletions of review pages and tables of affected sources or clips."""
    for path in files(removal.corpus / "review", "**/*", copies=True):
        own = any(path.name.startswith(f"{source}.") for source in removal.affected_sources)
        if own or removal.mentions(path.read_text(encoding="utf-8", errors="replace")):
            yield Change(path, None, "pages", 1)


def changes_to_exports(removal: Removal) -> Iterator[Change]:
    """Yield deletions of exports, and of results of `corpus predict`, with traces of a withdrawal.

    An export goes as a whole: one without some of its clips would be one of no version.
    """
    # what others say in a text may be the same word as a speaker's id
    traces = Traces(removal, in_records=removal.annotator is None)
    done: set[Path] = set()
    for path, folder in _exported_files(removal.corpus):
        if folder in done:
            continue
        own = path.suffix.lower() in _SOUNDS and _CLIP.fullmatch(path.stem)
        if removal.covers(path.stem) or (not own and _has(traces, path)):
            done.add(folder)
            yield Change(folder, None, "exports", 1)
    for path in files(removal.corpus, "**/predictions.json"):
        table, timelines = path.with_suffix(".csv"), path.with_name("timelines")
        if any(path.is_relative_to(folder) for folder in done) or not table.is_file():
            continue
        if _has(traces, path) or _has(traces, table):
            for one in (timelines, table, path):  # the last one marks the others
                if one.exists():
                    yield Change(one, None, "prediction files", 1)


def _has(traces: Traces, path: Path) -> bool:
    return traces.in_file(path) not in (None, "closed")


def _exported_files(corpus: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the files of all exports in a corpus, each with the folder of its export."""
    exports, is_export = corpus / "exports", cache(_is_export)
    for path in files(exports, "*/**/*", copies=True):
        above = [folder for folder in path.parents if folder.is_relative_to(exports)][:-1]
        yield path, ([folder for folder in above if is_export(folder)] or above)[-1]
    for listed in files(corpus, f"*/**/{CHECKSUMS}"):
        place = listed.relative_to(corpus).parts[0]
        if place not in _OWN and _is_export(listed.parent) and _is_untouched(listed.parent):
            for path in files(listed.parent, "**/*", copies=True):
                yield path, listed.parent


def _is_untouched(folder: Path) -> bool:
    """Return whether a folder has what its checksums list, and no other sounds than clips.

    Others may have a ``SHA256SUMS`` beside their recordings and tables, too.
    """
    try:
        names = {CHECKSUMS, *read_checksums(folder)}
    except DataError:  # in another format
        return False
    found = [
        path.relative_to(folder)
        for path in folder.rglob("*")
        if not path.is_dir() and not path.name.startswith(".")
    ]
    return names == {path.as_posix() for path in found} and all(
        _CLIP.fullmatch(path.stem) for path in found if path.suffix.lower() in MEDIA_EXTENSIONS
    )


def _is_export(folder: Path) -> bool:
    return any(any(folder.glob(mark)) for _, mark in _EXPORT_MARKS)


def remake_command(folder: Path) -> str:
    """Return the commands that make an export anew, from the next version."""
    kind = next((name for name, mark in _EXPORT_MARKS if any(folder.glob(mark))), "FORMAT")
    return f"corpus build-manifest, then corpus export-manifest --format {kind}"


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
_SOUNDS = {".wav", ".flac"}
_CLIP = re.compile(r".+-\d{8}-\d{8}")
_OWN = {"annotations", "choices", "clips", "exports", "manifests", "review", "runs", "stages"}
_EXPORT_MARKS = (
    ("hf", "*/metadata.parquet"),
    ("lhotse", "recordings.jsonl.gz"),
    ("audformat", "db.yaml"),
    ("parquet", "clips.parquet"),
    ("croissant", "croissant.json"),
    ("csv", "clips.csv"),
)
"""Formats of exports, and a file by which to know each."""
