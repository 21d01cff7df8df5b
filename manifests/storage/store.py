"""Safe files: atomic writes, fingerprints, JSON Lines, paths that stay in the corpus."""

import contextlib
import filecmp
import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pydantic_core import from_json

from manifests.base.encodings import check_size, read_bytes
from manifests.base.errors import FULL, DataError, FullDiskError
from manifests.storage.links import check_way
from manifests.storage.partials import clear_partials, partial_path

__all__ = [
    "CHANGED",
    "Within",
    "atomic_folder",
    "atomic_path",
    "canonical_json",
    "created_now",
    "fingerprint",
    "inside",
    "lines_naming",
    "parse_jsonl",
    "partial_folder",
    "read_json",
    "read_jsonl",
    "read_sealed",
    "readable_json",
    "rewrite",
    "sealed_jsonl",
    "sha256_file",
    "write_bytes",
    "write_jsonl",
    "write_text",
]

CHANGED = "changed or cut off after it was written"


def canonical_json(value: Any) -> str:
    """Return the canonical JSON text of a value: sorted keys, no spaces, unescaped UTF-8.

    ValueError for NaN and infinities, which JSON can't represent.

    >>> canonical_json({"b": 1, "a": "巴适"})
    '{"a":"巴适","b":1}'
    """
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def readable_json(value: Any) -> str:
    """Return indented JSON for people, sorted, unescaped; ValueError for NaN and infinities."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"


def fingerprint(value: Any) -> str:
    """Return the sha256 (hex) of a value's canonical JSON.

    >>> fingerprint({"a": 1})[:12]
    '015abd7f5cc5'
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def sha256_file(path: Path | str) -> str:
    """Return the sha256 (hex) of a file's bytes, read in blocks."""
    with open(path, "rb") as stream:  # noqa: PTH123 - half the time of a Path's, for many files
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def atomic_path(path: Path, *, synced: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it is synced and renamed, else removed.

    Readers of ``path`` find the old file or the new one, never a part. The parent folder is made if
    it is missing. A killed writer leaves a hidden file, for :func:`clear_partials`. CorpusError,
    naming the folder, if the disk is full; DataError if it is reached through a link that leads out
    of a corpus.
    """
    try:
        with partial_path(path.parent, path.suffix) as temporary:
            yield temporary
            if synced:
                _sync(temporary)
            temporary.replace(path)
            if synced:
                _sync(path.parent)
    except OSError as error:
        if error.errno in FULL:
            raise FullDiskError(
                f"{path.parent}: no space left to write {path.name}; free some and run again"
            ) from error
        raise


@contextlib.contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``folder``; on success it is renamed, else removed.

    Write files into it with the functions of this module, which sync them. A ``folder`` that has
    exactly these files already stays as it is; FileExistsError if it has others.
    """
    with partial_folder(folder.parent) as temporary:
        yield temporary
        _sync(temporary)
        if folder.exists():
            if not _same_files(temporary, folder):
                raise FileExistsError(f"{folder} exists already")
            return
        temporary.rename(folder)
        _sync(folder.parent)


def _same_files(first: Path, second: Path) -> bool:
    """Return whether two folders have the same files, with the same content."""
    names, others = (
        {path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir()}
        for folder in (first, second)
    )
    return names == others and all(
        filecmp.cmp(first / name, second / name, shallow=False) for name in names
    )


@contextlib.contextmanager
def partial_folder(parent: Path) -> Iterator[Path]:
    """Yield a temporary folder, in place of those that killed writers left in the same parent.

    DataError if it would be reached through a link that leads out of a corpus.
    """
    check_way(parent)
    clear_partials(parent)
    with partial_path(parent) as temporary:
        temporary.mkdir()
        yield temporary


def write_bytes(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a file atomically; ``mode`` are its permissions, less those of the umask."""
    with atomic_path(path) as temporary:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)


def rewrite(path: Path, data: bytes) -> None:
    """Replace a file as :func:`write_bytes` does, keeping its permissions."""
    write_bytes(path, data, mode=path.stat().st_mode & 0o777 if path.exists() else 0o666)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically, newlines unchanged."""
    write_bytes(path, text.encode("utf-8"))


def sealed_jsonl(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return canonical JSON Lines after a line with their sha256, which :func:`read_jsonl` checks.

    >>> sealed_jsonl([{}]).decode()[:26]
    '{"_":{"sha256":"ca3d163bab'
    """
    content = "".join(f"{canonical_json(row)}\n" for row in rows).encode()
    head = {"_": {"sha256": hashlib.sha256(content).hexdigest()}}
    return f"{canonical_json(head)}\n".encode() + content


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as canonical JSON Lines, atomically."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(canonical_json(row) + "\n")


def read_json(path: Path, advice: str = "restore it from a copy") -> dict[str, Any]:
    """Return the object of a JSON file; DataError, with ``advice``, if it contains no object."""
    try:
        row = json.loads(read_bytes(path, advice))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON ({error}); {advice}") from error
    if not isinstance(row, dict):
        raise DataError(f"{path}: expected a JSON object; {advice}")
    return row


def read_sealed(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of :func:`sealed_jsonl`, or of an older one; it isn't empty."""
    if not path.stat().st_size:
        raise DataError(f"{path}: is empty, so it was cut off; restore it from a copy")
    yield from read_jsonl(path)


def read_jsonl(path: Path, advice: str = "restore it from a copy") -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file; DataError, with ``advice``, names an invalid line."""
    check_size(path, advice)
    with path.open("rb") as stream:
        yield from parse_jsonl(path, stream, advice)


def lines_naming(data: bytes, text: str) -> bytes:
    r"""Return the lines that have a text, and those with escaped characters, which may be it.

    >>> lines_naming(b'{"a":"x"}\n{"a":"y"}\n{"a":"\\u0078"}\n', "x").decode().split()
    ['{"a":"x"}', '{"a":"\\u0078"}']
    """
    found: dict[int, bytes] = {}
    for mark in (text.encode(), b"\\u") if b"\\" in data else (text.encode(),):
        at = data.find(mark)
        while at >= 0:
            start = data.rfind(b"\n", 0, at) + 1
            end = data.find(b"\n", at) + 1 or len(data)
            found[start] = data[start:end]
            at = data.find(mark, end)
    return b"".join(found[start] for start in sorted(found))


def parse_jsonl(
    path: Path,
    stream: IO[bytes],
    advice: str = "restore it from a copy",
) -> Iterator[dict[str, Any]]:
    """Yield the objects of an open JSON Lines file as :func:`read_jsonl`; ``path`` is its name."""
    expected, content = None, hashlib.sha256()
    for number, row in enumerate(stream, start=1):
        if number == 1 and (seal := _SEAL.fullmatch(row)):
            expected = seal[1].decode()
            continue
        if expected is not None:
            content.update(row)
        try:
            value = from_json(row)
        except ValueError as error:
            if row.isspace():
                continue
            raise DataError(_line_problem(path, number, row, advice)) from error
        if not isinstance(value, dict):
            raise DataError(f"{path}, line {number}: expected a JSON object; {advice}")
        yield value
    if expected is not None and expected != content.hexdigest():
        raise DataError(f"{path}: {CHANGED}; {advice}")


_SEAL = re.compile(rb'\{"_":\{"sha256":"([0-9a-f]{64})"\}\}\n')


def _line_problem(path: Path, number: int, row: bytes, advice: str) -> str:
    try:
        row.decode()
    except UnicodeDecodeError:
        return f"{path}: not a UTF-8 text file; {advice}"
    return f"{path}, line {number}: not valid JSON (truncated or edited); {advice}"


def inside(root: Path, relative: str) -> Path:
    """Return ``root / relative`` for a POSIX path of unknown origin, refusing one that leaves.

    Raises:
        DataError: for absolute paths, ``..``, backslashes, unpaired surrogates, and links that
            lead out of ``root``.

    Example:
        >>> inside(Path("/corpus"), "../etc/passwd")
        Traceback (most recent call last):
        ...
        manifests.base.errors.DataError: path '../etc/passwd' leaves the corpus folder; it is
        refused
    """
    _refuse_unsafe(relative)
    path = root / relative
    real_root = os.path.realpath(root)
    if os.path.commonpath((real_root, os.path.realpath(path))) != real_root:
        raise DataError(f"path {relative!r} leaves the corpus folder through a link; it is refused")
    return path


class Within:
    """Resolver of many paths below a folder, as :func:`inside`; checks each parent only once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._parents: dict[str, str] = {}

    def __call__(self, relative: str) -> str:
        """Return the path below the folder; DataError as :func:`inside`."""
        _refuse_unsafe(relative)
        parent, _, name = relative.rpartition("/")
        folder = self._parents.get(parent)
        if folder is None:
            folder = str(inside(self._root, parent) if parent else self._root)
            self._parents[parent] = folder
        path = f"{folder}/{name}"
        return str(inside(self._root, relative)) if os.path.islink(path) else path  # noqa: PTH114


def _refuse_unsafe(relative: str) -> None:
    parts = relative.split("/")
    bad = not relative or relative.startswith("/") or ".." in parts or "\\" in relative
    if bad or "\0" in relative or (len(relative) > 1 and relative[1] == ":"):
        raise DataError(f"path {relative!r} leaves the corpus folder; it is refused")
    try:
        os.fsencode(relative)
    except UnicodeEncodeError as error:
        raise DataError(f"path {relative!r} has an unpaired surrogate; it is refused") from error


def created_now() -> str:
    """Return the time in UTC (ISO 8601, whole seconds); SOURCE_DATE_EPOCH overrides it."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    seconds = int(epoch) if epoch else int(time.time())
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in FULL:
            raise
        # some file systems can't sync a folder; the rename is still atomic
        if path.is_file():
            raise
    finally:
        os.close(descriptor)
