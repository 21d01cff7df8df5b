"""Every run of a comparison: trained, or taken from where it was kept."""

from pathlib import Path

import numpy as np

from manifests.outcome import Progress
from manifests.store import fingerprint
from models.comparison.baseline import tell_by_baseline
from models.comparison.parts import Part, keep_part, kept_part
from models.comparison.systems import NETWORKS, SVM, System
from models.fitted import FittedModel
from models.settings import TrainSettings
from models.training.data import Examples
from models.training.fit import TrainingContext, fit

__all__ = ["Trials"]


class Trials:
    """The runs of all systems on the same clips.

    Args:
        folder: of the comparison; what is finished is kept there.
        settings: what the systems have in common.
        heard: clips with sound and words.
        read: the same clips with words alone.
        progress: called after every epoch of every run.
    """

    def __init__(
        self,
        folder: Path,
        settings: TrainSettings,
        heard: Examples,
        read: Examples,
        progress: Progress,
    ) -> None:
        self.folder, self.settings, self.progress = folder, settings, progress
        self.heard, self.read = heard, read
        self.truth = np.array([one.label for one in heard["test"]])
        self._clips = {split: [one.clip_id for one in clips] for split, clips in heard.items()}
        self._done = self._total = 0

    def run(self, seeds: int) -> list[Part]:
        """Return the runs of the baseline and of every network with the seeds from 0 on."""
        plan = [(system, seed) for seed in range(seeds) for system in NETWORKS]
        self._total = sum(system.settings(self.settings).epochs for system, _ in plan)
        return [self._part(SVM, 0), *(self._part(*trial) for trial in plan)]

    def _part(self, system: System, seed: int) -> Part:
        settings = system.settings(self.settings, seed)
        own = settings.model_dump(mode="json", exclude={"device", "threads"})
        mark = fingerprint({"algorithm": _ALGORITHM, "train": own, "clips": self._clips})
        part = kept_part(self.folder, system.key, seed, mark, len(self.truth))
        if part is None:
            train = self._baseline if system == SVM else self._network
            part = train(system, settings, mark)
            keep_part(self.folder, part)
        if system != SVM:
            self._done += settings.epochs
            self.progress(self._done, self._total, f"{system.name}, seed {seed}: done")
        return part

    def _baseline(self, system: System, settings: TrainSettings, mark: str) -> Part:
        told = tell_by_baseline(self.heard, settings)
        return Part(system.key, settings.seed, mark, tuple(told.tolist()))

    def _network(self, system: System, settings: TrainSettings, mark: str) -> Part:
        examples = self.read if system.modality == "text" else self.heard
        test = examples["test"]
        accuracies: list[float] = []

        def watch(model: FittedModel) -> None:
            told = model.probabilities(test).argmax(axis=1)
            accuracies.append(float((told == self.truth).mean()))

        context = TrainingContext(self._shown(system, settings), watch)
        fitted = fit(examples["train"], examples["val"], settings, context)
        told = fitted.model.probabilities(test).argmax(axis=1)
        return Part(
            system=system.key,
            seed=settings.seed,
            fingerprint=mark,
            told=tuple(told.tolist()),
            history=tuple(fitted.history),
            test_accuracy=tuple(accuracies),
            kept_epoch=fitted.kept_epoch,
        )

    def _shown(self, system: System, settings: TrainSettings) -> Progress:
        def show(epoch: int, _: int, line: str) -> None:
            item = f"{system.name}, seed {settings.seed}: {line}"
            if epoch < settings.epochs:
                self.progress(self._done + epoch, self._total, item)

        return show


_ALGORITHM = 2  # raised when the same clips and settings would give another run
