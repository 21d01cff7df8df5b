"""What a model says about the clips of a manifest version."""

from collections import Counter
from pathlib import Path

from corpus_tools.prediction.pieces import FilePrediction, Piece
from manifests.index import open_manifest
from manifests.outcome import Outcome, Progress, no_progress
from models.prediction import Predictor
from models.training.data import load_examples

__all__ = ["predict_version"]


def predict_version(
    predictor: Predictor, folder: Path, progress: Progress = no_progress
) -> tuple[list[FilePrediction], Outcome]:
    """Return what the model says about every clip of a version, and the run's account.

    The clips of a speaker are normalised together, or those of a source where nobody knows who
    speaks. Each row also has the clip's ``clip_id``, ``split`` and ``label``.

    Args:
        predictor: a trained model.
        folder: ``manifests/vN``.
        progress: called after every clip.

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
    asked = [examples[entry.clip_id] for entry in entries]
    shares = predictor.predict_examples(asked)
    sizes = Counter(example.group for example in asked)
    normalisations = {
        group: predictor.normalisation([group] * size) for group, size in sizes.items()
    }
    found = []
    for entry, example, row in zip(entries, asked, shares, strict=True):
        known = (("clip_id", entry.clip_id), ("split", entry.split), ("label", entry.emotion))
        piece = Piece(
            round(entry.start, 3),
            round(entry.end, 3),
            entry.text,
            tuple(round(float(share), 6) for share in row),
            known,
        )
        found.append(FilePrediction(Path(entry.path), [piece], normalisations[example.group]))
    weak = sum(bool(one.normalisation and one.normalisation.weak) for one in found)
    if weak:
        outcome.warnings.append(
            f"{weak} of {len(found)} clips have fewer than 5 of their speaker beside them; they "
            f"are normalised mostly by the training corpus, which is less accurate"
        )
    outcome.details["files"] = [one.row(predictor.classes) for one in found]
    return found, outcome
