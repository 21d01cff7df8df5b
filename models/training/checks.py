"""What training has to work with, looked at before it begins."""

from collections import Counter

from manifests.emotions import EMOTIONS
from manifests.errors import DataError
from manifests.outcome import Outcome
from models.settings import TrainSettings
from models.training.data import Examples

__all__ = ["check_examples"]


def check_examples(examples: Examples, settings: TrainSettings, outcome: Outcome) -> None:
    """Warn of splits, classes and texts that are missing.

    Args:
        examples: of each split.
        settings: of the training to come.
        outcome: gets the warnings.

    Raises:
        DataError: if the training split has clips of fewer than two classes.
    """
    counts = Counter(example.label for example in examples["train"])
    if len(counts) < 2:
        raise DataError(
            f"the training split has clips of {len(counts)} classes, where at least 2 are needed; "
            f"label more clips, or build a manifest with another split"
        )
    if missing := [name for label, name in enumerate(EMOTIONS) if not counts[label]]:
        outcome.warnings.append(
            f"no training clips of {', '.join(missing)}: the model will hardly ever say so"
        )
    if not examples["val"]:
        kept = ", so the last epoch is kept" if settings.keep == "best" else ""
        outcome.warnings.append(f"the validation split is empty{kept}")
    if not examples["test"]:
        outcome.warnings.append("the test split is empty: nothing says how good the model is")
    if settings.modality != "audio" and not any(one.words for one in examples["train"]):
        outcome.warnings.append(
            "no training clip has a text: the text branch learns nothing; see: corpus transcribe"
        )
