"""Training runs of a corpus: their names, folders and manifest versions."""

import re
import tomllib
from pathlib import Path

from manifests.errors import ConfigurationError, DataError
from models.settings import TrainSettings

__all__ = ["find_run", "free_name", "new_run", "run_names", "trained_on"]

CONFIGURATION, DESCRIPTION = "config.toml", "model.json"

_NAME = re.compile(r"\w[\w.+-]{0,79}")


def free_name(runs: Path, version: str, settings: TrainSettings) -> str:
    """Return an unused run name of manifest, preset and seed, such as ``v1-default-0``.

    Args:
        runs: folder of the runs.
        version: manifest version.
        settings: training settings.
    """
    branch = [] if settings.modality == "both" else [settings.modality]
    base = "-".join([version, settings.preset, *branch, str(settings.seed)])
    name, number = base, 2
    while (runs / name).exists():
        name, number = f"{base}-{number}", number + 1
    return name


def new_run(runs: Path, name: str) -> Path:
    """Return the folder for a run of this name.

    Raises:
        ConfigurationError: if the name is invalid.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is not a valid run name: use at most 80 letters, digits, '-', '_', '+', '.'"
        )
    return runs / name


def run_names(runs: Path) -> list[str]:
    """Return the names of all finished runs."""
    return sorted(path.parent.name for path in runs.glob(f"[!.]*/{DESCRIPTION}"))


def find_run(runs: Path, name: str | None = None) -> Path:
    """Return the folder of a run.

    Args:
        runs: folder of the runs.
        name: name of the run, or path of its folder; None for the only run.

    Raises:
        DataError: if it isn't found; the message lists the existing runs.
    """
    existing = run_names(runs)
    if name is None and len(existing) == 1:
        return runs / existing[0]
    if name is not None:
        for folder in (runs / name, Path(name)):
            if (folder / DESCRIPTION).is_file():
                return folder
            if parts := run_names(folder):
                raise DataError(
                    f"{folder}: is a series of runs; name one of them, such as {name}/{parts[0]}"
                )
    advice = f"existing runs: {', '.join(existing)}" if existing else "no runs; run: corpus train"
    problem = "choose a run with --run" if name is None else f"no run {name!r}"
    raise DataError(f"{runs}: {problem}; {advice}")


def trained_on(run: Path) -> str:
    """Return the manifest version that a run was trained on.

    Raises:
        DataError: if its config.toml is missing or doesn't name it.
    """
    path = run / CONFIGURATION
    try:
        version = tomllib.loads(path.read_text(encoding="utf-8"))["run"]["manifest"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: doesn't name the manifest of the run; name one with --manifest"
        ) from error
    return str(version)
