"""Which files a script lists: recordings of one line, and takes of several."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.recordings.script import RowError, ScriptRow, read_script
from corpus_tools.recordings.take import Take
from corpus_tools.segmentation.inputs import media_in
from manifests.errors import DataError
from manifests.outcome import Outcome
from manifests.store import inside

__all__ = ["Listing", "Recording", "list_files"]


@dataclass(frozen=True)
class Recording:
    """A line of the script and the file that it means."""

    row: ScriptRow
    path: Path


@dataclass(frozen=True)
class Listing:
    """What a script lists, in its order."""

    recordings: list[Recording]
    takes: list[Take]


def list_files(script: Path, folder: Path, with_takes: bool, outcome: Outcome) -> Listing:
    """Return the usable files of a script; each row of the others is a failure.

    Media in the folder that no row names are failures too.

    Args:
        script: as for `read_script`.
        folder: what ``file`` is relative to.
        with_takes: whether a file that several rows name is a take of these lines; if not, it is
            unclear which of them it holds, and it is left out.
        outcome: takes the rows as items, and the failures.
    """
    rows: dict[Path, list[ScriptRow]] = {}
    refused: set[Path] = set()
    for row in read_script(script):
        outcome.items_in += 1
        if isinstance(row, RowError):
            refused.add(folder / row.file)
            outcome.fail(script.name, str(row))
            continue
        path = _path(row, folder)
        if isinstance(path, str):
            refused.add(folder / row.file)
            outcome.fail(_short(row.file), f"line {row.line}: {path}")
        else:
            rows.setdefault(path, []).append(row)
    listed = {path.resolve() for path in rows}
    strays = [path for path in media_in(folder) if path not in refused]
    _name_strays(folder, [path for path in strays if path.resolve() not in listed], outcome)
    listing = Listing([], [])
    for path, some in rows.items():
        problem = _clash(some, with_takes)
        if problem:
            outcome.fail(_short(some[0].file), problem)
        elif len(some) > 1:
            listing.takes.append(Take(some[0].file, path, tuple(some)))
        else:
            listing.recordings.append(Recording(some[0], path))
    return listing


def _path(row: ScriptRow, folder: Path) -> Path | str:
    """Return the file that a row means, or what is wrong with it."""
    try:
        path = inside(folder, row.file)
        there = path.is_file()
    except DataError:
        return f"leaves the folder {folder}; move the file into it"
    except OSError as error:
        return f"{error.strerror}; check the name"
    return path if there else f"no such file in {folder}; check the name"


def _clash(rows: list[ScriptRow], with_takes: bool) -> str | None:
    """Return why rows can't be of the same file."""
    if len(rows) == 1:
        return None
    lines = ", ".join(str(row.line) for row in rows[:_NAMED]) + " …" * (len(rows) > _NAMED)
    if not with_takes:
        return (
            f"{len(rows)} rows name it (lines {lines}), so which of them it holds isn't known; "
            f"leave one, or give --takes if it is one long take of them all"
        )
    speakers = sorted({row.speaker.speaker_id for row in rows})
    if len(speakers) > 1:
        return f"rows of {' and '.join(speakers)} name it (lines {lines}); a take has one speaker"
    return None


def _short(name: str) -> str:
    return name if len(name) <= 120 else f"{name[:119]}…"


def _name_strays(folder: Path, strays: Sequence[Path], outcome: Outcome) -> None:
    for path in strays:
        outcome.items_in += 1
        outcome.fail(
            path.relative_to(folder).as_posix(),
            "not in the script; add a line for it, or move it away",
        )


_NAMED = 4  # lines named in a message
