"""Verification of a corpus folder: what was changed, cut off or lost since it was written."""

import hashlib
import os
import wave
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from annotation.batches.batches import batch_paths, read_batch
from annotation.batches.gold import read_gold
from annotation.batches.server_file import ServerFile
from annotation.judgements.annotators import Annotators
from annotation.judgements.store import import_paths, read_import
from corpus_tools.burned_in.srt import srt_path, to_srt
from corpus_tools.segmentation.intake.selections import read_choices
from corpus_tools.segmentation.ledger.commit import MARKED, SETTLED
from corpus_tools.workspace.workspace import Workspace
from manifests.base.encodings import check_size
from manifests.base.errors import CorpusError, DataError
from manifests.base.outcome import Failure, Outcome, Progress, counted, listed, no_progress
from manifests.storage.checksums import CHECKSUMS, read_checksums
from manifests.storage.copies import copies_in, copy_warnings, without_copies
from manifests.storage.records import Clip, Source
from manifests.storage.shards import STAGES, read_shard, shard_paths
from manifests.storage.speakers import read_speakers
from manifests.storage.store import CHANGED, Within, sha256_file
from manifests.storage.tombstones import TOMBSTONES, Withdrawn
from manifests.versions.manifest import ENTRIES, read_entries
from manifests.versions.verify import verify_manifest

__all__ = ["verify_corpus"]

R = TypeVar("R")


def verify_corpus(
    workspace: Workspace, *, quick: bool = False, progress: Progress = no_progress
) -> Outcome:
    """Check every file of a corpus that commands wrote, and return what doesn't fit.

    Items of the outcome are files. Each that is missing, or isn't as it was written, is a failure
    with what to do. ``quick`` leaves out the sound of the clips. Files that no command writes are
    listed in ``details["unknown"]``, and runs and exports of versions without checksums in
    ``details["unchecked"]``; neither is a failure.
    """
    check = _Verification(workspace.root, Outcome(), progress)
    check.records()
    check.annotations()
    check.versions()
    check.listed_files()
    if quick:
        check.outcome.warnings.append("the sound of the clips was not checked (--quick)")
    else:
        check.sound()
    check.others()
    check.outcome.details |= {"quick": quick, "clips": len(check.clips)}
    return check.outcome


@dataclass(frozen=True)
class _Expected:
    """What a clip's file should be; ``pcm`` is unknown for clips that no shard has."""

    file_sha256: str
    pcm: str | None


