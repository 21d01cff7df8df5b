"""Bootstrap of several systems' metrics over clips and training seeds, with shared resamples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from models.evaluation.bootstrap import ENOUGH_SPEAKERS, speaker_units
from models.evaluation.metrics import scores

__all__ = ["RESAMPLED", "SystemResamples", "interval", "resample_systems"]

RESAMPLED = ("accuracy", "uar", "macro_f1")
"""Keys of the resampled metrics."""

Labels = NDArray[np.int64]
Figures = NDArray[np.float64]


@dataclass(frozen=True)
class SystemResamples:
    """Metrics of systems over resamples; all systems share the resampled clips.

    Attributes:
        over: resampled unit: ``speaker`` or ``clip``.
        units: number of units.
        seeds: largest number of seeds of any system.
        figures: system, then metric: means over resampled seeds (resamples,).
    """

    over: str
    units: int
    seeds: int
    figures: dict[str, dict[str, Figures]]

    def describe(self) -> str:
        """Return a sentence about the method of the intervals."""
        seeds = " and over seeds" if self.seeds > 1 else ""
        drawn = f"bootstrap over {self.units} {self.over}s{seeds}, 95 %"
        if self.over == "speaker":
            return drawn
        return (
            f"{drawn}; fewer than {ENOUGH_SPEAKERS} speakers are known among the test clips, so "
            f"variation between speakers is not included"
        )


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
    variance of the test set and of training.

    Args:
        truth: true class numbers (n,), not empty.
        predictions: predicted class numbers (n,) of each system, one array per seed.
        classes: number of classes.
        speakers: speaker of each clip, None where unknown.
        resamples: number of bootstrap resamples.
        seed: random seed.

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


def interval(values: Figures) -> tuple[float, float]:
    """Return the 95 % percentile interval of resampled values.

    Example:
        >>> interval(np.arange(101.0))
        (2.5, 97.5)
    """
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _unit_confusions(units: Labels, cells: Labels, classes: int) -> "csr_array":
    """Return the flattened confusion matrix of each unit (classes², units)."""
    shape = (classes * classes, int(units.max()) + 1)
    return csr_array((np.ones(len(units)), (cells, units)), shape=shape)


def _run_scores(drawn: Labels, by_unit: "csr_array", classes: int) -> Figures:
    """Return the metrics (n, 3) of a run over resamples (n, units)."""
    confusions = (by_unit @ drawn.T).T.reshape(len(drawn), classes, classes).astype(np.int64)
    metrics = scores(confusions)
    return np.stack([getattr(metrics, figure) for figure in RESAMPLED], axis=1)


_CELLS = 4_000_000  # entries of a table of draws; bounds memory with many clips
