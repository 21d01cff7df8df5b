"""Series of runs over the folds of a manifest version and over seeds, with summary figures."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w

from manifests.access.lock import CorpusLock
from manifests.access.withdrawals import WithdrawalWatch
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.base.outcome import FileWarnings, Outcome, Progress, no_progress
from manifests.splits.emobox import Lists
from manifests.splits.folds import place_in_folds, side_in
from manifests.splits.groups import Keys
from manifests.splits.utterances import place_by_lists
from manifests.storage.checksums import checksums_renewed
from manifests.storage.partials import clear_partials
from manifests.storage.records import ManifestEntry
from manifests.storage.sections import SPEAKERS
from manifests.storage.store import fingerprint, write_text
from manifests.versions.index import open_manifest
from manifests.versions.manifest import Manifest
from models.config.train import TrainSettings
from models.runs import CONFIGURATION, check_subject, run_lock
from models.training.emobox_table import emobox_markdown
from models.training.run import train_on
from models.training.series_results import (
    RunPredictions,
    markdown,
    read_run_predictions,
    summarise_series,
)

__all__ = ["fold_manifests", "series_name", "train_series"]


def fold_manifests(manifest: Manifest, folds: str) -> Mapping[int, Manifest]:
    """Return the manifest for testing each fold, by number of the fold.

    The folds are those of :mod:`manifests.splits.folds`: a version without folds is divided by
    group, as ``build-manifest --folds`` would. The next fold is the validation split, so that the
    test fold doesn't influence training; with two folds there is none. Held clips are left out.
    With ``refit``, it joins the training split in :mod:`models.training.refit`.

    Raises:
        ConfigurationError: if ``folds`` isn't ``speakers`` or a number, or the version has others.
        DataError: if there are too few groups.
    """
    if folds != SPEAKERS and not (folds.isdecimal() and int(folds) >= _FEWEST_FOLDS):
        raise ConfigurationError(
            f"--folds {folds}: expected {SPEAKERS}, or a number of at least {_FEWEST_FOLDS}"
        )
    entries = [entry for entry in manifest.entries if entry.split != "held"]
    number = max((entry.fold or 0 for entry in entries), default=0)
    if number:
        own = str(manifest.header.params.get("split", {}).get("folds", number))
        if folds not in (own, str(number)):
            raise ConfigurationError(
                f"{manifest.header.version} has its own folds ({own}); use --folds {own}, or build "
                f"a version with others: corpus build-manifest --folds {folds} --resplit"
            )
    else:
        keys = {entry.clip_id: _group_keys(entry, folds) for entry in entries}
        entries, number = place_in_folds(entries, keys, folds, {}, seed=0)
    numbers = sorted({entry.fold for entry in entries if entry.fold is not None})
    return {fold: replace(manifest, entries=_split_by(entries, fold, number)) for fold in numbers}


def _group_keys(entry: ManifestEntry, folds: str) -> Keys:
    group = f"clip:{entry.group}"  # weakest kind of key, since groups are named after speakers
    if folds == SPEAKERS and entry.speaker is not None:
        return (f"speaker:{entry.speaker}", group)
    return (group,)


def _split_by(entries: list[ManifestEntry], test_fold: int, number: int) -> list[ManifestEntry]:
    """Return the entries with the splits for testing a fold."""
    return [
        entry.changed(split=side_in(entry.fold, test_fold, number))
        for entry in entries
        if entry.fold is not None
    ]


_FEWEST_FOLDS = 2


@dataclass(frozen=True)
class _SeriesRun:
    """Run of a series; ``fold`` is None if the version's own split is used."""

    fold: int | None
    seed: int
    manifest: Manifest

    @property
    def name(self) -> str:
        return "-".join(
            [*([] if self.fold is None else ["fold", str(self.fold)]), "seed", str(self.seed)]
        )


def series_name(version: str, settings: TrainSettings, folds: str | None) -> str:
    """Return the name of a series, such as ``v1-default-folds-5``, for any number of seeds."""
    branch = [] if settings.modality == "both" else [settings.modality]
    kind = "seeds" if folds is None else f"folds-{folds}" if folds.isdecimal() else folds
    return "-".join([version, settings.preset, *branch, kind.replace(":", "-")])


