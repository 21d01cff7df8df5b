"""Checks of the training data before training begins."""

from collections import Counter

from manifests.emotions import EMOTIONS
from manifests.errors import DataError
from manifests.outcome import Outcome
from models.settings import TrainSettings
from models.training.data import Examples

__all__ = ["check_examples"]


def check_examples(examples: Examples, settings: TrainSettings, outcome: Outcome) -> None:
    """Warn about missing splits, classes and texts.

    Args:
        examples: examples of each split.
        settings: training settings.
        outcome: outcome that the warnings are added to.

    Raises:
        DataError: if the training split has fewer than two classes.
    """
    counts = Counter(example.label for example in examples["train"])
    if len(counts) < 2:
        raise DataError(
            f"the training split has {len(counts)} classes, but at least 2 are needed; label more "
            f"clips, or build a manifest with another split"
        )
    if missing := [name for label, name in enumerate(EMOTIONS) if not counts[label]]:
        outcome.warnings.append(
            f"no training clips of {', '.join(missing)}: the model will hardly ever predict it"
        )
    if not examples["val"]:
        consequence = ", so the last epoch is kept" if settings.keep == "best" else ""
        outcome.warnings.append(f"the validation split is empty{consequence}")
    if not examples["test"]:
        outcome.warnings.append("the test split is empty: the model can't be evaluated")
    if settings.modality != "audio" and not any(example.words for example in examples["train"]):
        outcome.warnings.append(
            "no training clip has a text: the text branch learns nothing; see: corpus transcribe"
        )
