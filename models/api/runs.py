"""Public functions of the package: train, evaluate and load models; import them from `models`."""

from pathlib import Path
from typing import Any

from manifests.base.outcome import Outcome
from models.config.train import TrainSettings
from models.evaluation.run import evaluate as evaluate_run
from models.prediction import Predictor, load_model
from models.training.run import train as train_run

__all__ = ["evaluate", "load", "train"]


def train(
    manifest: str | Path, run: str | Path, settings: TrainSettings | None = None, **changes: Any
) -> Outcome:
    """Train a model on a manifest version and write its run folder, as `corpus train` does.

    Args:
        manifest: folder of the version, such as ``manifests/v1``.
        run: run folder to create, such as ``runs/mine``.
        settings: settings of section [train]; default: those of the preset ``default``.
        **changes: settings to change, such as ``epochs=10`` or ``audio={"hidden": 32}``.

    Returns:
        Outcome with the figures of each split in ``details["metrics"]``.

    Raises:
        ConfigurationError: if the run folder exists and isn't a finished run of these settings, or
            a setting is invalid.
        DataError: if the manifest is damaged or has too few training clips.
    """
    chosen = (settings or TrainSettings()).changed(**changes)
    return train_run(Path(manifest), Path(run), chosen)


def evaluate(
    run: str | Path, manifest: str | Path, split: str = "test", *, out: str | Path | None = None
) -> Outcome:
    """Evaluate a model on a split of a manifest version, as `corpus evaluate` does.

    Args:
        run: run folder of the model.
        manifest: folder of the version.
        split: ``train``, ``val`` or ``test``.
        out: folder to write; default: ``evaluation/VERSION-SPLIT`` of the run.

    Returns:
        Outcome with the figures in ``details``.

    Raises:
        DataError: if the run or the manifest is damaged, or the split has no clips.
    """
    return evaluate_run(Path(run), Path(manifest), split, out=None if out is None else Path(out))


def load(run: str | Path) -> Predictor:
    """Return the predictor of a run folder.

    Raises:
        DataError: if it has no model, or a damaged one.
    """
    return load_model(Path(run))
