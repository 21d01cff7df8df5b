"""Reliability of nominal labels: Krippendorff's α with an interval, Fleiss' and Cohen's κ.

Counts have shape (C, K): votes of C clips for K classes. Only clips with two or more votes are
pairable and enter α (Krippendorff, *Content Analysis*, 4th ed., chapter 12).
"""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "alpha",
    "alpha_interval",
    "cohen_kappa",
    "coincidences",
    "fleiss_kappa",
    "wilson_interval",
]

_CHUNK = 4_000_000  # bootstrap weights in memory at once


def alpha(counts: NDArray[np.int64]) -> float | None:
    """Return Krippendorff's nominal α of votes, (C, K), or None where undefined.

    It is undefined where no clip has two votes, or where all votes are for one class.

    Example:
        >>> alpha(np.array([[2, 0], [0, 2], [1, 1], [1, 0]]))
        0.4444444444444444
    """
    pairable = counts[counts.sum(axis=1) >= 2]
    if np.count_nonzero(pairable.sum(axis=0)) < 2:
        return None
    import krippendorff

    return float(krippendorff.alpha(value_counts=pairable, level_of_measurement="nominal"))


def alpha_interval(
    counts: NDArray[np.int64], *, resamples: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[float, float] | None:
    """Return a percentile bootstrap interval of α over clips, or None where α is undefined.

    Clips are drawn with replacement. Clips with the same votes are interchangeable, so the number
    of draws of each distinct row of votes is multinomial. As there are few distinct rows, 100,000
    clips cost no more than 1,000.
    """
    pairable = counts[counts.sum(axis=1) >= 2]
    if np.count_nonzero(pairable.sum(axis=0)) < 2:
        return None
    kinds, times = np.unique(pairable, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    step = max(1, _CHUNK // len(kinds))
    samples = np.concatenate(
        [
            _alphas(kinds, generator.multinomial(len(pairable), times / len(pairable), size=size))
            for size in _sizes(resamples, step)
        ]
    )
    defined = samples[np.isfinite(samples)]
    if not defined.size:
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def coincidences(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the coincidence matrix, (K, K), symmetric.

    Entry (c, k) counts the pairs of votes within a clip for c and for k, each clip's pairs divided
    by its votes less one; so the matrix sums to the number of pairable votes, and the share of its
    diagonal is the observed agreement.
    """
    pairable = counts[counts.sum(axis=1) >= 2].astype(np.float64)
    others = 1 / (pairable.sum(axis=1) - 1)
    pairs = (pairable * others[:, None]).T @ pairable
    matrix: NDArray[np.float64] = pairs - np.diag((pairable * others[:, None]).sum(axis=0))
    return matrix


def fleiss_kappa(counts: NDArray[np.int64]) -> float | None:
    """Return Fleiss' κ for clips with any number of votes, or None where undefined.

    Fleiss (1971) assumes the same number of votes on every clip. Where it differs, this is Gwet's
    generalisation (*Handbook of Inter-Rater Reliability*, 4th ed., 2014, chapter 2): the observed
    agreement is the mean over clips with two or more votes of the share of agreeing pairs, the
    frequency of a class the mean over clips with any vote of its share there. It is undefined where
    no clip has two votes, or where all votes are for one class.

    Example:
        >>> fleiss_kappa(np.array([[2, 0], [0, 2], [1, 1], [1, 0]]))
        0.2888888888888888
    """
    votes = counts.sum(axis=1)
    pairable = votes >= 2
    if not pairable.any() or np.count_nonzero(counts.sum(axis=0)) < 2:
        return None
    some, number = counts[pairable], votes[pairable]
    observed = ((some * (some - 1)).sum(axis=1) / (number * (number - 1))).mean()
    voted = votes > 0
    frequencies = (counts[voted] / votes[voted, None]).mean(axis=0)
    expected = (frequencies**2).sum()
    return float((observed - expected) / (1 - expected))


def cohen_kappa(confusion: NDArray[np.int64]) -> float | None:
    """Return Cohen's κ of two annotators, or None where chance agreement is 1.

    The confusion matrix, (K, K), has clips by class of the first (rows) and the second (columns).

    Example:
        >>> cohen_kappa(np.array([[20, 5], [10, 15]]))
        0.4
    """
    total = int(confusion.sum())
    chance = int(confusion.sum(axis=1) @ confusion.sum(axis=0))
    if total * total == chance:
        return None
    return float((total * int(np.trace(confusion)) - chance) / (total * total - chance))


def wilson_interval(right: int, answers: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a proportion (Journal of the ASA 22 (1927), 209–212).

    Example:
        >>> low, high = wilson_interval(9, 10)
        >>> print(f"{low:.3f} {high:.3f}")
        0.596 0.982
    """
    from scipy.stats import binomtest

    interval = binomtest(right, answers).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def _alphas(kinds: NDArray[np.int64], drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return α (NaN: undefined) of B samples, (B, M) numbers of draws of (M, K) rows of votes."""
    votes = kinds.sum(axis=1)
    agreeing = (kinds * (kinds - 1)).sum(axis=1) / (votes - 1)
    per_class = drawn @ kinds  # (B, K)
    total = per_class.sum(axis=1).astype(np.float64)
    observed = 1 - drawn @ agreeing / total
    expected = 1 - (per_class * (per_class - 1.0)).sum(axis=1) / (total * (total - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        values: NDArray[np.float64] = 1 - observed / expected
    values[expected <= 0] = np.nan
    return values


def _sizes(total: int, step: int) -> list[int]:
    return [min(step, total - start) for start in range(0, total, step)]
