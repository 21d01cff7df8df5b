"""Index of a version: its entries as Parquet, which opens fast for any number of clips.

It is derived from ``manifest.jsonl`` and has the same content. Training reads it; if it is missing
(after a withdrawal) or has other columns (from an older corpus-tools), ``manifest.jsonl`` is read
instead. The splits of clips in earlier versions are read from it, too.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, get_args, overload

from manifests.base.errors import DataError
from manifests.storage.partials import clear_partials
from manifests.storage.records import ManifestEntry, Split
from manifests.storage.store import atomic_path, sha256_file
from manifests.versions.manifest import (
    ENTRIES,
    Manifest,
    check_content,
    load_manifest,
    versions,
)

__all__ = [
    "INDEX",
    "arrow_schema",
    "arrow_votes",
    "earlier_placements",
    "index_problem",
    "open_manifest",
    "placements",
    "write_index",
]

INDEX = "index.parquet"


def write_index(path: Path, entries: Sequence[ManifestEntry]) -> None:
    """Write the index of entries in canonical order, atomically; equal entries give equal bytes."""
    import pyarrow.parquet

    clear_partials(path.parent)
    with (
        atomic_path(path) as temporary,
        pyarrow.parquet.ParquetWriter(temporary, _index_schema(), compression="zstd") as writer,
    ):
        for first in range(0, len(entries), _ROW_GROUP):
            writer.write_table(_index_table(entries[first : first + _ROW_GROUP]))


def open_manifest(folder: Path) -> Manifest:
    """Open a version for reading its clips, from its index if it has one.

    The header, ``manifest.jsonl`` and the index are checked at once by their checksums, each entry
    when it is read. :func:`manifests.versions.verify.verify_manifest` compares their content.

    Raises:
        DataError: as `manifests.versions.manifest.load_manifest`, or if the index was changed.
    """
    header, redaction = check_content(folder)
    path = folder / INDEX
    if INDEX not in header.files or not path.is_file() or redaction is not None:
        return load_manifest(folder)
    if sha256_file(path) != header.files[INDEX]:
        raise DataError(
            f"{path}: changed since the version was written; delete it to read {ENTRIES} instead"
        )
    if not _has_current_columns(_open_index(path)):
        return load_manifest(folder)
    return Manifest(folder, header, _IndexEntries(path))


def index_problem(folder: Path, entries: Sequence[ManifestEntry]) -> str | None:
    """Return the problem of an index that doesn't match the entries of the version, else None."""
    path = folder / INDEX
    if not path.is_file():
        return None
    try:
        index = _open_index(path)
        same = not _has_current_columns(index) or _read_index(path).equals(_index_table(entries))
    except DataError as error:
        return str(error)
    return None if same else f"doesn't match {ENTRIES}; delete it"


def placements(manifest: Manifest) -> dict[str, tuple[Split, int | None]]:
    """Return split and fold of each clip of a version, by id, without making records."""
    entries = manifest.entries
    if isinstance(entries, _IndexEntries):
        return entries.placements()
    return {entry.clip_id: (entry.split, entry.fold) for entry in entries}


