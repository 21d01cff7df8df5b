"""Lines of CPED as input of the text branch: words, class, television series and dialogue."""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from manifests.base.emotions import EMOTIONS
from models.data import Example
from models.text.tokeniser import Tokeniser

DEVELOPMENT = ("27", "28", "29", "30")
"""Series used to choose the text recipe, each left out once; all others are unseen."""

CLASSES = {
    "anger": "angry",
    "fear": "fear",
    "happy": "happy",
    "neutral": "neutral",
    "astonished": "surprise",
    "sadness": "sad",
}
"""CPED emotions of our classes; lines of the others are left out."""


@dataclass(frozen=True)
class Line:
    """One line of a dialogue.

    Attributes:
        number: utterance id in CPED.
        series: television series.
        dialogue: dialogue id.
        speaker: id of the speaker.
        words: tokenised words.
        label: class number.
    """

    number: str
    series: str
    dialogue: str
    speaker: str
    words: tuple[str, ...]
    label: int

    def example(self) -> Example:
        """Return the line as a clip without sound."""
        silence = np.zeros((1, 1), dtype=np.float32)
        return Example(self.number, silence, self.words, label=self.label)


def read_lines(folder: Path) -> list[Line]:
    """Return the lines of the six classes."""
    tokeniser = Tokeniser()
    with (folder / "test_split.csv").open(encoding="utf-8-sig", newline="") as stream:
        return [
            Line(
                row["Utterance_ID"],
                row["TV_ID"],
                row["Dialogue_ID"],
                f"{row['TV_ID']}:{row['Speaker']}",
                tuple(tokeniser(row["Utterance"])),
                EMOTIONS.index(CLASSES[row["Emotion"]]),
            )
            for row in csv.DictReader(stream)
            if row["Emotion"] in CLASSES
        ]


def folds(groups: Sequence[str], number: int = 5) -> NDArray[np.int64]:
    """Return the fold of each line; whole groups, largest first, go to the smallest fold.

    Example:
        >>> folds(["a", "a", "b", "c", "c", "c"], 2).tolist()
        [1, 1, 1, 0, 0, 0]
    """
    sizes = Counter(groups)
    filled = [0] * number
    place: dict[str, int] = {}
    for group in sorted(sizes, key=lambda one: (-sizes[one], one)):
        place[group] = int(np.argmin(filled))
        filled[place[group]] += sizes[group]
    return np.array([place[group] for group in groups])


def macro_f1(confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean F1 over the classes (...,) of confusion matrices (..., true, predicted)."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    both = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    scores: NDArray[np.float64] = (2 * right / np.maximum(both, 1)).mean(axis=-1)
    return scores


def mean_recall(confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean recall over the classes (...,), that is, UAR."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    scores: NDArray[np.float64] = (right / np.maximum(confusion.sum(axis=-1), 1)).mean(axis=-1)
    return scores


@dataclass(frozen=True)
class Comparison:
    """Paired comparison of two models.

    Attributes:
        ours: score of each seed.
        theirs: score of each seed, or of the one run of a deterministic model.
        ahead: mean of ours minus mean of theirs.
        low: lower end of the 95 % interval of ``ahead``.
        high: upper end of the interval.
    """

    ours: NDArray[np.float64]
    theirs: NDArray[np.float64]
    ahead: float
    low: float
    high: float


def compare(
    truth: NDArray[np.int64],
    ours: Sequence[NDArray[np.int64]],
    theirs: Sequence[NDArray[np.int64]],
    clusters: Sequence[str],
    draws: int = 4000,
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]] = macro_f1,
) -> Comparison:
    """Return the paired comparison of two models on the same lines.

    Both are scored on the same bootstrap resamples of whole clusters, their seeds averaged.

    Args:
        truth: true class of each line (n,).
        ours: predicted classes (n,) per seed.
        theirs: predicted classes (n,) per seed.
        clusters: resampled unit of each line: its dialogue or speaker.
        draws: number of resamples.
        score: score of confusion matrices.
    """
    _, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    times = np.random.default_rng(0).multinomial(
        cluster.max() + 1, np.full(cluster.max() + 1, 1 / (cluster.max() + 1)), size=draws
    )

    def scores(predicted: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
        counts = np.zeros((cluster.max() + 1, len(EMOTIONS), len(EMOTIONS)))
        np.add.at(counts, (cluster, truth, predicted), 1)
        return float(score(counts.sum(axis=0))), score(np.tensordot(times, counts, 1))

    left, right = [scores(one) for one in ours], [scores(one) for one in theirs]
    drawn = np.mean([one for _, one in left], axis=0) - np.mean([one for _, one in right], axis=0)
    own, other = np.array([one for one, _ in left]), np.array([one for one, _ in right])
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Comparison(own, other, float(own.mean() - other.mean()), float(low), float(high))
