"""How sure a figure is: the bootstrap's 95 % interval, over speakers or over clips."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.metrics import Scores, confusion_matrix, scores

__all__ = ["ENOUGH_SPEAKERS", "Intervals", "bootstrap", "units_of"]

ENOUGH_SPEAKERS = 10
"""From so many speakers on, speakers are drawn instead of clips."""

Labels = NDArray[np.int64]
Range = tuple[float, float]


@dataclass(frozen=True)
class Intervals:
    """95 % intervals of the figures.

    Attributes:
        over: what was drawn: ``speaker`` or ``clip``.
        units: how many of them there are.
        accuracy: low and high.
        uar: low and high.
        macro_f1: low and high.
        precision: of each class; None where no draw has a value.
        recall: of each class; None where no draw has a value.
    """

    over: str
    units: int
    accuracy: Range
    uar: Range
    macro_f1: Range
    precision: list[Range | None]
    recall: list[Range | None]

    def describe(self) -> str:
        """Return in words what the intervals are."""
        drawn = f"{self.units} {self.over}s"
        if self.over == "speaker":
            return f"bootstrap over {drawn}, 95 %"
        return (
            f"bootstrap over {drawn}, 95 %; fewer than {ENOUGH_SPEAKERS} speakers are known, so "
            f"how speakers differ is not in it"
        )


def bootstrap(
    truth: Labels,
    told: Labels,
    classes: int,
    speakers: Sequence[str | None] | None = None,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> Intervals:
    """Return the percentile intervals that hold 95 % of each figure over resamples.

    The clips of a speaker hang together, so whole speakers are drawn with replacement where there
    are ten or more; a clip of unknown speaker is drawn by itself. With fewer, clips are drawn.

    Args:
        truth: numbers of the classes (n,), not empty.
        told: numbers of the predicted classes (n,).
        classes: how many there are.
        speakers: of the clips, None where unknown; None if all are.
        resamples: how often as many speakers, or clips, are drawn.
        seed: settles the draws.

    Source: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 8 and 13.
    """
    generator = np.random.default_rng(seed)
    known = set(speakers or ()) - {None}
    if speakers is not None and len(known) >= ENOUGH_SPEAKERS:
        units = units_of(speakers)
        count, over = int(units.max()) + 1, "speaker"
        drawn = _draw_speakers(generator, truth, told, classes, units, resamples)
    else:
        count, over = len(truth), "clip"
        shares = confusion_matrix(truth, told, classes).ravel() / count
        drawn = generator.multinomial(count, shares, size=resamples)
    found = scores(drawn.reshape(resamples, classes, classes))
    return _intervals(found, over, count)


def units_of(speakers: Sequence[str | None]) -> Labels:
    """Return the number of the speaker of each clip; of unknown speaker, each its own.

    Example:
        >>> units_of(["b", "a", None, "b", None]).tolist()
        [3, 2, 0, 3, 1]
    """
    names = [f"\0{row}" if name is None else name for row, name in enumerate(speakers)]
    units: Labels = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return units


def _draw_speakers(
    generator: np.random.Generator,
    truth: Labels,
    told: Labels,
    classes: int,
    units: Labels,
    resamples: int,
) -> Labels:
    """Return the confusion of each resample (resamples, classes * classes)."""
    count, cells = int(units.max()) + 1, classes * classes
    cell = units * cells + truth * classes + told
    own = np.bincount(cell, minlength=count * cells).reshape(count, cells).astype(np.float64)
    shares = np.full(count, 1 / count)
    drawn = [
        generator.multinomial(count, shares, size=min(_AT_ONCE, resamples - done)) @ own
        for done in range(0, resamples, _AT_ONCE)
    ]
    return np.concatenate(drawn).astype(np.int64)


def _intervals(found: Scores, over: str, units: int) -> Intervals:
    nothing = (0.0, 0.0)
    return Intervals(
        over,
        units,
        accuracy=_range(found.accuracy) or nothing,
        uar=_range(found.uar) or nothing,
        macro_f1=_range(found.macro_f1) or nothing,
        precision=[_range(one) for one in found.precision.T],
        recall=[_range(one) for one in found.recall.T],
    )


def _range(values: NDArray[np.float64]) -> Range | None:
    there = values[~np.isnan(values)]
    if not len(there):
        return None
    low, high = np.percentile(there, [2.5, 97.5])
    return float(low), float(high)


_AT_ONCE = 250  # resamples, so that memory stays small with many speakers
