"""Evaluate a trained model on a split of a manifest."""

from pathlib import Path

import numpy as np

from manifests.errors import DataError
from manifests.index import open_manifest
from manifests.outcome import Outcome, Progress, no_progress
from models.checkpoint import read_model
from models.evaluation.report import evaluate_predictions
from models.evaluation.slices import slice_predictions
from models.training.data import load_examples

__all__ = ["evaluate"]


def evaluate(
    run_folder: Path,
    manifest_folder: Path,
    split: str = "test",
    progress: Progress = no_progress,
) -> Outcome:
    """Return the account of an evaluation.

    ``details["metrics"]`` has the figures, ``details["slices"]`` those of each speaker, gender,
    series and source of text.

    Args:
        run_folder: of a finished run.
        manifest_folder: the version to take clips from.
        split: ``train``, ``val`` or ``test``.
        progress: called after every clip.

    Raises:
        DataError: if the run or the manifest is damaged, or the split has no clips.
    """
    model = read_model(run_folder)
    manifest = open_manifest(manifest_folder)
    outcome = Outcome(warnings=manifest.caveats())
    examples = load_examples(manifest, model.settings, outcome, splits=(split,), progress=progress)[
        split
    ]
    if not examples:
        raise DataError(
            f"{manifest_folder}: no {split} clips to evaluate on; choose another --split"
        )
    truth = np.array([example.label for example in examples], dtype=np.int64)
    told = model.probabilities(examples).argmax(axis=1)
    entry_of = {entry.clip_id: entry for entry in manifest.entries}
    outcome.details |= {
        "run": run_folder.name,
        "manifest": manifest.header.version,
        "split": split,
        "metrics": evaluate_predictions(truth, told),
        "slices": slice_predictions(
            [entry_of[example.clip_id] for example in examples], truth, told
        ),
    }
    return outcome
