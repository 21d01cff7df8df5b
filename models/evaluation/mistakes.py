"""The clips that a model is surest about, and wrong."""

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
    """A clip told wrongly.

    Attributes:
        entry: of the clip.
        emotion: its class.
        told: what the model said.
        probability: of what it said.
        own: probability of the right class.
        sound: data URI of its first seconds as FLAC; None if they can't be read.
        cut: whether the clip goes on after that.
    """

    entry: ManifestEntry
    emotion: str
    told: str
    probability: float
    own: float
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
    """Return the wrong predictions, those first that give most to the wrong class over the right.

    Args:
        manifest: that the clips are of.
        entries: of the clips (n).
        truth: numbers of their classes (n,).
        probabilities: of each class (n, classes).
        classes: their names.
        limit: at most so many.
    """
    rows = np.arange(len(truth))
    told = probabilities.argmax(axis=1)
    margin = probabilities[rows, told] - probabilities[rows, truth]
    wrong = rows[told != truth]
    found = []
    for row in wrong[np.argsort(-margin[wrong], kind="stable")][:limit]:
        sound, cut = _sound(manifest, entries[row])
        found.append(
            Mistake(
                entries[row],
                classes[truth[row]],
                classes[told[row]],
                float(probabilities[row, told[row]]),
                float(probabilities[row, truth[row]]),
                sound,
                cut,
            )
        )
    return found


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


_SECONDS = 12  # of a clip that are put into a page; clips are 3 to 5 s
