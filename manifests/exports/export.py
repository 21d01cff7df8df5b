"""Export a version in the format of another tool, atomically into a new folder."""

import os
from collections.abc import Mapping
from pathlib import Path

from manifests.access.lock import CorpusLock
from manifests.access.withdrawals import WithdrawalWatch
from manifests.base.errors import ConfigurationError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.exports.audio import Audio, place_audio
from manifests.exports.contents import Contents
from manifests.exports.formats import find_format
from manifests.storage.checksums import write_checksums
from manifests.storage.records import Speaker
from manifests.storage.store import atomic_folder
from manifests.versions.manifest import Manifest

__all__ = ["export_manifest"]


def export_manifest(
    manifest: Manifest,
    speakers: Mapping[str, Speaker],
    to: Path,
    *,
    format_name: str,
    audio: Audio = "copy",
    progress: Progress = no_progress,
) -> Outcome:
    """Write a version in one of :data:`manifests.exports.formats.FORMATS`, into a new folder.

    Items of the outcome are clips. If one is missing or changed, nothing is written, so that no
    published export silently lacks clips. If the folder has exactly this content already, as from a
    command that was killed at its end, nothing is changed, with a warning.

    Raises:
        ConfigurationError: if there is no such format, the folder has other content or lies in one
            of the corpus's own folders, or the kind of audio isn't possible.
        CorpusError: if the disk is full, a package that the format needs isn't installed, or a
            withdrawal is at work.
    """
    chosen = find_format(format_name)
    if chosen.needs_audio and audio == "none":
        raise ConfigurationError(
            f"--audio none: {chosen.name} needs the audio; use copy, link or flac"
        )
    audio = audio if chosen.with_audio else "none"
    _check_place(manifest.corpus.resolve(), to)
    target = to.absolute()
    finished = target.is_dir()
    outcome = Outcome(warnings=manifest.caveats())
    try:
        with CorpusLock(manifest.corpus, "export-manifest"):
            watch = WithdrawalWatch(manifest.corpus, manifest.entries, votes=True)
            with atomic_folder(target) as folder:
                files = place_audio(manifest, folder, chosen.layout, audio, outcome, progress)
                if not outcome.ok:
                    raise _AbandonedError
                chosen.write(Contents(manifest, speakers, files, audio != "none"), folder)
                write_checksums(folder)
                watch.check()
    except _AbandonedError:
        outcome.warnings.append("nothing was written, since the export would lack clips")
        return outcome
    except FileExistsError as error:
        raise _taken(to) from error
    if finished:
        outcome.warnings.append(f"{to}: has exactly this content already; nothing was changed")
    outcome.outputs.append(to)
    outcome.details |= {
        "version": manifest.header.version,
        "digest": manifest.header.digest,
        "format": chosen.name,
        "audio": audio,
        "files": sorted(path.name for path in target.iterdir()),
    }
    return outcome


class _AbandonedError(Exception):
    """Clips are missing."""


def _check_place(corpus: Path, given: Path) -> None:
    if os.path.lexists(given) and not (given.is_dir() and any(given.iterdir())):
        raise _taken(given)
    target = given.resolve()
    for name in _OWN:
        if target == corpus / name or target.is_relative_to(corpus / name):
            raise ConfigurationError(
                f"--to {given}: lies in a folder of the corpus; choose a folder outside {name}/"
            )


def _taken(given: Path) -> ConfigurationError:
    return ConfigurationError(f"--to {given}: exists already; choose another folder or move it")


_OWN = ("annotations", "choices", "clips", "manifests", "review", "runs", "stages")
