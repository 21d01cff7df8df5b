"""All that an evaluation finds about the predictions of a split."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from manifests.errors import DataError
from manifests.giveaways import find_giveaways
from manifests.records import Clip, ManifestEntry
from manifests.shards import STAGES, read_stage
from manifests.versions import Manifest
from models.evaluation.calibration import apply_temperature, calibration
from models.evaluation.chance import chance
from models.evaluation.report import evaluate_predictions, rounded
from models.evaluation.slices import slice_predictions

__all__ = ["Told", "account_of"]


@dataclass(frozen=True)
class Told:
    """The predictions of a model for the clips of a split.

    Attributes:
        entries: of the clips (n).
        truth: numbers of their classes (n,).
        probabilities: of each class (n, classes), as calibrated.
        temperature: that calibrated them.
    """

    entries: Sequence[ManifestEntry]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    temperature: float = 1.0

    @property
    def told(self) -> NDArray[np.int64]:
        """Number of the most probable class of each clip (n,)."""
        found: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return found


def account_of(manifest: Manifest, split: str, told: Told) -> dict[str, Any]:
    """Return every figure of the predictions, JSON-ready.

    Keys: ``metrics``, ``calibration``, ``chance``, ``giveaways`` (what the class can be told from
    without hearing the emotion), ``speakers`` (how many there are, and clips of each), ``slices``.

    Args:
        manifest: that the clips are of.
        split: that they are.
        told: the predictions, at least one.
    """
    speakers = [entry.speaker for entry in told.entries]
    learnt = [EMOTIONS.index(one.emotion) for one in manifest.entries if one.split == "train"]
    answers = chance(told.truth, np.array(learnt, dtype=np.int64), len(EMOTIONS))
    return {
        "metrics": evaluate_predictions(told.truth, told.told, speakers),
        "calibration": _calibration(told),
        "chance": rounded([asdict(one) for one in answers]),
        "giveaways": _giveaways(manifest, split),
        "speakers": _speakers(speakers),
        "slices": slice_predictions(told.entries, told.truth, told.told),
    }


def _calibration(told: Told) -> dict[str, Any]:
    found = asdict(calibration(told.probabilities, told.truth))
    plain = apply_temperature(told.probabilities, 1 / told.temperature)
    before = asdict(calibration(plain, told.truth))
    del before["bins"]
    result: dict[str, Any] = rounded(
        {"temperature": told.temperature, **found, "without_temperature": before}
    )
    return result


def _giveaways(manifest: Manifest, split: str) -> dict[str, Any]:
    """Return what speaker, series, source and sentence tell; and duration and loudness, of a split.

    Loudness is known of clips that this corpus cut.
    """
    try:
        loudness = {
            clip.clip_id: clip.rms_db
            for clip in read_stage(manifest.corpus, STAGES["segments"], Clip)
        }
    except DataError:
        loudness = {}
    sides = {"train": "train", split: "test"}
    entries = [
        replace(one, split=sides.get(one.split, "held"))  # type: ignore[arg-type]
        for one in manifest.entries
    ]
    return find_giveaways(entries, loudness).row()


def _speakers(speakers: Sequence[str | None]) -> dict[str, Any]:
    counts = Counter(name for name in speakers if name is not None)
    return {
        "known": len(counts),
        "clips_of_unknown": speakers.count(None),
        "median_clips": median(counts.values()) if counts else None,
    }