class _IndexEntries(Sequence[ManifestEntry]):
    """Sequence of entries read from the index and parsed on access."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = int(_open_index(path).metadata.num_rows)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ManifestEntry]:
        for batch in _open_index(self._path).iter_batches(batch_size=_BATCH_ROWS):
            yield from map(self._entry, batch.to_pylist())

    @overload
    def __getitem__(self, place: int) -> ManifestEntry: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[ManifestEntry]: ...

    def __getitem__(self, place: int | slice) -> ManifestEntry | Sequence[ManifestEntry]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        one = range(len(self))[place]
        return self._entry(self._rows.slice(one, 1).to_pylist()[0])

    def placements(self) -> dict[str, tuple[Split, int | None]]:
        found = _read_index(self._path, ("clip_id", "split", "fold")).to_pydict()
        if strange := set(found["split"]) - set(get_args(Split)):
            raise DataError(f"{self._path}: unknown split {strange.pop()!r}; delete the file")
        places = zip(found["split"], found["fold"], strict=True)
        return dict(zip(found["clip_id"], places, strict=True))

    @cached_property
    def _rows(self) -> Any:
        return _read_index(self._path)

    def _entry(self, row: dict[str, Any]) -> ManifestEntry:
        row["votes"] = [(vote["annotator"], vote["emotion"]) for vote in row["votes"] or ()]
        entry: ManifestEntry = ManifestEntry.parse(row, str(self._path))
        return entry


def _open_index(path: Path) -> Any:
    """Return an index as a ``pyarrow.parquet.ParquetFile``, of which only the footer is read."""
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(path)
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: was removed, as by corpus withdraw, while this command read it; run it again"
        ) from error
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"{path}: {_UNREADABLE}") from error


def _read_index(path: Path, columns: Sequence[str] | None = None) -> Any:
    """Return all rows of an index as a table, with all or some columns."""
    import pyarrow

    try:
        return _open_index(path).read(columns=columns)
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"{path}: {_UNREADABLE}") from error


def _has_current_columns(index: Any) -> bool:
    """Return whether an index has the columns of this corpus-tools."""
    return bool(index.schema_arrow.equals(_index_schema()))


def arrow_schema(columns: Iterable[str]) -> Any:
    """Return the pyarrow schema of a table of clips: the type of each column by its name."""
    import pyarrow

    text, number = pyarrow.string(), pyarrow.float64()
    vote = pyarrow.struct([("annotator", text), ("emotion", text)])
    types = {
        **dict.fromkeys(("start", "end", "duration", "text_confidence", "agreement"), number),
        **dict.fromkeys(("fold", "age"), pyarrow.int64()),
        "soft": pyarrow.list_(number),
        "votes": pyarrow.list_(vote),
        "adjudicated": pyarrow.bool_(),
    }
    return pyarrow.schema([(name, types.get(name, text)) for name in columns])


def arrow_votes(votes: Iterable[tuple[str, str | None]]) -> list[dict[str, str | None]]:
    """Return votes as structs of a pyarrow column."""
    return [{"annotator": annotator, "emotion": emotion} for annotator, emotion in votes]


def _index_schema() -> Any:
    return arrow_schema(ManifestEntry.fields())


def _index_table(entries: Sequence[ManifestEntry]) -> Any:
    import pyarrow

    columns: dict[str, list[Any]] = {
        name: [getattr(entry, name) for entry in entries]
        for name in ManifestEntry.fields()
        if name != "votes"
    }
    columns["votes"] = [arrow_votes(entry.votes) for entry in entries]
    return pyarrow.table(columns, schema=_index_schema())


_UNREADABLE = "not a readable index; delete it"
_BATCH_ROWS = 4096  # rows parsed at a time
_ROW_GROUP = 65_536  # rows per Parquet row group


def earlier_placements(parent: Manifest) -> dict[str, tuple[Split, int | None]]:
    """Return the last split and fold of each clip since clips were last divided anew, by id.

    A clip that was left out for a while (its votes were withdrawn, screening was stricter) returns
    to its earlier split, so that a test clip never becomes a training clip. Older versions count if
    they still lie beside the parent; DataError if one can't be read.
    """
    found: dict[str, tuple[Split, int | None]] = {}
    for folder in _older(parent):
        try:
            found |= placements(open_manifest(folder))
        except DataError as error:
            raise DataError(
                f"{folder.name} has the splits of returning clips but can't be read: {error}; "
                f"or move its folder out of manifests/"
            ) from error
    return found | placements(parent)


def _older(parent: Manifest) -> list[Path]:
    """Return the folders of the parent's predecessors since the last redivision, oldest first."""
    drawn = _DRAWN_VERSION.fullmatch(str(parent.header.params.get("split", {}).get("drawn")))
    if drawn is None:
        return []
    last = int(parent.folder.name.removeprefix("v"))
    return [
        folder
        for folder in versions(parent.corpus)
        if int(drawn[1]) <= int(folder.name.removeprefix("v")) < last
    ]


_DRAWN_VERSION = re.compile(r"v([1-9]\d{0,8})")
