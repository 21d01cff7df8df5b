"""Verify that a version of a manifest and all its clips are unchanged since it was written."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.checksums import CHECKSUMS, read_checksums
from manifests.storage.records import ManifestEntry, ManifestHeader
from manifests.storage.store import Within, sha256_file
from manifests.storage.tombstones import TOMBSTONES, Withdrawn
from manifests.versions.index import INDEX, index_problem
from manifests.versions.manifest import (
    ENTRIES,
    HEADER,
    content_digest,
    read_entries,
    read_manifest_header,
)
from manifests.versions.redaction import REDACTION, Redaction, read_redaction

__all__ = ["verify_manifest"]


def verify_manifest(
    folder: Path, *, progress: Progress = no_progress, clips: bool = True
) -> Outcome:
    """Compare every file of a version, and every clip that it names, with its sha256.

    Items of the outcome are the version's files and its clips. Each missing, changed or unexpected
    file is a failure; the others are checked all the same. Withdrawn clips are rejected, not
    failed, and files removed with them aren't missing, if both the version and the corpus's
    tombstones record the withdrawal. Without ``clips``, only the version's own files are checked.

    Raises:
        DataError: if the header of the version or the tombstones of the corpus can't be read.
    """
    header = read_manifest_header(folder)
    outcome = Outcome(details={"version": header.version, "digest": header.digest})
    unfinished = Withdrawn.of(folder.parent.parent).unfinished()
    if unfinished is not None:
        outcome.warnings.append(
            f"the withdrawal of {unfinished.kind} '{unfinished.id}' was interrupted; before you "
            f"restore anything, finish it: corpus withdraw --{unfinished.kind} {unfinished.id}"
        )
    redaction = _redaction(folder, outcome)
    outcome.details["files"] = _check_version(folder, header, redaction, outcome)
    if clips:
        outcome.details["clips"] = _check_clips(folder, outcome, progress)
    return outcome


def _redaction(folder: Path, outcome: Outcome) -> Redaction | None:
    """Return the redaction of a version; a withdrawal without a tombstone is a failure."""
    outcome.details["withdrawn"] = []
    try:
        redaction = read_redaction(folder)
    except DataError as error:
        outcome.items_in += 1
        outcome.fail(f"{folder.name}/{REDACTION}", str(error))
        return None
    if redaction is None:
        return None
    known = {(stone.kind, stone.id) for stone in Withdrawn.of(folder.parent.parent).tombstones}
    for part in redaction.withdrawals:
        if (part.kind, part.id) not in known:
            outcome.fail(
                f"{folder.name}/{REDACTION}",
                f"names {part.kind} '{part.id}', which is not in {TOMBSTONES}; {_RESTORE}",
            )
    outcome.items_in += redaction.clips
    outcome.rejected["withdrawn"] += redaction.clips
    outcome.details["withdrawn"] = [part.row() for part in redaction.withdrawals]
    outcome.warnings.append(f"{folder.name}: {redaction.summary}; the rest was checked")
    return redaction


def _check_version(
    folder: Path, header: ManifestHeader, redaction: Redaction | None, outcome: Outcome
) -> int:
    """Check the version's own files and return their expected number."""
    expected = dict(header.files)
    if redaction is not None:
        expected = {**expected, **redaction.files}
        expected = {name: expected[name] for name in expected if name not in redaction.removed}
    within = Within(folder)
    problems = {name: _problem(within, name, sha256) for name, sha256 in expected.items()}
    if redaction is not None:
        problems[REDACTION] = None
    problems[HEADER] = _problem_of_header(folder, header)
    problems |= dict.fromkeys(_unexpected(folder, problems), "not part of the version; move it")
    try:
        listed = read_checksums(folder)
    except DataError as error:
        listed, problems[CHECKSUMS] = {}, str(error)
    if listed:
        own = {name: listed.get(name) for name in (HEADER, REDACTION) if name in problems}
        fits = listed == {**expected, **own}
        if redaction is not None:
            problems[REDACTION] = _problem(within, REDACTION, listed.get(REDACTION, ""))
        problems[CHECKSUMS] = None if fits else f"doesn't fit {HEADER}: one of them {_CHANGED}"
        problems[HEADER] = problems[HEADER] or _problem(within, HEADER, listed.get(HEADER, ""))
    elif CHECKSUMS not in problems:
        outcome.warnings.append(
            f"{header.version} has no {CHECKSUMS}; its {HEADER} was checked by its digest only, "
            f"which covers the clips and the parameters"
        )
    for name, problem in sorted(problems.items()):
        _note(f"{header.version}/{name}", problem, outcome)
    return len(problems)


def _problem_of_header(folder: Path, header: ManifestHeader) -> str | None:
    if content_digest(header.files.get(ENTRIES, ""), header.params) != header.digest:
        return f"its params or digest {_CHANGED}; {_RESTORE}"
    if header.version != folder.name:
        return f"is in folder {folder.name}; rename the folder to {header.version}"
    return None


def _note(item: str, problem: str | None, outcome: Outcome) -> None:
    outcome.items_in += 1
    if problem is None:
        outcome.kept += 1
    else:
        outcome.fail(item, problem)


def _unexpected(folder: Path, expected: Iterable[str]) -> list[str]:
    known = {*expected, HEADER, CHECKSUMS}
    names = (path.name for path in folder.iterdir() if path.name not in known)
    return sorted(name for name in names if not name.startswith("."))  # of file managers


def _problem(within: Within, relative: str, sha256: str) -> str | None:
    """Return the problem of a file, None if it is unchanged."""
    try:
        same = sha256_file(within(relative)) == sha256
    except DataError as error:
        return str(error)
    except FileNotFoundError:
        return f"missing; {_RESTORE}"
    except OSError as error:
        return f"can't be read ({error.strerror}); {_RESTORE}"
    return None if same else f"{_CHANGED}; {_RESTORE}"


def _check_clips(folder: Path, outcome: Outcome, progress: Progress) -> int:
    """Check the clips of the entries and return their number."""
    path = folder / ENTRIES
    if not path.is_file():
        return 0
    corpus = folder.parent.parent
    try:
        entries = read_entries(path)
    except DataError as error:
        outcome.warnings.append(f"its clips were not checked: {error}")
        return 0
    edited = any(one.item == f"{folder.name}/{ENTRIES}" for one in outcome.failures)
    differs = None if edited else index_problem(folder, entries)
    if differs is not None:
        _note(f"{folder.name}/{INDEX}, content", differs, outcome)
    for done, (entry, problem) in enumerate(_checked(corpus, entries), start=1):
        _note(entry.path, problem, outcome)
        progress(done, len(entries), entry.clip_id)
    return len(entries)


def _checked(
    corpus: Path, entries: Sequence[ManifestEntry]
) -> Iterator[tuple[ManifestEntry, str | None]]:
    """Yield each entry with the problem of its clip; files are read in parallel."""
    within = Within(corpus)

    def problems(some: Sequence[ManifestEntry]) -> list[str | None]:
        return [_problem(within, entry.path, entry.file_sha256) for entry in some]

    portions = [entries[first : first + _PORTION] for first in range(0, len(entries), _PORTION)]
    with ThreadPoolExecutor(max_workers=min(_MOST_THREADS, os.cpu_count() or 1)) as threads:
        for portion, found in zip(portions, threads.map(problems, portions), strict=True):
            yield from zip(portion, found, strict=True)


_CHANGED = "changed since the version was written"
_RESTORE = (
    "restore it from a copy, or move the version's folder out of manifests/ and build it anew: "
    "corpus build-manifest"
)
_MOST_THREADS = 4
_PORTION = 64  # clips per task of a thread
