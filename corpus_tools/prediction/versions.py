"""Predictions for the clips of a manifest version."""

from collections import Counter
from pathlib import Path

from corpus_tools.prediction.pieces import FilePrediction, Segment
from manifests.index import open_manifest
from manifests.outcome import Outcome, Progress, no_progress
from models.prediction import Predictor
from models.training.data import load_examples

__all__ = ["predict_version"]


def predict_version(
    predictor: Predictor, folder: Path, progress: Progress = no_progress
) -> tuple[list[FilePrediction], Outcome]:
    """Return the predictions for every clip of a version, and the outcome of the run.

    Clips are normalised by speaker, or by source where the speaker is unknown. Each row also has
    the clip's ``clip_id``, ``split`` and ``label``.

    Args:
        predictor: trained model.
        folder: ``manifests/vN``.
        progress: callback after every clip.

    Raises:
        DataError: if the version can't be read.
    """
    manifest = open_manifest(folder)
    outcome = Outcome(warnings=manifest.caveats())
    splits = ("train", "val", "test", "held")
    loaded = load_examples(
        manifest, predictor.model.settings, outcome, splits=splits, progress=progress
    )
    examples = {example.clip_id: example for split in splits for example in loaded[split]}
    entries = [entry for entry in manifest.entries if entry.clip_id in examples]
    inputs = [examples[entry.clip_id] for entry in entries]
    shares = predictor.predict_examples(inputs)
    sizes = Counter(example.group for example in inputs)
    normalisations = {
        group: predictor.normalisation([group] * size) for group, size in sizes.items()
    }
    predictions = []
    for entry, example, row in zip(entries, inputs, shares, strict=True):
        known = (("clip_id", entry.clip_id), ("split", entry.split), ("label", entry.emotion))
        segment = Segment(
            round(entry.start, 3),
            round(entry.end, 3),
            entry.text,
            tuple(round(float(share), 6) for share in row),
            known,
        )
        predictions.append(
            FilePrediction(Path(entry.path), [segment], normalisations[example.group])
        )
    weak = sum(bool(row.normalisation and row.normalisation.weak) for row in predictions)
    if weak:
        outcome.warnings.append(
            f"{weak} of {len(predictions)} clips are from speakers with fewer than 5 clips, so "
            f"they are normalised mostly by the training corpus, which is less accurate"
        )
    outcome.details["files"] = [row.row(predictor.classes) for row in predictions]
    return predictions, outcome