@dataclass
class _Verification:
    """Running verification: ``clips`` are those found in records, by path."""

    corpus: Path
    outcome: Outcome
    progress: Progress
    clips: dict[str, _Expected] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)
    _media: set[str] = field(default_factory=set)
    _whole: bool = True
    """Whether all clips' records could be read."""

    def records(self) -> None:
        """Check the shards, the choices, the tombstones and the table of speakers."""
        for stage in STAGES.values():
            for path in shard_paths(self.corpus, stage):
                rows = self._note(path, read_shard, path, stage.record)
                if stage.record is Clip:
                    self._whole = self._whole and rows is not None
                if stage.name == "burned_in" and rows is not None:
                    written = srt_path(self.corpus, path.stem)
                    self._note(written, _compare_srt, written, rows)
                for row in rows or ():
                    if isinstance(row, Clip):
                        self.clips[row.path] = _Expected(row.file_sha256, row.sha256)
                        self._ids.add(row.clip_id)
                    elif isinstance(row, Source):
                        self._media.add(row.media_path)
        for path in without_copies((self.corpus / "choices").glob("*.jsonl")):
            self._note(path, read_choices, self.corpus, path.stem)
        if (self.corpus / TOMBSTONES).is_file():
            self._note(self.corpus / TOMBSTONES, Withdrawn.of, self.corpus)
        if (self.corpus / "speakers.csv").is_file():
            self._note(self.corpus / "speakers.csv", read_speakers, self.corpus / "speakers.csv")

    def annotations(self) -> None:
        """Check judgements, tasks and tables, and that their clips are in the shards."""
        folder = self.corpus / "annotations"
        for path in import_paths(self.corpus):
            rows = self._note(path, read_import, path)
            self._known(path, (row.clip_id for row in rows or ()))
        for path in batch_paths(self.corpus):
            batches = self._note(path, read_batch, path)
            self._known(path, (row["clip_id"] for one in batches or () for row in one.tasks))
        for name, read in (
            ("server.json", ServerFile.read),
            ("annotators.csv", Annotators),
            ("gold.csv", read_gold),
        ):
            if (folder / name).is_file():
                self._note(folder / name, read, self.corpus)

    def versions(self) -> None:
        """Check the versions' own files, and note the clips that they name."""
        for folder in sorted((self.corpus / "manifests").glob("v*")):
            if not folder.is_dir():
                continue
            try:
                found = verify_manifest(folder, clips=False)
                entries = read_entries(folder / ENTRIES)
            except (CorpusError, OSError) as error:
                self._fail(folder, error)
                continue
            found.details.clear()
            found.failures = [Failure(f"manifests/{f.item}", f.reason) for f in found.failures]
            self.outcome.merge(found)
            for entry in entries:
                known = self.clips.setdefault(entry.path, _Expected(entry.file_sha256, None))
                if known.file_sha256 != entry.file_sha256:
                    self._fail(
                        self.corpus / entry.path,
                        f"{folder.name} and the clip's record differ; restore both from a copy",
                    )

    def listed_files(self) -> None:
        """Check all files below folders with checksums, and that these list all of them."""
        for name in _LISTED:
            top = self.corpus / name
            for sums in sorted(top.rglob(CHECKSUMS)):
                if not _is_hidden(sums.relative_to(top)):
                    self._list(sums.parent, complete=name != _TASKS)

    def _list(self, folder: Path, *, complete: bool) -> None:
        try:
            files = read_checksums(folder)
        except DataError as error:
            self._fail(folder / CHECKSUMS, error)
            return
        within = Within(folder)
        for name, sha256 in files.items():
            path = folder / name
            if not path.exists():
                self._fail(path, f"is missing; {_AGAIN}")
            elif complete or path.suffix != ".json":  # the others were read above
                self._note(path, _compare, within, name, sha256)
        for path in _below(folder) if complete else folder.glob("[!.]*.json"):
            if path.relative_to(folder).as_posix() not in files:
                self._fail(path, f"is not listed in {CHECKSUMS} of its folder; {_UNLISTED}")

    def sound(self) -> None:
        """Compare the clips with their records, several at once."""
        within = Within(self.corpus)

        def problems(some: Sequence[tuple[str, _Expected]]) -> list[str | None]:
            return [_sound_problem(within, path, expected) for path, expected in some]

        clips = list(self.clips.items())
        portions = [clips[first : first + _PORTION] for first in range(0, len(clips), _PORTION)]
        done = 0
        with ThreadPoolExecutor(max_workers=min(_MOST_THREADS, os.cpu_count() or 1)) as threads:
            for portion, found in zip(portions, threads.map(problems, portions), strict=True):
                for (path, _), problem in zip(portion, found, strict=True):
                    done += 1
                    self.outcome.items_in += 1
                    if problem is None:
                        self.outcome.kept += 1
                    else:
                        self.outcome.fail(path, problem)
                    self.progress(done, len(self.clips), path)

    def others(self) -> None:
        """Note what no command writes, and what has no checksums."""
        outcome = self.outcome
        outcome.warnings += copy_warnings(self.corpus)
        outcome.details["unknown"] = unknown = sorted(self._unknown())
        outcome.details["unchecked"] = unchecked = sorted(self._unchecked())
        amid = [place for place in unknown if "/" in place]
        if amid:
            outcome.warnings.append(
                f"no command writes or reads {listed(amid)}; move what doesn't belong there"
            )
        if unchecked:
            outcome.warnings.append(
                f"not checked, since earlier versions wrote no {CHECKSUMS}: {listed(unchecked)}"
            )

    def _unknown(self) -> Iterator[str]:
        own_media = {part for path in self._media for part in Path(path).parts[:1]}
        for path in self.corpus.iterdir():
            if path.name not in _OWN | own_media and not path.name.startswith(".corpus"):
                yield path.name
        copies = {path.as_posix() for path in copies_in(self.corpus)}
        for folder in ("stages", "choices", "clips", "annotations", "manifests"):
            for path in _below(self.corpus / folder, hidden=True):
                place = path.relative_to(self.corpus)
                if place.as_posix() not in copies and not self._is_known(place):
                    yield place.as_posix()

    def _is_known(self, place: Path) -> bool:
        parts = place.parts
        if parts[0] == "clips":
            excerpt = parts[2:3] == ("context",) and place.suffix == ".wav"
            return excerpt or place.as_posix() in self.clips or not self._whole
        if parts[0] == "stages":
            shard = len(parts) == 3 and parts[1] in STAGES and place.suffix == ".jsonl"
            written = len(parts) == 3 and parts[1] == "burned_in" and place.suffix == ".srt"
            return shard or written or place.as_posix() in (MARKED, SETTLED)
        if parts[0] == "annotations":
            return parts[1] in _ANNOTATIONS
        return len(parts) == (2 if parts[0] == "choices" else 3)

    def _unchecked(self) -> Iterator[str]:
        for name in ("runs", "exports"):
            folders = (self.corpus / name).glob("[!.]*")
            for folder in folders:
                if folder.is_dir() and not any(folder.rglob(CHECKSUMS)) and any(_below(folder)):
                    yield folder.relative_to(self.corpus).as_posix()

    def _known(self, path: Path, named: Iterable[str]) -> None:
        """Fail a file that names clips of no shard, if all shards could be read."""
        lost = sorted(set(named) - self._ids) if self._whole else []
        if lost:
            self._fail(
                path,
                f"names {counted(len(lost), 'clip that is', 'clips that are')} in no shard of "
                "stages/segments: "
                f"{listed(lost)}; restore those shards, or this file if it is another corpus's",
            )

    def _note(self, path: Path, read: Callable[..., R], *given: Any) -> R | None:
        """Return what a file contains; None if it fails."""
        try:
            content = read(*given)
        except (CorpusError, OSError) as error:
            self._fail(path, error)
            return None
        self.outcome.items_in += 1
        self.outcome.kept += 1
        return content

    def _fail(self, path: Path, reason: object) -> None:
        """Add a failure, of the file that the reason begins with or else of ``path``."""
        text = str(reason).replace(f"{self.corpus}/", "")
        named, _, rest = text.partition(": ")
        place = named.partition(", line ")[0]
        if not (self.corpus / place).exists():
            place, rest = path.relative_to(self.corpus).as_posix(), text
        self.outcome.items_in += 1
        self.outcome.fail(place, rest)


