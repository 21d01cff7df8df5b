"""Versions of a manifest in a corpus folder: find, check and load them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from manifests.base.encodings import check_size
from manifests.base.errors import DataError
from manifests.storage.records import ManifestEntry, ManifestHeader, Split, check_schema
from manifests.storage.store import fingerprint, inside, read_json, read_jsonl, sha256_file
from manifests.versions.redaction import Redaction, read_redaction

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ENTRIES",
    "HEADER",
    "Manifest",
    "check_content",
    "content_digest",
    "find_manifest",
    "load_manifest",
    "newest",
    "next_version",
    "read_entries",
    "read_manifest_header",
    "versions",
]

HEADER = "manifest.json"
ENTRIES = "manifest.jsonl"

_VERSION_FOLDER = re.compile(r"v([1-9]\d*)")


@dataclass(frozen=True)
class Manifest:
    """One version, immutable once written.

    Attributes:
        folder: ``manifests/vN`` of the corpus.
        header: header of the version.
        entries: clips in canonical order.
        redaction: withdrawals since it was written, if any; the header still counts them.
    """

    folder: Path
    header: ManifestHeader
    entries: Sequence[ManifestEntry]
    redaction: Redaction | None = None

    @property
    def corpus(self) -> Path:
        """Corpus folder, which the paths of the entries are relative to."""
        return self.folder.parent.parent

    @property
    def clips(self) -> Sequence[ManifestEntry]:
        """Clips in canonical order; another name of ``entries``."""
        return self.entries

    @property
    def splits(self) -> dict[Split, list[ManifestEntry]]:
        """Clips of each split."""
        splits: dict[Split, list[ManifestEntry]] = {name: [] for name in get_args(Split)}
        for entry in self.entries:
            splits[entry.split].append(entry)
        return splits

    def to_pandas(self) -> "pd.DataFrame":
        """Return the clips as a table with a column for each field of `ManifestEntry`."""
        import pandas as pd

        columns = list(ManifestEntry.fields())
        table = pd.DataFrame([entry.row() for entry in self.entries], columns=columns)
        return table.astype({"fold": "Int64"})

    def audio(self, entry: ManifestEntry) -> Path:
        """Return the path of an entry's clip.

        Raises:
            DataError: if its path leaves the corpus folder.
        """
        return inside(self.corpus, entry.path)

    def caveats(self) -> list[str]:
        """Return warnings for users of the version, about withdrawals from it."""
        if self.redaction is None:
            return []
        return [
            f"{self.header.version}: {self.redaction.summary}; so it no longer matches its "
            f"digest; build the next version: corpus build-manifest"
        ]


def load_manifest(folder: Path) -> Manifest:
    """Load a version and check that it is complete and unchanged but for withdrawals.

    Raises:
        DataError: if a file is missing or changed, a record is invalid (a class outside the six, a
            field unknown or mistyped), or a newer corpus-tools wrote it.
    """
    header, redaction = check_content(folder)
    return Manifest(folder, header, read_entries(folder / ENTRIES), redaction)


def read_entries(path: Path) -> list[ManifestEntry]:
    """Return the entries of a ``manifest.jsonl``; DataError names an invalid line."""
    return [
        ManifestEntry.parse(row, f"{path}, line {number}")
        for number, row in enumerate(read_jsonl(path), start=1)
    ]


def check_content(folder: Path) -> tuple[ManifestHeader, Redaction | None]:
    """Return header and redaction of a version after checking its content, without its entries.

    Raises:
        DataError: if content is missing or changed.
    """
    header = read_manifest_header(folder)
    path = folder / ENTRIES
    if not path.is_file():
        raise DataError(f"{path}: missing; copy the version again from where it came")
    redaction = read_redaction(folder)
    sha256 = header.files.get(ENTRIES, "")
    check_size(path, "copy the version again from where it came")
    if sha256_file(path) != (redaction.files.get(ENTRIES) if redaction else sha256):
        raise DataError(f"{path}: {_CHANGED}")
    if content_digest(sha256, header.params) != header.digest:
        raise DataError(f"{folder / HEADER}: its params or digest {_CHANGED}")
    return header, redaction


def read_manifest_header(folder: Path) -> ManifestHeader:
    """Return a version's header; DataError if it is missing, malformed or from a newer schema."""
    path = folder / HEADER
    try:
        row = read_json(path)
    except FileNotFoundError as error:
        raise DataError(f"{folder}: no manifest here ({HEADER} is missing)") from error
    check_schema(row.get("schema"), path)
    header: ManifestHeader = ManifestHeader.parse(row, str(path))
    try:
        fingerprint(header.params)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: params are not valid JSON ({error}); {_CHANGED}") from error
    return header


def content_digest(entries_sha256: str, params: dict[str, Any]) -> str:
    """Return the digest of a version's content: its manifest.jsonl and its parameters."""
    return fingerprint({ENTRIES: entries_sha256, "params": params})


def versions(corpus: Path) -> list[Path]:
    """Return the folders of all versions, oldest first."""
    return [folder for _, folder in _numbered(corpus) if (folder / HEADER).is_file()]


def newest(corpus: Path) -> Path | None:
    """Return the folder of the newest version, or None if there is none yet."""
    return next(reversed(versions(corpus)), None)


def next_version(corpus: Path) -> str:
    """Return the name of the next version, higher than any folder's, complete or damaged."""
    return f"v{max((number for number, _ in _numbered(corpus)), default=0) + 1}"


def _numbered(corpus: Path) -> list[tuple[int, Path]]:
    """Return number and folder of all versions, complete or damaged, oldest first."""
    folders = (corpus / "manifests").glob("v*")
    matches = [(_VERSION_FOLDER.fullmatch(folder.name), folder) for folder in folders]
    return sorted((int(match[1]), folder) for match, folder in matches if match)


def find_manifest(corpus: Path, version: str | None = None) -> Path:
    """Return the folder of a version, ``v3`` or ``3``, or of the newest (None).

    Raises:
        DataError: naming the available versions.
    """
    known = versions(corpus)
    if not known:
        raise DataError(f"{corpus}: no manifest yet; run: corpus build-manifest")
    if version is None:
        return known[-1]
    wanted = version if version.startswith("v") else f"v{version}"
    for folder in known:
        if folder.name == wanted:
            return folder
    there = ", ".join(folder.name for folder in known)
    raise DataError(f"{corpus}: no manifest version {version!r}; there is: {there}")


_CHANGED = (
    "changed since the version was written; a version is never edited, so restore it from a copy, "
    "or move its folder out of manifests/ and build it anew: corpus build-manifest"
)
