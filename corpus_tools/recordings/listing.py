"""Files that a script lists: recordings of one line, and takes of several lines."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from corpus_tools.recordings.readings.script import RowError, ScriptRow, read_script
from corpus_tools.recordings.takes.take import Take
from corpus_tools.segmentation.intake.identify import media_in
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome
from manifests.base.voices import alike_warnings, one_spelling, spelling_warnings
from manifests.storage.file_names import as_on_disk, did_you_mean
from manifests.storage.store import inside

__all__ = ["Listing", "Recording", "list_files"]


@dataclass(frozen=True)
class Recording:
    """A row of the script and its file."""

    row: ScriptRow
    path: Path


@dataclass(frozen=True)
class Listing:
    """Usable files of a script, in its order."""

    recordings: list[Recording]
    takes: list[Take]


def list_files(
    script: Path,
    folder: Path,
    with_takes: bool,
    outcome: Outcome,
    language: str | None = None,
    known: Collection[str] = (),
) -> Listing:
    """Return the usable files of a script; rows of others, and media without a row, are failures.

    A file with several rows is a take of these lines ``with_takes``; otherwise it is left out,
    since it is unclear which line it holds. Speakers get the spelling of the ``known`` ones.
    """
    rows: dict[Path, list[ScriptRow]] = {}
    refused: set[Path] = set()
    found = media_in(folder, outcome)
    entered = {path.parent for path in found}
    for row in _one_spelling(list(read_script(script, language)), known, outcome):
        outcome.items_in += 1
        if isinstance(row, RowError):
            refused.add(folder / row.file)
            outcome.fail(script.name, str(row))
            continue
        path = _resolve(row, folder, entered)
        if isinstance(path, str):
            refused.add(folder / row.file)
            outcome.fail(_shortened(row.file), f"line {row.line}: {path}")
        else:
            rows.setdefault(path, []).append(row)
    listed = {path.resolve() for path in rows}
    unlisted = [path for path in found if path not in refused and path.resolve() not in listed]
    _fail_unlisted(folder, unlisted, outcome)
    listing = Listing([], [])
    for path, file_rows in rows.items():
        problem = _conflict(file_rows, with_takes)
        if problem:
            outcome.fail(_shortened(file_rows[0].file), problem)
        elif len(file_rows) > 1:
            listing.takes.append(Take(file_rows[0].file, path, tuple(file_rows)))
        else:
            listing.recordings.append(Recording(file_rows[0], path))
    return listing


def _one_spelling(
    rows: Sequence[ScriptRow | RowError], known: Collection[str], outcome: Outcome
) -> Iterator[ScriptRow | RowError]:
    """Yield the rows with one spelling of each speaker's id; add warnings about these."""
    names = dict.fromkeys(row.speaker.speaker_id for row in rows if isinstance(row, ScriptRow))
    spelling = one_spelling(names, known)
    outcome.warnings += spelling_warnings(spelling)
    outcome.warnings += alike_warnings(spelling.values(), known)
    for row in rows:
        if isinstance(row, RowError):
            yield row
        else:
            speaker = row.speaker.changed(speaker_id=spelling[row.speaker.speaker_id])
            yield replace(row, speaker=speaker)


def _resolve(row: ScriptRow, folder: Path, entered: Collection[Path]) -> Path | str:
    """Return the file of a row, or the reason why it can't be used.

    It may lie in a linked folder that was ``entered``.
    """
    try:
        name = as_on_disk(folder, row.file)
    except DataError as error:
        return str(error)
    parent, base = (folder / name).parent, PurePosixPath(name).name
    try:
        path = inside(parent, base) if parent in entered else inside(folder, name)
        exists = path.is_file()
    except DataError:
        return f"leaves the folder {folder}; move the file into it"
    except OSError as error:
        return f"{error.strerror}; check the name"
    if exists:
        return path
    near = did_you_mean(folder, name)
    return f"no such file in {folder}; {f'did you mean {near!r}?' if near else 'check the name'}"


def _conflict(rows: list[ScriptRow], with_takes: bool) -> str | None:
    """Return why rows can't share a file, None if they can."""
    if len(rows) == 1:
        return None
    lines = ", ".join(str(row.line) for row in rows[:_NAMED]) + " …" * (len(rows) > _NAMED)
    if not with_takes:
        return (
            f"{len(rows)} rows name it (lines {lines}), so it is unclear which line it holds; "
            f"keep one, or give --takes if it is one long take of all of them"
        )
    speakers = sorted({row.speaker.speaker_id for row in rows})
    if len(speakers) > 1:
        return f"has rows of {' and '.join(speakers)} (lines {lines}); a take has one speaker"
    return None


def _shortened(name: str) -> str:
    return name if len(name) <= 120 else f"{name[:119]}…"


def _fail_unlisted(folder: Path, paths: Sequence[Path], outcome: Outcome) -> None:
    for path in paths:
        outcome.items_in += 1
        outcome.fail(
            path.relative_to(folder).as_posix(),
            "not in the script; add a row for it, or remove it",
        )


_NAMED = 4  # lines named in a message
