"""What every format has to carry: the clips of a version, flat, with what is known of speakers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from manifests.records import ManifestEntry, Speaker
from manifests.versions import Manifest

__all__ = ["COLUMNS", "Contents"]

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
"""What is told of a clip, in this order; fields are those of a manifest entry and of a speaker."""


@dataclass(frozen=True)
class Contents:
    """A version to be exported.

    Attributes:
        manifest: opened.
        speakers: rows of speakers.csv, by id.
        files: where the export has the sound of each clip, by id: relative to its folder and POSIX;
            where it has none, where the corpus has it.
        has_audio: whether the sound is part of the export.
    """

    manifest: Manifest
    speakers: Mapping[str, Speaker]
    files: Mapping[str, str]
    has_audio: bool

    @property
    def entries(self) -> Sequence[ManifestEntry]:
        """The clips, in the manifest's order."""
        return self.manifest.entries

    @property
    def name(self) -> str:
        """What the corpus calls itself, with the version."""
        corpus = self.manifest.header.params.get("corpus", {})
        return f"{corpus.get('name') or 'corpus'} {self.manifest.header.version}"

    def param(self, section: str, key: str) -> str | None:
        """Return what corpus.toml said when the version was built, None if nothing.

        Args:
            section: ``corpus`` or ``card``.
            key: of the section.
        """
        value = self.manifest.header.params.get(section, {}).get(key)
        return str(value) if value else None

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield what is told of each clip, by column; votes are pairs, shares in class order."""
        for entry in self.entries:
            yield self.row(entry)

    def row(self, entry: ManifestEntry) -> dict[str, Any]:
        """Return what is told of a clip, by column."""
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