def _compare(within: Within, name: str, sha256: str) -> None:
    path = Path(within(name))
    if path.suffix == ".jsonl":  # others, such as weights of a model, may be large
        check_size(path, _AGAIN)
    if sha256_file(path) != sha256:
        raise DataError(f"{path}: {CHANGED}; {_AGAIN}")


def _compare_srt(path: Path, rows: Sequence[Any]) -> None:
    if not path.is_file():
        raise DataError(f"{path}: is missing; {_READ_AGAIN}")
    if path.read_bytes() != to_srt(rows).encode():
        raise DataError(f"{path}: changed, unlike the lines beside it; {_READ_AGAIN}")


def _sound_problem(within: Within, path: str, expected: _Expected) -> str | None:
    """Return the problem of a clip, None if it is as it was cut."""
    try:
        with open(within(path), "rb") as stream:  # noqa: PTH123 - half the time of a Path's
            data = stream.read()
    except DataError as error:
        return str(error)
    except FileNotFoundError:
        return f"is missing; {_CUT_AGAIN}"
    except OSError as error:
        return f"can't be read ({error.strerror}); {_CUT_AGAIN}"
    except MemoryError:
        return f"is far larger than a clip; {_CUT_AGAIN}"
    if hashlib.sha256(data).hexdigest() != expected.file_sha256:
        return f"changed since it was cut; {_CUT_AGAIN}"
    if expected.pcm is not None and _pcm_sha256(data) != expected.pcm:
        return f"is not the sound of its record; {_CUT_AGAIN}"
    return None


def _pcm_sha256(data: bytes) -> str | None:
    try:
        with wave.open(BytesIO(data)) as clip:
            return hashlib.sha256(clip.readframes(clip.getnframes())).hexdigest()
    except (wave.Error, EOFError):
        return None


def _below(folder: Path, *, hidden: bool = False) -> Iterator[Path]:
    """Yield the files below a folder, except those of folders with checksums of their own."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name == CHECKSUMS or (path.name.startswith(".") and not hidden):
            continue
        if not path.is_dir() or path.is_symlink():
            yield path
        elif hidden or not (path / CHECKSUMS).is_file():
            yield from _below(path, hidden=hidden)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


_AGAIN = "restore it from a copy, or delete its folder and run the command that made it again"
_UNLISTED = "move it elsewhere if you put it there, else restore the list from a copy"
_CUT_AGAIN = (
    "restore it from a copy, or delete it and run the command that made it again: corpus segment "
    "(recordings: corpus add-recordings)"
)
_READ_AGAIN = (
    "restore it from a copy, or delete it and run the command that made it again: corpus "
    "read-subtitles"
)
_TASKS = "annotations/tasks"
_LISTED = (_TASKS, "runs", "exports")
"""Folders in which commands list what they write in checksum files."""
_OWN = {
    *("corpus.toml", "speakers.csv", TOMBSTONES, "clips", "stages", "choices", "annotations"),
    *("manifests", "runs", "exports", "review", ".cache", ".git", ".gitignore"),
}
_ANNOTATIONS = {
    *("tasks", "judgements", "label-studio", "gold.csv", "server.json", "annotators.csv"),
    ".label-studio-token",
}
_MOST_THREADS = 4
_PORTION = 64  # clips per task of a thread
