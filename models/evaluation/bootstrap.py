"""Bootstrap 95 % intervals of metrics, of one model or of several with shared resamples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from models.evaluation.metrics import Scores, confusion_matrix, scores

__all__ = ["RESAMPLED", "Intervals", "SystemResamples", "bootstrap", "interval", "resample_systems"]

ENOUGH_SPEAKERS = 10
"""Minimum number of speakers for resampling speakers instead of clips."""

Figures = NDArray[np.float64]
Labels = NDArray[np.int64]
Range = tuple[float, float]


@dataclass(frozen=True)
class Intervals:
    """95 % intervals (low, high) of the metrics over ``units`` resampled speakers or clips.

    Precision and recall have one per class, None where no resample has a value.
    """

    over: str
    units: int
    accuracy: Range
    uar: Range
    macro_f1: Range
    precision: list[Range | None]
    recall: list[Range | None]

    def describe(self) -> str:
        """Return a sentence about the method of the intervals."""
        return _method(self.over, self.units)


def bootstrap(
    truth: Labels,
    predicted: Labels,
    classes: int,
    speakers: Sequence[str | None] | None = None,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> Intervals:
    """Return 95 % percentile bootstrap intervals of the metrics of at least one prediction.

    The clips of a speaker are correlated, so whole speakers are drawn with replacement where there
    are ten or more; a clip of unknown speaker (None) is a unit of its own. With fewer speakers,
    clips are drawn.

    Source: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 8 and 13.
    """
    generator = np.random.default_rng(seed)
    known = set(speakers or ()) - {None}
    if speakers is not None and len(known) >= ENOUGH_SPEAKERS:
        units = speaker_units(speakers)
        count, over = int(units.max()) + 1, "speaker"
        drawn = _draw_speakers(generator, truth, predicted, classes, units, resamples)
    else:
        count, over = len(truth), "clip"
        shares = confusion_matrix(truth, predicted, classes).ravel() / count
        drawn = generator.multinomial(count, shares, size=resamples)
    return _intervals(scores(drawn.reshape(resamples, classes, classes)), over, count)


def speaker_units(speakers: Sequence[str | None]) -> Labels:
    """Return the speaker number of each clip; each clip of unknown speaker gets its own.

    Example:
        >>> speaker_units(["b", "a", None, "b", None]).tolist()
        [3, 2, 0, 3, 1]
    """
    names = [f"\0{row}" if name is None else name for row, name in enumerate(speakers)]
    units: Labels = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return units


def _draw_speakers(
    generator: np.random.Generator,
    truth: Labels,
    predicted: Labels,
    classes: int,
    units: Labels,
    resamples: int,
) -> Labels:
    """Return the flattened confusion matrix of each resample (resamples, classes²)."""
    count, cells = int(units.max()) + 1, classes * classes
    cell = units * cells + truth * classes + predicted
    by_speaker = np.bincount(cell, minlength=count * cells).reshape(count, cells).astype(np.float64)
    shares = np.full(count, 1 / count)
    drawn = [
        generator.multinomial(count, shares, size=min(_RESAMPLES_AT_ONCE, resamples - done))
        @ by_speaker
        for done in range(0, resamples, _RESAMPLES_AT_ONCE)
    ]
    return np.concatenate(drawn).astype(np.int64)


def _intervals(metrics: Scores, over: str, units: int) -> Intervals:
    nothing = (0.0, 0.0)
    return Intervals(
        over,
        units,
        accuracy=_range(metrics.accuracy) or nothing,
        uar=_range(metrics.uar) or nothing,
        macro_f1=_range(metrics.macro_f1) or nothing,
        precision=[_range(values) for values in metrics.precision.T],
        recall=[_range(values) for values in metrics.recall.T],
    )


def _range(values: Figures) -> Range | None:
    defined = values[~np.isnan(values)]
    return interval(defined) if len(defined) else None


RESAMPLED = ("accuracy", "uar", "macro_f1")
"""Keys of the resampled metrics."""


@dataclass(frozen=True)
class SystemResamples:
    """Metrics of systems over resamples of ``units`` speakers or clips, shared by all systems.

    ``figures`` has the means over resampled seeds (resamples,), by system and metric; ``seeds`` is
    the largest number of seeds of any system.
    """

    over: str
    units: int
    seeds: int
    figures: dict[str, dict[str, Figures]]

    def describe(self) -> str:
        """Return a sentence about the method of the intervals."""
        return _method(self.over, self.units, self.seeds)


def resample_systems(
    truth: Labels,
    predictions: Mapping[str, Sequence[Labels]],
    classes: int,
    speakers: Sequence[str | None],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> SystemResamples:
    """Return the metrics of systems over resamples of clips and of training seeds.

    Each resample draws the same speakers (or clips, if fewer than ten speakers are known) with
    replacement for all systems, and as many seeds as each system has, so the intervals include the
    variance of the test set and of training. ``predictions`` has an array (n,) per seed of each
    system.

    Source: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 8 and 13.
    """
    generator = np.random.default_rng(seed)
    by_speaker = len(set(speakers) - {None}) >= ENOUGH_SPEAKERS
    units = speaker_units(speakers) if by_speaker else np.arange(len(truth))
    count = int(units.max()) + 1
    confusions = {
        key: [_unit_confusions(units, truth * classes + predicted, classes) for predicted in runs]
        for key, runs in predictions.items()
    }
    at_once = max(_CELLS // count, 1)
    parts: dict[str, list[Figures]] = {key: [] for key in predictions}
    for done in range(0, resamples, at_once):
        n = min(at_once, resamples - done)
        drawn = generator.multinomial(count, np.full(count, 1 / count), size=n)
        for key, runs in confusions.items():
            chosen = generator.integers(0, len(runs), (n, len(runs)))
            per_run = np.stack([_run_scores(drawn, run, classes) for run in runs], axis=1)
            rows = np.arange(n)[:, None]
            parts[key].append(per_run[rows, chosen].mean(axis=1))  # (n, figures)
    figures = {
        key: dict(zip(RESAMPLED, np.concatenate(chunks).T, strict=True))
        for key, chunks in parts.items()
    }
    seeds = max(map(len, predictions.values()))
    return SystemResamples("speaker" if by_speaker else "clip", count, seeds, figures)


def interval(values: Figures) -> Range:
    """Return the 95 % percentile interval of resampled values.

    Example:
        >>> interval(np.arange(101.0))
        (2.5, 97.5)
    """
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _method(over: str, units: int, seeds: int = 1) -> str:
    method = f"bootstrap over {units} {over}s{' and over seeds' if seeds > 1 else ''}, 95 %"
    if over == "speaker":
        return method
    return (
        f"{method}; fewer than {ENOUGH_SPEAKERS} speakers are known, so variation between speakers "
        f"is not included"
    )


def _unit_confusions(units: Labels, cells: Labels, classes: int) -> csr_array:
    """Return the flattened confusion matrix of each unit (classes², units)."""
    shape = (classes * classes, int(units.max()) + 1)
    return csr_array((np.ones(len(units)), (cells, units)), shape=shape)


def _run_scores(drawn: Labels, by_unit: csr_array, classes: int) -> Figures:
    """Return the metrics (n, 3) of a run over resamples (n, units)."""
    confusions = (by_unit @ drawn.T).T.reshape(len(drawn), classes, classes).astype(np.int64)
    metrics = scores(confusions)
    return np.stack([getattr(metrics, figure) for figure in RESAMPLED], axis=1)


_RESAMPLES_AT_ONCE = 250  # bounds memory with many speakers
_CELLS = 4_000_000  # entries of a table of draws; bounds memory with many clips
