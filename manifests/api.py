"""Public functions of the package: load, compare, verify and export versions."""

from os import PathLike
from pathlib import Path

from manifests.base.outcome import Outcome
from manifests.exports.audio import Audio
from manifests.exports.export import export_manifest
from manifests.storage.records import ManifestEntry
from manifests.storage.speakers import read_speakers
from manifests.versions.diff import ManifestDiff, diff_manifests
from manifests.versions.index import open_manifest
from manifests.versions.manifest import Manifest
from manifests.versions.verify import verify_manifest

__all__ = ["Manifest", "ManifestDiff", "ManifestEntry", "diff", "export", "load", "verify"]

PathName = str | PathLike[str]


def load(folder: PathName) -> Manifest:
    """Load a version; its clips are read when they are first used.

    Args:
        folder: folder of the version, such as ``corpus/manifests/v1``.

    Returns:
        Version with ``clips`` (records), ``splits`` (clips by split), ``header`` and
        ``to_pandas()``.

    Raises:
        DataError: if there is no version, or it was changed since it was written.

    Example:
        >>> load("no/such/v1")
        Traceback (most recent call last):
        ...
        manifests.base.errors.DataError: no/such/v1: no manifest here (manifest.json is missing)
    """
    return open_manifest(Path(folder))


def diff(before: PathName, after: PathName) -> ManifestDiff:
    """Compare two versions clip by clip.

    Args:
        before: folder of the older version.
        after: folder of the newer version.

    Raises:
        DataError: if one can't be read.
    """
    return diff_manifests(Path(before), Path(after))


def verify(folder: PathName) -> Outcome:
    """Compare every file of a version and every clip with its sha256.

    Args:
        folder: folder of the version.

    Returns:
        Outcome; ``ok`` if nothing changed, else ``failures`` names each file with the reason.

    Raises:
        DataError: if the header can't be read.
    """
    return verify_manifest(Path(folder))


def export(
    manifest: Manifest, to: PathName, *, format: str = "csv", audio: Audio = "copy"
) -> Outcome:
    """Write a version with its clips in the format of another tool.

    Args:
        manifest: version, from `load`.
        to: folder to create.
        format: ``csv``, ``parquet``, ``hf``, ``audformat``, ``lhotse``, ``croissant``, or one of
            another package.
        audio: ``copy``, ``link``, ``flac`` or ``none``.

    Returns:
        Outcome; if clips are missing or changed, ``failures`` names them and nothing is written.

    Raises:
        ConfigurationError: if there is no such format, or the folder exists.
    """
    speakers = read_speakers(manifest.corpus / "speakers.csv")
    return export_manifest(manifest, speakers, Path(to), format_name=format, audio=audio)
