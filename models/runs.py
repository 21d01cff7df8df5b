"""Runs and other results of models: names, folders and files, written atomically."""

import contextlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from manifests.base.csv_tables import csv_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.checksums import read_whole
from manifests.storage.locking import FolderLock
from manifests.storage.store import partial_folder, write_text
from models.config.train import TrainSettings

__all__ = [
    "Epoch",
    "check_result_folder",
    "check_subject",
    "find_run",
    "free_name",
    "history_csv",
    "new_run",
    "result_folder",
    "run_lock",
    "run_names",
    "trained_on",
    "write_document",
]

CONFIGURATION, DESCRIPTION = "config.toml", "model.json"

_NAME = re.compile(r"\w[\w.+-]{0,79}")


def free_name(
    runs: Path,
    version: str,
    settings: TrainSettings,
    is_taken: Callable[[Path], bool] = Path.exists,
) -> str:
    """Return a run name of manifest, preset and seed, such as ``v1-default-0``, not taken yet."""
    branch = [] if settings.modality == "both" else [settings.modality]
    base = "-".join([version, settings.preset, *branch, str(settings.seed)])
    name, number = base, 2
    while is_taken(runs / name):
        name, number = f"{base}-{number}", number + 1
    return name


def new_run(runs: Path, name: str) -> Path:
    """Return the folder for a run of this name; ConfigurationError if the name is invalid."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is not a valid run name: use at most 80 letters, digits, '-', '_', '+', '.'"
        )
    return runs / name


def run_lock(kind: str, folder: Path) -> FolderLock:
    """Return the lock of a kind of run with the name of its folder."""
    remedy = "wait for it to end, choose another --name"
    return FolderLock(folder.parent, f"{kind}-{folder.name}", subject=folder, remedy=remedy)


def run_names(runs: Path) -> list[str]:
    """Return the names of all finished runs."""
    return sorted(path.parent.name for path in runs.glob(f"[!.]*/{DESCRIPTION}"))


def find_run(runs: Path, name: str | None = None) -> Path:
    """Return the folder of a run by its name or path, None for the only run.

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
    none = "there are no runs; train one with: corpus train"
    advice = f"existing runs: {', '.join(existing)}" if existing else none
    problem = "choose a run with --run" if name is None else f"no run {name!r}"
    raise DataError(f"{runs}: {problem}; {advice}")


def trained_on(run: Path) -> str:
    """Return the manifest version named in a run's config.toml; DataError if there is none."""
    path = run / CONFIGURATION
    try:
        version = tomllib.loads(read_whole(path).decode())["run"]["manifest"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{path}: doesn't name the manifest of the run; name one with --manifest"
        ) from error
    return str(version)


def check_result_folder(folder: Path, mark: str, remedy: str = "choose another --out") -> bool:
    """Return True if the folder holds earlier results, which all have the file ``mark``.

    Raises:
        ConfigurationError: if the folder holds something else; ``remedy`` is what to do.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ConfigurationError(f"{folder}: is not a folder; {remedy}")
    if (folder / mark).is_file():
        return True
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder}: holds something else; {remedy}")
    return False


@contextlib.contextmanager
def result_folder(folder: Path, mark: str, remedy: str = "choose another --out") -> Iterator[Path]:
    """Yield a hidden folder to write into; on success it replaces earlier results, all of them.

    Raises:
        ConfigurationError: if the folder holds something else; see :func:`check_result_folder`.
    """
    parent = folder.absolute().parent
    with FolderLock(parent, f"write-{folder.name}", subject=folder), partial_folder(parent) as work:
        new = work / "new"
        new.mkdir()
        yield new
        check_result_folder(folder, mark, remedy)
        if folder.exists():
            folder.rename(work / "old")
        new.rename(folder)


def check_subject(path: Path, subject: str, parts: str) -> None:
    """Check that a result folder, if it exists, holds results of the same subject.

    The file ``path`` records the subject as TOML; ``parts`` names its components for the message.

    Raises:
        ConfigurationError: if the folder holds anything else.
    """
    if not path.parent.exists() or not any(path.parent.iterdir()):
        return
    try:
        recorded = tomllib.loads(read_whole(path).decode())
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{path.parent}: holds something else; choose another name with --name"
        ) from error
    if recorded != tomllib.loads(subject):
        raise ConfigurationError(
            f"{path.parent}: has results of another manifest or other {parts}, see its {path.name};"
            f" choose another name with --name, or delete the folder"
        )


@dataclass(frozen=True)
class Epoch:
    """Metrics of one epoch, numbered from 1; validation figures are None without such clips.

    ``lr`` is the learning rate at its end, ``train_loss`` the mean over its batches,
    ``train_accuracy`` that on the augmented clips, ``val_loss`` the cross entropy, ``val_uar`` the
    unweighted average recall.
    """

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_uar: float | None = None

    @property
    def score(self) -> float:
        """Criterion of the best epoch: validation accuracy, then loss; without, the number."""
        if self.val_accuracy is None:
            return self.epoch
        return self.val_accuracy - 1e-6 * min(self.val_loss or 0.0, 1e3)

    @property
    def line(self) -> str:
        """Progress message."""
        validation = "" if self.val_uar is None else f", validation UAR {self.val_uar:.3f}"
        return f"loss {self.train_loss:.3f}{validation}"


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write the document of a result as indented JSON."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    write_text(path, text + "\n")


def history_csv(history: Sequence[Epoch]) -> str:
    """Return the history as CSV; validation columns are empty without validation."""
    head = [field.name for field in fields(Epoch)]
    rows = ([_cell(value) for value in astuple(epoch)] for epoch in history)
    return csv_text([head, *rows])


def _cell(value: float | None) -> float | str | None:
    return f"{value:.6g}" if isinstance(value, float) else value
