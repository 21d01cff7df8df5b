"""Redaction of a version after a withdrawal.

A version is never changed otherwise. Withdrawn clips and votes are deleted from ``manifest.jsonl``,
derived files that name them are removed, and ``withdrawn.json`` in the version's folder records the
withdrawal and the sha256 of the remaining files. ``manifest.json`` stays as it was written.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from manifests.base.outcome import counted
from manifests.storage.checksums import CHECKSUMS, checksum_lines
from manifests.storage.record import Record, record
from manifests.storage.store import read_json, readable_json, sha256_file

__all__ = ["REDACTION", "Redaction", "VersionWithdrawal", "read_redaction", "redacted_files"]

REDACTION = "withdrawn.json"


@record
class VersionWithdrawal(Record):
    """Clips and votes that one withdrawal deleted from a version."""

    kind: str
    id: str
    created: str
    clips: int
    votes: int


@record
class Redaction(Record):
    """Withdrawals from a version, and the sha256 of its remaining files."""

    withdrawals: list[VersionWithdrawal]
    files: dict[str, str]
    removed: list[str]

    @property
    def summary(self) -> str:
        """Summary of the withdrawals, for messages."""
        return "; ".join(
            f"{counted(part.clips, 'clip')} and {counted(part.votes, 'vote')} of {part.kind} "
            f"'{part.id}' withdrawn on "
            f"{part.created[:10]}"
            for part in self.withdrawals
        )

    @property
    def clips(self) -> int:
        """Number of withdrawn clips."""
        return sum(part.clips for part in self.withdrawals)


def read_redaction(folder: Path) -> Redaction | None:
    """Return a version's redaction, None if nothing was withdrawn; DataError if unreadable."""
    path = folder / REDACTION
    try:
        row = read_json(path)
    except FileNotFoundError:
        return None
    redaction: Redaction = Redaction.parse(row, str(path))
    return redaction


def redacted_files(
    folder: Path,
    part: VersionWithdrawal,
    entries: tuple[str, bytes],
    names_it: Callable[[str], bool],
    listed: Mapping[str, str],
    header: str,
) -> Iterator[tuple[str, bytes | None]]:
    """Yield the changed files of a version with their new content, None for a removed one.

    ``entries`` is name and new content of the file of entries; ``names_it`` returns whether a text
    names what is withdrawn; ``listed`` has the sha256 of the files as they were written; the file
    named ``header`` is kept.
    """
    present = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    removed = {name for name in listed if name not in present}
    for name in sorted(present & listed.keys() - {entries[0]}):
        if _derived_names(folder / name, names_it):
            removed.add(name)
            yield name, None
    stays = {name: sha256_file(folder / name) for name in present & listed.keys() - removed}
    stays[entries[0]] = hashlib.sha256(entries[1]).hexdigest()
    yield entries
    earlier = read_redaction(folder)
    before = earlier.withdrawals if earlier else []
    parts = {(old.kind, old.id): old for old in before} | {(part.kind, part.id): part}
    redaction = Redaction(
        withdrawals=list(parts.values()), files=dict(sorted(stays.items())), removed=sorted(removed)
    )
    content = readable_json(redaction.row()).encode()
    yield REDACTION, content
    sums = {
        **stays,
        header: sha256_file(folder / header),
        REDACTION: hashlib.sha256(content).hexdigest(),
    }
    yield CHECKSUMS, checksum_lines(sums).encode()


def _derived_names(path: Path, names_it: Callable[[str], bool]) -> bool:
    """Return whether a derived file may name what is withdrawn; True for non-text files."""
    if path.suffix == ".png":
        return False
    try:
        return names_it(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return True
