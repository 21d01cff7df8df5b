"""Figures of an evaluation: metrics, calibration, chance levels, label cues and slices."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.audit.label_cues import find_label_cues
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.storage.records import Clip, ManifestEntry
from manifests.storage.shards import STAGES, read_stage
from manifests.versions.manifest import Manifest
from models.evaluation.calibration import apply_temperature, calibration
from models.evaluation.metrics import scores
from models.evaluation.report import evaluate_predictions, rounded
from models.evaluation.slices import slice_predictions

__all__ = ["Predictions", "chance_levels", "evaluation_figures"]

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class ChanceLevel:
    """Expected metrics of the ``majority`` or ``stratified random`` classifier, without input."""

    name: str
    accuracy: float
    uar: float
    macro_f1: float


def chance_levels(
    truth: Labels, training: Labels, classes: int, *, seed: int = 0
) -> list[ChanceLevel]:
    """Return the metrics of a majority classifier and of a stratified random one.

    The classes' shares are those of the training clips, or of ``truth`` (n,) if there are none.
    Metrics of random predictions are means over 2,000 draws.
    """
    prior = np.bincount(training if len(training) else truth, minlength=classes)
    per_class = np.bincount(truth, minlength=classes)
    majority = np.zeros((1, classes, classes), dtype=np.int64)
    majority[0, :, prior.argmax()] = per_class
    generator = np.random.default_rng(seed)
    rows = [generator.multinomial(n, prior / prior.sum(), size=_RANDOM_DRAWS) for n in per_class]
    return [
        _mean_scores("majority", majority),
        _mean_scores("stratified random", np.stack(rows, axis=1)),
    ]


def _mean_scores(name: str, confusions: Labels) -> ChanceLevel:
    means = scores(confusions)
    figures = (means.accuracy, means.uar, means.macro_f1)
    return ChanceLevel(name, *(float(values.mean()) for values in figures))


_RANDOM_DRAWS = 2000


@dataclass(frozen=True)
class Predictions:
    """Predictions for n clips: true classes (n,) and calibrated probabilities (n, classes)."""

    entries: Sequence[ManifestEntry]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    temperature: float = 1.0

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted class numbers (n,)."""
        classes: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return classes


def evaluation_figures(manifest: Manifest, split: str, predictions: Predictions) -> dict[str, Any]:
    """Return every figure of at least one prediction, JSON-ready.

    Keys: ``metrics``, ``calibration``, ``chance``, ``giveaways`` (label cues: how well speaker,
    series, source, sentence, duration and loudness predict the class), ``speakers`` (number of
    speakers and clips per speaker), ``slices``.
    """
    speakers = [entry.speaker for entry in predictions.entries]
    training = [
        EMOTIONS.index(entry.emotion) for entry in manifest.entries if entry.split == "train"
    ]
    levels = chance_levels(predictions.truth, np.array(training, dtype=np.int64), len(EMOTIONS))
    return {
        "metrics": evaluate_predictions(predictions.truth, predictions.predicted, speakers),
        "calibration": _calibration(predictions),
        "chance": rounded([asdict(level) for level in levels]),
        "giveaways": _label_cues(manifest, split),
        "speakers": _speakers(speakers),
        "slices": slice_predictions(predictions.entries, predictions.truth, predictions.predicted),
    }


def _calibration(predictions: Predictions) -> dict[str, Any]:
    calibrated = asdict(calibration(predictions.probabilities, predictions.truth))
    uncalibrated = apply_temperature(predictions.probabilities, 1 / predictions.temperature)
    before = asdict(calibration(uncalibrated, predictions.truth))
    del before["bins"]
    result: dict[str, Any] = rounded(
        {"temperature": predictions.temperature, **calibrated, "without_temperature": before}
    )
    return result


def _label_cues(manifest: Manifest, split: str) -> dict[str, Any]:
    """Return a split's label cues; those of loudness need clips cut by this corpus."""
    try:
        loudness = {
            clip.clip_id: clip.rms_db
            for clip in read_stage(manifest.corpus, STAGES["segments"], Clip)
        }
    except DataError:
        loudness = {}
    sides = {"train": "train", split: "test"}
    entries = [
        replace(entry, split=sides.get(entry.split, "held"))  # type: ignore[arg-type]
        for entry in manifest.entries
    ]
    return find_label_cues(entries, loudness).row()


def _speakers(speakers: Sequence[str | None]) -> dict[str, Any]:
    counts = Counter(name for name in speakers if name is not None)
    return {
        "known": len(counts),
        "clips_of_unknown": speakers.count(None),
        "median_clips": median(counts.values()) if counts else None,
    }