def train_series(
    manifest_folder: Path,
    out_folder: Path,
    settings: TrainSettings,
    *,
    folds: str | None = None,
    protocol: Lists | None = None,
    seeds: int = 1,
    progress: Progress = no_progress,
    on_clip: Progress = no_progress,
    announce: Callable[[str], None] | None = None,
    board: Path | None = None,
) -> Outcome:
    """Train a model for every fold and seed, and summarise the results.

    Each model is a run in a subfolder such as ``fold-2-seed-0``. Finished runs are not trained
    again, and an interrupted run is resumed. When all runs are finished, ``series.json`` and
    ``series.md`` have the figures of each fold, of all test clips pooled, and of each speaker, with
    mean and deviation over the seeds. A run that fails is reported, and the others continue.
    ``folds`` is a number, ``speakers``, or None for the version's own split; a ``protocol`` has
    published folds instead. Seeds count up from the settings' own. ``progress`` is called after
    every epoch, ``on_clip`` after the features of each clip, ``announce`` before a long wait for
    other commands. ``board`` is the folder for TensorBoard, if any.

    Raises:
        ConfigurationError: if the folder holds something else or a series of other settings, or the
            version has other folds.
        DataError: if the manifest is damaged or has too few groups.
    """
    folds = folds if protocol is None else f"emobox:{protocol.name}"
    validated = protocol is not None and protocol.validated  # its validation clips are no training
    if folds and settings.refit is None and settings.preset != "paper" and not validated:
        settings = settings.changed(refit=True)  # no training speaker is lost
    manifest = open_manifest(manifest_folder)
    outcome = Outcome(warnings=manifest.caveats())
    watch = WithdrawalWatch(manifest.corpus, manifest.entries)
    by_fold: Mapping[int | None, Manifest] = {None: manifest}
    if protocol is not None:
        with CorpusLock(manifest.corpus, "train"):
            placed = place_by_lists(manifest, protocol)
        outcome.warnings += placed.warnings(protocol)
        by_fold = {fold: replace(manifest, entries=own) for fold, own in placed.folds.items()}
    elif folds is not None:
        by_fold = dict(fold_manifests(manifest, folds).items())
    for fold, fold_manifest in by_fold.items():
        _check_test_clips(fold, fold_manifest)
    runs = [
        _SeriesRun(fold, seed, fold_manifest)
        for seed in range(settings.seed, settings.seed + seeds)
        for fold, fold_manifest in by_fold.items()
    ]
    noted = FileWarnings("runs")
    with run_lock("series", out_folder):
        subject = _series_toml(manifest, settings, folds, by_fold)
        clear_partials(out_folder, below=True)
        check_subject(out_folder / _SUBJECT, subject, "clips, folds or settings")
        write_text(out_folder / _SUBJECT, subject)
        for done, run in enumerate(runs):
            run_progress = _series_progress(progress, done, len(runs), run.name)
            own = None if board is None else board / run.name
            for warning in _train_run(
                out_folder, run, settings, folds, outcome, run_progress, on_clip, announce, own
            ):
                noted.add(run.name, f"{run.name}: {warning}")
        outcome.warnings += noted.lines()
        if outcome.kept == len(runs):
            with CorpusLock(manifest.corpus, "train", wait=True, announce=announce):
                watch.check()
                found = _predictions(out_folder, runs)
                document = summarise_series(manifest, settings, folds, found)
                with checksums_renewed(out_folder):
                    published = emobox_markdown(document) + "\n" if protocol else ""
                    write_text(out_folder / "series.md", published + markdown(document))
                    text = json.dumps(document, ensure_ascii=False, indent=2)
                    write_text(out_folder / "series.json", text + "\n")
            outcome.details |= document
            if folds == SPEAKERS:
                outcome.warnings += _shared_fold_warnings(document)
    outcome.items_in = len(runs)
    outcome.warnings = list(dict.fromkeys(outcome.warnings))
    outcome.outputs.append(out_folder)
    outcome.details["run"] = out_folder.name
    return outcome


def _check_test_clips(fold: int | None, manifest: Manifest) -> None:
    if not any(entry.split == "test" for entry in manifest.entries):
        what = "the test split" if fold is None else f"fold {fold}"
        raise DataError(
            f"{manifest.folder}: {what} is empty, so the models can't be evaluated; build a "
            f"manifest with another split, or use --folds"
        )


def _train_run(
    folder: Path,
    run: _SeriesRun,
    settings: TrainSettings,
    folds: str | None,
    outcome: Outcome,
    progress: Progress,
    on_clip: Progress,
    announce: Callable[[str], None] | None,
    board: Path | None,
) -> list[str]:
    """Train a run of the series, unless it is finished, and return its warnings."""
    out = folder / run.name
    if (out / CONFIGURATION).is_file():
        outcome.kept += 1
        progress(1, 1, "finished before")
        return []
    try:
        trained = train_on(
            run.manifest,
            out,
            settings.changed(seed=run.seed),
            progress,
            on_clip=on_clip,
            announce=announce,
            division={} if folds is None else {"folds": folds, "fold": run.fold},
            board=board,
        )
    except ConfigurationError:
        raise
    except CorpusError as error:
        outcome.fail(run.name, str(error))
        return []
    outcome.kept += 1
    for failure in trained.failures:
        if failure not in outcome.failures:
            outcome.fail(failure.item, failure.reason)
    return trained.warnings


def _predictions(folder: Path, runs: list[_SeriesRun]) -> Iterator[RunPredictions]:
    for run in runs:
        clips = read_run_predictions(folder / run.name / "predictions.csv")
        yield RunPredictions(run.fold, run.seed, clips)


def _shared_fold_warnings(document: Mapping[str, Any]) -> list[str]:
    """Return a warning if folds by speaker contain several speakers."""
    shared = [
        f"fold {row['fold']} ({', '.join(row['speakers'])})"
        for row in document["folds"]
        if len(row["speakers"]) > 1
    ]
    if not shared:
        return []
    return [
        f"{', '.join(shared)}: several speakers share a fold, as {document['manifest']} groups "
        f"them together; to separate them: corpus build-manifest --group-by speaker --resplit"
    ]


def _series_progress(progress: Progress, before: int, runs: int, name: str) -> Progress:
    """Return a callback that reports the progress of one run as that of the series."""

    def show(done: int, total: int, item: str) -> None:
        progress(before * total + done, runs * total, f"{name}: {item}")

    return show


def _series_toml(
    manifest: Manifest,
    settings: TrainSettings,
    folds: str | None,
    by_fold: Mapping[int | None, Manifest],
) -> str:
    """Return the common settings of the runs as TOML; ``clips`` is a fingerprint of the splits."""
    splits = {
        str(fold): [[entry.clip_id, entry.split] for entry in fold_manifest.entries]
        for fold, fold_manifest in by_fold.items()
    }
    run = {
        "manifest": manifest.header.version,
        "digest": manifest.header.digest,
        "clips": fingerprint(splits),
    }
    excluded = {"seed", "device", "threads"}  # may differ between runs
    return tomli_w.dumps(
        {
            "run": run if folds is None else run | {"folds": folds},
            "train": settings.model_dump(mode="json", exclude=excluded, exclude_none=True),
        }
    )


_SUBJECT = "series.toml"
