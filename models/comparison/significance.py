"""How sure a table is: intervals of its figures, and of what each system lacks to another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from models.evaluation.bootstrap import ENOUGH_SPEAKERS
from models.evaluation.metrics import scores

__all__ = ["FIGURES", "Draws", "draw", "holm", "interval", "two_sided"]

FIGURES = ("accuracy", "uar", "macro_f1")

Labels = NDArray[np.int64]
Figures = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Figures of systems over resamples, the same clips for all of them in each.

    Attributes:
        over: what was drawn: ``speaker`` or ``clip``.
        units: how many of them there are.
        figures: of each system, by name: means over its seeds (resamples,).
    """

    over: str
    units: int
    figures: dict[str, dict[str, Figures]]

    def describe(self) -> str:
        """Return in words what was drawn."""
        drawn = f"bootstrap over {self.units} {self.over}s and over seeds, 95 %"
        if self.over == "speaker":
            return drawn
        return (
            f"{drawn}; fewer than {ENOUGH_SPEAKERS} speakers are known in the test split, so how "
            f"speakers differ is not in it"
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
    units = _units(speakers) if by_speaker else np.arange(len(truth))
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
        key: dict(zip(FIGURES, np.concatenate(found).T, strict=True))
        for key, found in parts.items()
    }
    return Draws("speaker" if by_speaker else "clip", count, figures)


def interval(values: Figures) -> tuple[float, float]:
    """Return what holds 95 % of the values.

    Example:
        >>> interval(np.arange(101.0))
        (2.5, 97.5)
    """
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def two_sided(differences: Figures) -> float:
    """Return the bootstrap's p that there is no difference: twice the share beyond 0, 1 at most.

    Example:
        >>> two_sided(np.array([0.1] * 999))
        0.002
    """
    beyond = min((differences <= 0).sum(), (differences >= 0).sum())
    return float(min(2 * (beyond + 1) / (len(differences) + 1), 1.0))


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """Return p of several questions, each raised for the others that were asked.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    raised: dict[str, float] = {}
    highest = 0.0
    for place, (key, p) in enumerate(sorted(chances.items(), key=lambda item: item[1])):
        highest = max(highest, min(p * (len(chances) - place), 1.0))
        raised[key] = round(highest, 10)
    return raised


def _units(speakers: Sequence[str | None]) -> Labels:
    names = [f"\0{row}" if name is None else name for row, name in enumerate(speakers)]
    units: Labels = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return units


def _confusions(units: Labels, cells: Labels, classes: int) -> "csr_array":
    """Return the confusion of each unit (classes², units)."""
    shape = (classes * classes, int(units.max()) + 1)
    return csr_array((np.ones(len(units)), (cells, units)), shape=shape)


def _scores(drawn: Labels, own: "csr_array", classes: int) -> Figures:
    """Return the figures (n, 3) of resamples (n, units) of a run."""
    confusions = (own @ drawn.T).T.reshape(len(drawn), classes, classes).astype(np.int64)
    found = scores(confusions)
    return np.stack([getattr(found, figure) for figure in FIGURES], axis=1)


_CELLS = 4_000_000  # numbers of a table of draws, so that memory stays small with many clips
