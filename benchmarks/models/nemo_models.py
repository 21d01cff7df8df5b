"""Sound models trained on five of nEMO's speakers, stored for several tables."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from benchmarks.models.nemo_corpus import SPEAKERS, read_examples, read_utterances
from manifests.storage.store import atomic_folder, fingerprint
from models.checkpoint import read_model, write_model
from models.config.train import TrainSettings
from models.data import Example
from models.model import FittedModel
from models.training.loop import fit


@dataclass(frozen=True)
class Trial:
    """Model to train: speaker left out and seed.

    Attributes:
        speaker: speaker left out.
        seed: training seed.
        folder: folder of the model.
    """

    speaker: str
    seed: int
    folder: Path


def sound_settings() -> TrainSettings:
    """Return the default's settings without the text branch."""
    return TrainSettings().changed(modality="audio", device="cpu")


def trained(folder: Path, work: Path, seeds: int, workers: int) -> Iterator[Trial]:
    """Yield the trial of each speaker and seed as soon as its model is trained.

    Args:
        folder: folder of nEMO.
        work: folder of clips, features and models; use a new one after changing the code.
        seeds: number of seeds, from 0.
        workers: number of processes.
    """
    models = work / "models" / fingerprint(sound_settings().model_dump(mode="json"))[:16]
    trials = [
        Trial(speaker, seed, models / f"{speaker}-{seed}")
        for seed in range(seeds)
        for speaker in SPEAKERS
    ]
    missing = [trial for trial in trials if not trial.folder.exists()]
    if missing:
        read_examples(
            read_utterances(folder, work), work, sound_settings()
        )  # computes them once for all processes
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        done = {trial: pool.submit(_train, folder, work, trial) for trial in missing}
        for trial in trials:
            if trial in done:
                done[trial].result()
            yield trial


def _train(folder: Path, work: Path, trial: Trial) -> None:
    settings = sound_settings().changed(seed=trial.seed)
    examples = read_examples(read_utterances(folder, work), work, settings)
    model = fit(without(examples, trial.speaker), [], settings).model
    with atomic_folder(trial.folder) as made:
        write_model(made, model)


def without(examples: Sequence[Example], speaker: str) -> list[Example]:
    """Return the examples of all other speakers."""
    return [one for one in examples if one.group != speaker]


def of(examples: Sequence[Example], speaker: str) -> list[Example]:
    """Return the examples of a speaker."""
    return [one for one in examples if one.group == speaker]


def load(trial: Trial) -> FittedModel:
    """Return the model of a trial."""
    return read_model(trial.folder)
