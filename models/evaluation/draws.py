"""How sure figures over seeds are: resamples of clips and of seeds, the same for all systems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from models.evaluation.bootstrap import ENOUGH_SPEAKERS, units_of
from models.evaluation.metrics import scores

__all__ = ["DRAWN", "Draws", "draw", "interval"]

DRAWN = ("accuracy", "uar", "macro_f1")
"""The figures that draws have."""

Labels = NDArray[np.int64]
Figures = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Figures of systems over resamples, the same clips for all of them in each.

    Attributes:
        over: what was drawn: ``speaker`` or ``clip``.
        units: how many of them there are.
        seeds: of the system that has most.
        figures: of each system, by name: means over its seeds (resamples,).
    """

    over: str
    units: int
    seeds: int
    figures: dict[str, dict[str, Figures]]

    def describe(self) -> str:
        """Return in words what was drawn."""
        seeds = " and over seeds" if self.seeds > 1 else ""
        drawn = f"bootstrap over {self.units} {self.over}s{seeds}, 95 %"
        if self.over == "speaker":
            return drawn
        return (
            f"{drawn}; fewer than {ENOUGH_SPEAKERS} speakers are known among the test clips, so "
            f"how speakers differ is not in it"
        )


def draw(
    truth: Labels,
    told: Mapping[str, Sequence[Labels]],
    classes: int,
    speakers: Sequence[str | None],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> Draws:
    """Return the figures of systems over resamples of clips and of seeds.

    In each resample the same speakers (clips, where fewer than ten speakers are known) are drawn
    with replacement for all systems, and for each system as many of its seeds, so that both what
    was tested on and how training fell out are in the intervals.

    Args:
        truth: numbers of the classes (n,), not empty.
        told: numbers of the predicted classes (n,) of each system, once for each seed.
        classes: how many there are.
        speakers: of the clips, None where unknown.
        resamples: how many.
        seed: settles the draws.

    Source: Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 8 and 13.
    """
    generator = np.random.default_rng(seed)
    by_speaker = len(set(speakers) - {None}) >= ENOUGH_SPEAKERS
    units = units_of(speakers) if by_speaker else np.arange(len(truth))
    count = int(units.max()) + 1
    confusions = {
        key: [_confusions(units, truth * classes + one, classes) for one in runs]
        for key, runs in told.items()
    }
    at_once = max(_CELLS // count, 1)
    parts: dict[str, list[Figures]] = {key: [] for key in told}
    for done in range(0, resamples, at_once):
        n = min(at_once, resamples - done)
        drawn = generator.multinomial(count, np.full(count, 1 / count), size=n)
        for key, runs in confusions.items():
            chosen = generator.integers(0, len(runs), (n, len(runs)))
            of_runs = np.stack([_scores(drawn, own, classes) for own in runs], axis=1)
            rows = np.arange(n)[:, None]
            parts[key].append(of_runs[rows, chosen].mean(axis=1))  # (n, figures)
    figures = {
        key: dict(zip(DRAWN, np.concatenate(found).T, strict=True)) for key, found in parts.items()
    }
    seeds = max(map(len, told.values()))
    return Draws("speaker" if by_speaker else "clip", count, seeds, figures)


def interval(values: Figures) -> tuple[float, float]:
    """Return what holds 95 % of the values.

    Example:
        >>> interval(np.arange(101.0))
        (2.5, 97.5)
    """
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _confusions(units: Labels, cells: Labels, classes: int) -> "csr_array":
    """Return the confusion of each unit (classes², units)."""
    shape = (classes * classes, int(units.max()) + 1)
    return csr_array((np.ones(len(units)), (cells, units)), shape=shape)


def _scores(drawn: Labels, own: "csr_array", classes: int) -> Figures:
    """Return the figures (n, 3) of resamples (n, units) of a run."""
    confusions = (own @ drawn.T).T.reshape(len(drawn), classes, classes).astype(np.int64)
    found = scores(confusions)
    return np.stack([getattr(found, figure) for figure in DRAWN], axis=1)


_CELLS = 4_000_000  # numbers of a table of draws, so that memory stays small with many clips
