"""Most confident wrong predictions, with their sound."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from manifests.errors import DataError
from manifests.records import ManifestEntry
from manifests.versions import Manifest
from models.clips import read_clip
from models.features import SAMPLE_RATE, Samples

__all__ = ["Mistake", "worst_mistakes"]


@dataclass(frozen=True)
class Mistake:
    """A wrong prediction.

    Attributes:
        entry: manifest entry of the clip.
        emotion: true class.
        predicted: predicted class.
        probability: probability of the predicted class.
        true_probability: probability of the true class.
        sound: data URI of the first seconds as FLAC; None if they can't be read.
        cut: True if the clip is longer than ``sound``.
    """

    entry: ManifestEntry
    emotion: str
    predicted: str
    probability: float
    true_probability: float
    sound: str | None
    cut: bool = False


def worst_mistakes(
    manifest: Manifest,
    entries: Sequence[ManifestEntry],
    truth: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    classes: Sequence[str],
    limit: int = 20,
) -> list[Mistake]:
    """Return the wrong predictions by descending margin of the wrong over the true class.

    Args:
        manifest: manifest of the clips.
        entries: manifest entries of the clips (n).
        truth: true class numbers (n,).
        probabilities: class probabilities (n, classes).
        classes: class names.
        limit: maximum number of predictions.
    """
    rows = np.arange(len(truth))
    predicted = probabilities.argmax(axis=1)
    margin = probabilities[rows, predicted] - probabilities[rows, truth]
    wrong = rows[predicted != truth]
    mistakes = []
    for row in wrong[np.argsort(-margin[wrong], kind="stable")][:limit]:
        sound, cut = _sound(manifest, entries[row])
        mistakes.append(
            Mistake(
                entries[row],
                classes[truth[row]],
                classes[predicted[row]],
                float(probabilities[row, predicted[row]]),
                float(probabilities[row, truth[row]]),
                sound,
                cut,
            )
        )
    return mistakes


def _sound(manifest: Manifest, entry: ManifestEntry) -> tuple[str | None, bool]:
    try:
        samples = read_clip(manifest.audio(entry), entry.file_sha256)
    except DataError:
        return None, False
    longest = _SECONDS * SAMPLE_RATE
    return _data_uri(samples[:longest]), len(samples) > longest


def _data_uri(samples: Samples) -> str:
    import soundfile

    stream = io.BytesIO()
    soundfile.write(stream, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return f"data:audio/flac;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


_SECONDS = 12  # of each clip in the page; clips are 3 to 5 s
