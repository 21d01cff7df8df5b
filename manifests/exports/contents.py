"""Contents of every export format: the clips of a version as flat rows with speaker data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from manifests.base.errors import ConfigurationError
from manifests.storage.records import ManifestEntry, Speaker
from manifests.versions.manifest import Manifest

__all__ = ["COLUMNS", "Contents", "import_extra"]

COLUMNS = (
    "clip_id",
    "file",
    "split",
    "fold",
    "emotion",
    "soft",
    "votes",
    "agreement",
    "adjudicated",
    "text",
    "text_source",
    "text_confidence",
    "speaker",
    "gender",
    "age",
    "region",
    "native",
    "source_id",
    "series",
    "sentence",
    "start",
    "end",
    "duration",
    "group",
    "sha256",
)
"""Columns of an exported clip, in order: fields of a manifest entry and of its speaker."""


@dataclass(frozen=True)
class Contents:
    """A version to be exported, with the speakers of speakers.csv by id.

    ``files`` gives the POSIX path of each clip's audio by clip id, relative to the export's folder,
    or to the corpus folder if the export has no audio.
    """

    manifest: Manifest
    speakers: Mapping[str, Speaker]
    files: Mapping[str, str]
    has_audio: bool

    @property
    def entries(self) -> Sequence[ManifestEntry]:
        """Entries in the manifest's order."""
        return self.manifest.entries

    @property
    def name(self) -> str:
        """Name of the corpus, with the version."""
        corpus = self.manifest.header.params.get("corpus", {})
        return f"{corpus.get('name') or 'corpus'} {self.manifest.header.version}"

    def param(self, section: str, key: str) -> str | None:
        """Return a setting of corpus.toml at the time of the build, None if it was not set."""
        value = self.manifest.header.params.get(section, {}).get(key)
        return str(value) if value else None

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the row of each clip, by column; votes are pairs, shares in class order."""
        for entry in self.entries:
            yield self.row(entry)

    def row(self, entry: ManifestEntry) -> dict[str, Any]:
        """Return the row of a clip, by column."""
        speaker = self.speakers.get(entry.speaker or "")
        own = entry.row()
        known = {
            "file": self.files[entry.clip_id],
            "gender": entry.gender,
            "age": speaker.age if speaker else None,
            "region": speaker.region if speaker else None,
            "native": speaker.native if speaker else None,
        }
        return {name: known[name] if name in known else own.get(name) for name in COLUMNS}


def import_extra(name: str) -> Any:
    """Import a package of the extra of the same name; ConfigurationError says how to install it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"--format {name} needs the package {name}; run: pip install 'corpus-tools[{name}]'"
        ) from error
