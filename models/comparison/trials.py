"""Runs of a comparison, trained, or loaded from disk to resume it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from manifests.base.errors import DataError
from manifests.base.outcome import Progress
from manifests.storage.checksums import add_checksum, read_whole
from manifests.storage.store import fingerprint, write_bytes
from models.comparison.baseline import predict_with_baseline
from models.comparison.table import BASELINES, EGEMAPS, NETWORKS, STATISTICS, SVM, WHISPER, System
from models.config.train import TrainSettings
from models.data import Examples
from models.model import FittedModel
from models.runs import Epoch
from models.training.loop import fit

__all__ = ["SystemRun", "Trials"]


@dataclass(frozen=True)
class SystemRun:
    """Finished run of one system; ``fingerprint`` is that of everything it depends on.

    ``told`` are the predicted class numbers of the test clips. A system without training by epochs
    has no ``history``. ``test_accuracy``, after each epoch, is never used for selection.
    """

    system: str
    seed: int
    fingerprint: str
    told: tuple[int, ...]
    history: tuple[Epoch, ...] = ()
    test_accuracy: tuple[float, ...] = ()
    kept_epoch: int = 0


_RUNS = TypeAdapter(SystemRun)


def save_run(folder: Path, run: SystemRun) -> None:
    """Write a run atomically."""
    path, data = _run_path(folder, run.system, run.seed), _RUNS.dump_json(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    add_checksum(path, data)
    write_bytes(path, data)


def load_run(
    folder: Path, system: str, seed: int, fingerprint: str, clips: int
) -> SystemRun | None:
    """Return a stored run with this fingerprint and number of test clips, None if there is none."""
    try:
        path = _run_path(folder, system, seed)
        run = _RUNS.validate_json(read_whole(path))
    except (OSError, ValueError, DataError):  # damaged or missing: trained again
        return None
    return run if run.fingerprint == fingerprint and len(run.told) == clips else None


def _run_path(folder: Path, system: str, seed: int) -> Path:
    return folder / "parts" / f"{system}-{seed}.json"


class Trials:
    """Runs of all systems on the same clips, stored in the comparison's folder when finished.

    ``inputs`` has the same clips for each system by its key, with the features that it takes; where
    it has a system, it is run. ``progress`` is called after every epoch of every run; a finished
    run is stored in the context ``publishing``.
    """

    def __init__(
        self,
        folder: Path,
        settings: TrainSettings,
        inputs: Mapping[str, Examples],
        progress: Progress,
        publishing: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.publishing = publishing
        self.folder, self.settings, self.progress = folder, settings, progress
        self.inputs, examples = inputs, inputs[SVM.key]
        self.truth = np.array([clip.label for clip in examples["test"]])
        self._clips = {split: [clip.clip_id for clip in clips] for split, clips in examples.items()}
        self._done = self._total = 0

    def run(self, seeds: int) -> list[SystemRun]:
        """Return the runs of the baselines and of every network, with seeds from 0."""
        offered = (*NETWORKS, STATISTICS, WHISPER)
        networks = [system for system in offered if system.key in self.inputs]
        plan = [(system, seed) for seed in range(seeds) for system in networks]
        self._total = sum(system.settings(self.settings).epochs for system, _ in plan)
        solved = [(system, 0) for system in BASELINES if system.key in self.inputs]
        return [self._load_or_train(*trial) for trial in (*solved, *plan)]

    def _load_or_train(self, system: System, seed: int) -> SystemRun:
        settings = system.settings(self.settings, seed)
        train_settings = settings.model_dump(mode="json", exclude={"device", "threads"})
        digest = fingerprint(
            {"algorithm": _ALGORITHM, "train": train_settings, "clips": self._clips}
        )
        run = load_run(self.folder, system.key, seed, digest, len(self.truth))
        if run is None:
            train = self._run_baseline if system in BASELINES else self._train_network
            run = train(system, settings, digest)
            with self.publishing():
                save_run(self.folder, run)
        if system not in BASELINES:
            self._done += settings.epochs
            self.progress(self._done, self._total, f"{system.name}, seed {seed}: done")
        return run

    def _run_baseline(self, system: System, settings: TrainSettings, digest: str) -> SystemRun:
        examples = self.inputs[system.key]
        predicted = predict_with_baseline(examples, settings, pooled=system == EGEMAPS)
        return SystemRun(system.key, settings.seed, digest, tuple(predicted.tolist()))

    def _train_network(self, system: System, settings: TrainSettings, digest: str) -> SystemRun:
        examples = self.inputs[system.key]
        test = examples["test"]
        accuracies: list[float] = []

        def watch(model: FittedModel) -> None:
            predicted = model.probabilities(test).argmax(axis=1)
            accuracies.append(float((predicted == self.truth).mean()))

        progress = self._run_progress(system, settings)
        fitted = fit(examples["train"], examples["val"], settings, progress=progress, watch=watch)
        predicted = fitted.model.probabilities(test).argmax(axis=1)
        return SystemRun(
            system=system.key,
            seed=settings.seed,
            fingerprint=digest,
            told=tuple(predicted.tolist()),
            history=tuple(fitted.history),
            test_accuracy=tuple(accuracies),
            kept_epoch=fitted.kept_epoch,
        )

    def _run_progress(self, system: System, settings: TrainSettings) -> Progress:
        def show(epoch: int, _: int, line: str) -> None:
            item = f"{system.name}, seed {settings.seed}: {line}"
            if epoch < settings.epochs:
                self.progress(self._done + epoch, self._total, item)

        return show


_ALGORITHM = 4  # raise when results change for the same clips and settings
