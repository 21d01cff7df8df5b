"""The runs of a corpus: what they are called, and which manifest they were trained on."""

import re
import tomllib
from pathlib import Path

from manifests.errors import ConfigurationError, DataError
from models.settings import TrainSettings

__all__ = ["find_run", "free_name", "new_run", "run_names", "trained_on"]

CONFIGURATION, DESCRIPTION = "config.toml", "model.json"

_NAME = re.compile(r"\w[\w.+-]{0,79}")


def free_name(runs: Path, version: str, settings: TrainSettings) -> str:
    """Return a name that no run has yet, such as ``v1-default-0``: manifest, preset, seed.

    Args:
        runs: folder of the runs.
        version: of the manifest.
        settings: of the run to come.
    """
    branch = [] if settings.modality == "both" else [settings.modality]
    base = "-".join([version, settings.preset, *branch, str(settings.seed)])
    name, number = base, 2
    while (runs / name).exists():
        name, number = f"{base}-{number}", number + 1
    return name


def new_run(runs: Path, name: str) -> Path:
    """Return the folder that a run of this name will have.

    Raises:
        ConfigurationError: if the name doesn't do for a folder.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no name for a run: use letters, digits, '-', '_', '+' and '.', 80 at most"
        )
    return runs / name


def run_names(runs: Path) -> list[str]:
    """Return the names of all finished runs."""
    return sorted(path.parent.name for path in runs.glob(f"[!.]*/{DESCRIPTION}"))


def find_run(runs: Path, name: str | None = None) -> Path:
    """Return the folder of a run.

    Args:
        runs: folder of the runs.
        name: of the run, or a path to its folder; None if there is one run only.

    Raises:
        DataError: naming the runs there are.
    """
    known = run_names(runs)
    if name is None and len(known) == 1:
        return runs / known[0]
    if name is not None:
        for folder in (runs / name, Path(name)):
            if (folder / DESCRIPTION).is_file():
                return folder
            if parts := run_names(folder):
                raise DataError(
                    f"{folder}: is a series of runs; name one of them, such as {name}/{parts[0]}"
                )
    there = f"there is: {', '.join(known)}" if known else "there is none yet; run: corpus train"
    wanted = "which run? Name one with --run" if name is None else f"no run {name!r}"
    raise DataError(f"{runs}: {wanted}; {there}")


def trained_on(run: Path) -> str:
    """Return the manifest version that a run was trained on.

    Raises:
        DataError: if its config.toml is missing or doesn't say.
    """
    path = run / CONFIGURATION
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))["run"]["manifest"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: doesn't say which manifest the run was trained on; name one with --manifest"
        ) from error
    return str(found)
