"""Audio of an export: verify the clips, then copy, link or encode them as FLAC."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from manifests.base.errors import FULL, ConfigurationError, DataError, FullDiskError
from manifests.base.outcome import Outcome, Progress
from manifests.storage.records import ManifestEntry
from manifests.versions.manifest import Manifest

__all__ = ["Audio", "Layout", "file_name", "place_audio"]

Audio = Literal["copy", "link", "flac", "none"]
Layout = Callable[[ManifestEntry], str]
"""Function from a clip to its folder within the export."""


def place_audio(
    manifest: Manifest,
    folder: Path,
    layout: Layout,
    audio: Audio,
    outcome: Outcome,
    progress: Progress,
) -> dict[str, str]:
    """Put the clips into an export and return their paths, by clip id.

    A clip that is missing or changed since the version was written is a failure. A link is a hard
    link to the same file, so changing it changes the corpus. ``flac`` is lossless. ``none`` leaves
    the clips in the corpus folder.

    Raises:
        ConfigurationError: if clips can't be linked from there.
        CorpusError: if the disk is full.
    """
    files: dict[str, str] = {}
    outcome.items_in += len(manifest.entries)
    for done, entry in enumerate(manifest.entries, start=1):
        try:
            files[entry.clip_id] = _place(manifest, entry, folder, layout, audio)
            outcome.kept += 1
        except DataError as error:
            outcome.fail(entry.clip_id, str(error))
        except OSError as error:
            if error.errno in FULL:
                raise FullDiskError(
                    f"{folder.parent}: no space left for the clips; free some and run again, or "
                    f"export with --audio link or --audio flac"
                ) from error
            raise
        progress(done, len(manifest.entries), entry.clip_id)
    return files


def _place(
    manifest: Manifest, entry: ManifestEntry, folder: Path, layout: Layout, audio: Audio
) -> str:
    path = manifest.audio(entry)
    data = _checked(path, entry)
    if audio == "none":
        return entry.path
    place = f"{layout(entry)}/{file_name(entry, '.flac' if audio == 'flac' else path.suffix)}"
    target = folder / place
    target.parent.mkdir(parents=True, exist_ok=True)
    if audio == "link":
        _link(path, target)
    else:
        target.write_bytes(_as_flac(data) if audio == "flac" else data)
    return place


def file_name(entry: ManifestEntry, suffix: str) -> str:
    """Return a clip's file name in an export; DataError for an id that leads out of the folder."""
    name = entry.clip_id
    if name in ("", ".", "..") or any(character in name for character in "/\\\0"):
        raise DataError(f"its id {name!r} can't be a file's name; the manifest is damaged")
    return f"{name}{suffix}"


def _checked(path: Path, entry: ManifestEntry) -> bytes:
    """Return the bytes of a clip after comparing them with the version's sha256."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{entry.path} is missing; {_REMEDY}") from error
    except OSError as error:
        raise DataError(f"{entry.path} can't be read ({error.strerror}); {_REMEDY}") from error
    if hashlib.sha256(data).hexdigest() != entry.file_sha256:
        raise DataError(f"{entry.path} changed since the version was written; {_REMEDY}")
    return data


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path.resolve(), target)
    except OSError as error:
        if error.errno in FULL:
            raise
        raise ConfigurationError(
            f"--audio link: clips can't be linked into {target.parent} ({error.strerror}), perhaps "
            f"because it is on another file system; use --audio copy"
        ) from error


def _as_flac(data: bytes) -> bytes:
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(data), dtype="int16", always_2d=True)
    packed = io.BytesIO()
    soundfile.write(packed, samples, rate, format="FLAC", subtype="PCM_16")
    return packed.getvalue()


_REMEDY = "restore it from a copy, or build the next version with: corpus build-manifest"
