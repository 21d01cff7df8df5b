"""Hand a version to other tools: a folder, whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

from manifests.errors import ConfigurationError
from manifests.exports.audio import Audio, place_audio
from manifests.exports.contents import Contents
from manifests.exports.formats import find_format
from manifests.outcome import Outcome, Progress, no_progress
from manifests.records import Speaker
from manifests.store import atomic_folder
from manifests.versions import Manifest

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
    """Write a version in another tool's format.

    An item of the outcome is a clip. If one is missing or changed nothing is written, since what
    others cite should not lack clips in silence.

    Args:
        manifest: the version.
        speakers: rows of speakers.csv, by id.
        to: the folder to make.
        format_name: one of :data:`manifests.exports.formats.FORMATS`.
        audio: how the sound comes along.
        progress: called after each clip.

    Raises:
        ConfigurationError: if there is no such format, the folder is there already or lies among
            the corpus's own, or the sound can't come along as was asked.
        CorpusError: if the disk is full, or a package that the format needs isn't installed.
    """
    chosen = find_format(format_name)
    if chosen.needs_audio and audio == "none":
        raise ConfigurationError(
            f"--audio none: {chosen.name} has the clips in it; use copy, link or flac"
        )
    target = to.resolve()
    _check_place(manifest.corpus.resolve(), target, to)
    outcome = Outcome(warnings=manifest.caveats())
    try:
        with atomic_folder(target) as folder:
            files = place_audio(manifest, folder, chosen.layout, audio, outcome, progress)
            if not outcome.ok:
                raise _AbandonedError
            chosen.write(Contents(manifest, speakers, files, audio != "none"), folder)
    except _AbandonedError:
        outcome.warnings.append("nothing was written, since an export should not lack clips")
        return outcome
    except FileExistsError as error:
        raise _taken(to) from error
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


def _check_place(corpus: Path, target: Path, asked: Path) -> None:
    if target.exists() or target.is_symlink():
        raise _taken(asked)
    for name in _OWN:
        if target == corpus / name or target.is_relative_to(corpus / name):
            raise ConfigurationError(
                f"--to {asked}: lies among the corpus's own files; choose a folder outside {name}/"
            )


def _taken(asked: Path) -> ConfigurationError:
    return ConfigurationError(f"--to {asked}: is there already; choose another, or move it away")


_OWN = ("annotations", "choices", "clips", "manifests", "review", "runs", "stages")
