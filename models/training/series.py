"""One training for each fold and each seed, and what they come to together."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from manifests.errors import ConfigurationError, CorpusError, DataError
from manifests.folds import SPEAKERS
from manifests.index import open_manifest
from manifests.lock import FolderLock
from manifests.outcome import Outcome, Progress, no_progress
from manifests.store import fingerprint, write_text
from manifests.versions import Manifest
from models.result_folder import check_subject
from models.runs import CONFIGURATION
from models.settings import TrainSettings
from models.training.folds import fold_manifests
from models.training.run import train_on
from models.training.series_figures import RunPredictions, read_run_predictions, summarise_series
from models.training.series_table import markdown

__all__ = ["series_name", "train_series"]


@dataclass(frozen=True)
class _Part:
    """One training of a series; ``fold`` is None where the version is divided as it says."""

    fold: int | None
    seed: int
    manifest: Manifest

    @property
    def name(self) -> str:
        return "-".join(
            [*([] if self.fold is None else ["fold", str(self.fold)]), "seed", str(self.seed)]
        )


def series_name(version: str, settings: TrainSettings, folds: str | None) -> str:
    """Return what a series is called, such as ``v1-default-folds-5``: the same for more seeds.

    Args:
        version: of the manifest.
        settings: of the runs.
        folds: how many, or ``speakers``; None for none.
    """
    branch = [] if settings.modality == "both" else [settings.modality]
    kind = "seeds" if folds is None else folds if not folds.isdecimal() else f"folds-{folds}"
    return "-".join([version, settings.preset, *branch, kind])


def train_series(
    manifest_folder: Path,
    out_folder: Path,
    settings: TrainSettings,
    *,
    folds: str | None = None,
    seeds: int = 1,
    progress: Progress = no_progress,
    on_clip: Progress = no_progress,
) -> Outcome:
    """Train a model for every fold with every seed, and tell what they come to.

    Each is a whole run below the folder, ``fold-2-seed-0``. Those that are there are not trained
    again, and one that was interrupted goes on. When all are there, ``series.json`` and
    ``series.md`` have the figures: of each fold, of all test clips as one set, and of each speaker,
    with mean and deviation over the seeds. A run that fails is named, the others are still made.

    Args:
        manifest_folder: ``manifests/vN`` of a corpus.
        out_folder: ``runs/NAME``, made if missing.
        settings: of all runs; the first has their seed, each further one the next.
        folds: how many, or ``speakers``; None to divide as the version does.
        seeds: how many.
        progress: called after every epoch of every run.
        on_clip: called after the features of every clip, before the first epoch of all.

    Raises:
        ConfigurationError: if the folder holds something else or a series of other settings, or
            the version has other folds.
        DataError: if the manifest is damaged or has too few groups.
    """
    manifest = open_manifest(manifest_folder)
    outcome = Outcome(warnings=manifest.caveats())
    divided: Mapping[int | None, Manifest] = (
        {None: manifest} if folds is None else dict(fold_manifests(manifest, folds).items())
    )
    for fold, one in divided.items():
        _check(fold, one)
    parts = [
        _Part(fold, seed, one)
        for seed in range(settings.seed, settings.seed + seeds)
        for fold, one in divided.items()
    ]
    with FolderLock(out_folder.parent, f"series-{out_folder.name}"):
        subject = _subject(manifest, settings, folds, divided)
        check_subject(out_folder / _SUBJECT, subject, "clips, folds or settings")
        write_text(out_folder / _SUBJECT, subject)
        for done, part in enumerate(parts):
            shown = _within(progress, done, len(parts), part.name)
            _train(out_folder, part, settings, folds, outcome, shown, on_clip)
        if outcome.kept == len(parts):
            document = summarise_series(manifest, settings, folds, _told(out_folder, parts))
            write_text(out_folder / "series.md", markdown(document))
            text = json.dumps(document, ensure_ascii=False, indent=2)
            write_text(out_folder / "series.json", text + "\n")
            outcome.details |= document
            if folds == SPEAKERS:
                outcome.warnings += _joined(document)
    outcome.items_in = len(parts)
    outcome.warnings = list(dict.fromkeys(outcome.warnings))
    outcome.outputs.append(out_folder)
    outcome.details["run"] = out_folder.name
    return outcome


def _check(fold: int | None, manifest: Manifest) -> None:
    """Refuse, before the first training, what would leave nothing to tell at the end."""
    if not any(entry.split == "test" for entry in manifest.entries):
        what = "the test split" if fold is None else f"fold {fold}"
        raise DataError(
            f"{manifest.folder}: {what} is empty, so nothing would say how good the models are; "
            f"build a manifest with another split, or ask for --folds"
        )


def _train(
    folder: Path,
    part: _Part,
    settings: TrainSettings,
    folds: str | None,
    outcome: Outcome,
    progress: Progress,
    on_clip: Progress,
) -> None:
    """Train one part, unless it is there."""
    out = folder / part.name
    if (out / CONFIGURATION).is_file():
        outcome.kept += 1
        progress(1, 1, "there already")
        return
    try:
        made = train_on(
            part.manifest,
            out,
            settings.changed(seed=part.seed),
            progress,
            on_clip=on_clip,
            division={} if folds is None else {"folds": folds, "fold": part.fold},
        )
    except ConfigurationError:
        raise
    except CorpusError as error:
        outcome.fail(part.name, str(error))
        return
    outcome.kept += 1
    outcome.warnings += [f"{part.name}: {warning}" for warning in made.warnings]
    for failure in made.failures:
        if failure not in outcome.failures:
            outcome.fail(failure.item, failure.reason)


def _told(folder: Path, parts: list[_Part]) -> Iterator[RunPredictions]:
    for part in parts:
        yield RunPredictions(
            part.fold, part.seed, read_run_predictions(folder / part.name / "predictions.csv")
        )


def _joined(document: Mapping[str, Any]) -> list[str]:
    """Return a warning if folds that were to be of one speaker are of several."""
    joined = [
        f"fold {row['fold']} ({', '.join(row['speakers'])})"
        for row in document["folds"]
        if len(row["speakers"]) > 1
    ]
    if not joined:
        return []
    return [
        f"{', '.join(joined)}: several speakers are left out together, as {document['manifest']} "
        f"keeps them together; to part them: corpus build-manifest --group-by speaker --resplit"
    ]


def _within(progress: Progress, before: int, parts: int, name: str) -> Progress:
    """Return the progress of one part as that of the whole series."""

    def show(done: int, total: int, item: str) -> None:
        progress(before * total + done, parts * total, f"{name}: {item}")

    return show


def _subject(
    manifest: Manifest,
    settings: TrainSettings,
    folds: str | None,
    divided: Mapping[int | None, Manifest],
) -> str:
    """Return what the runs have in common, as TOML; ``clips`` stands for who is on which side."""
    sides = {
        str(fold): [[entry.clip_id, entry.split] for entry in one.entries]
        for fold, one in divided.items()
    }
    run = {
        "manifest": manifest.header.version,
        "digest": manifest.header.digest,
        "clips": fingerprint(sides),
    }
    each_its_own = {"seed", "device", "threads"}
    return tomli_w.dumps(
        {
            "run": run if folds is None else run | {"folds": folds},
            "train": settings.model_dump(mode="json", exclude=each_its_own, exclude_none=True),
        }
    )


_SUBJECT = "series.toml"
