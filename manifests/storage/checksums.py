"""Checksums by which a file that was changed or cut off after it was written is noticed.

A shard has one in its first line (:mod:`manifests.storage.shards`), choices and tombstones too
(:func:`~manifests.storage.store.sealed_jsonl`), a file of judgements in its name; everything else
is listed in the ``SHA256SUMS`` of its folder, in the format of ``sha256sum --check``. Files without
one, of earlier versions or to be edited by people, are read as they are.
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from manifests.base.encodings import read_bytes
from manifests.base.errors import DataError
from manifests.storage.store import CHANGED, sha256_file, write_text

__all__ = [
    "CHECKSUMS",
    "add_checksum",
    "checksum_lines",
    "checksums_renewed",
    "expected_sha256",
    "name_by_content",
    "read_checksums",
    "read_whole",
    "write_checksums",
]

CHECKSUMS = "SHA256SUMS"
"""File with the checksums of the other files of a folder."""


def checksum_lines(files: Mapping[str, str]) -> str:
    """Return the text of a checksum file, from the sha256 (hex) of each file by name.

    >>> print(checksum_lines({"card.md": "0" * 64})[58:])
    000000  card.md
    <BLANKLINE>
    """
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files.items()))


def read_checksums(folder: Path) -> dict[str, str]:
    """Return the sha256 by relative path, empty without a file; DataError for a bad line."""
    path = folder / CHECKSUMS
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: changed since it was written; it is not UTF-8 text") from error
    matches = [_CHECKSUM_LINE.fullmatch(line) for line in lines[:-1]]
    if lines[-1] or any(match is None or ".." in match[2].split("/") for match in matches):
        raise DataError(f"{path}: changed since it was written; a line is no checksum")
    return {match[2]: match[1] for match in matches if match}


def write_checksums(folder: Path) -> None:
    """Write the checksums of all files below a folder, but for folders that have their own."""
    own = {path.parent for path in folder.glob(f"*/**/{CHECKSUMS}")}
    files = {
        path.relative_to(folder).as_posix(): sha256_file(path)
        for path in folder.rglob("*")
        if path.is_file() and path.name != CHECKSUMS and own.isdisjoint(path.parents)
    }
    write_text(folder / CHECKSUMS, checksum_lines(files))


@contextlib.contextmanager
def checksums_renewed(folder: Path) -> Iterator[None]:
    """Remove a folder's checksums, and write them anew when its files are written."""
    (folder / CHECKSUMS).unlink(missing_ok=True)
    yield
    write_checksums(folder)


def add_checksum(path: Path, data: bytes) -> None:
    """List a file that is about to be written, and unlisted ones beside it, in their checksums."""
    listed = read_checksums(path.parent)
    beside = (other for other in path.parent.glob(f"[!.]*{path.suffix}") if other.is_file())
    files = {other.name: sha256_file(other) for other in beside if other.name not in listed}
    files |= listed | {path.name: hashlib.sha256(data).hexdigest()}
    write_text(path.parent / CHECKSUMS, checksum_lines(files))


def name_by_content(name: str, data: bytes) -> str:
    """Return the name of a file of judgements with other content; earlier names stay.

    >>> name_by_content("20261122T140000Z-0123456789abcdef.jsonl", b"")
    '20261122T140000Z-e3b0c44298fc1c14.jsonl'
    """
    match = _NAMED.fullmatch(name)
    if match is None:
        return name
    return f"{match[1]}{hashlib.sha256(data).hexdigest()[: len(match[2])]}{match[3]}"


def expected_sha256(path: Path) -> str | None:
    """Return the sha256 (hex) that a file should have, or the start of it; None if unknown."""
    if named := _NAMED.fullmatch(path.name):
        return named[2]
    return read_checksums(path.parent).get(path.name)


def read_whole(path: Path, advice: str = "restore it from a copy") -> bytes:
    """Return a file's bytes; DataError, with ``advice``, if they aren't as they were written."""
    data = read_bytes(path, advice)
    expected = expected_sha256(path)
    if expected is not None and not hashlib.sha256(data).hexdigest().startswith(expected):
        raise DataError(f"{path}: {CHANGED}; {advice}")
    return data


_CHECKSUM_LINE = re.compile(r"([0-9a-f]{64}) [ *]([^/\\\n][^\\\n]*)")
_NAMED = re.compile(r"(\d{8}T\d{6}Z-)([0-9a-f]{16})(\.jsonl)")
