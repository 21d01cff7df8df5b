"""Comparison of agreement measures with established packages.

500 random vote tables with missing values: two to six annotators, up to 60 clips, two to six
classes, from perfect to random. The measures are Krippendorff's alpha (krippendorff), Cohen's kappa
of every pair (scikit-learn), Fleiss' kappa (statsmodels, which requires the same number of votes on
every clip, so separately on each table's clips with two votes, three, and so on), its
generalisation (irrCAC), and Dawid and Skene's probabilities after equally many iterations, without
smoothing (crowd-kit).

    pip install statsmodels irrCAC crowd-kit      # in an environment of its own: crowd-kit is large
    python benchmarks/annotation/agreement_peers.py

The bars: every figure within 1e-9, the probabilities within 1e-6, and undefined where the package's
is. `--write FILE` keeps some tables with the packages' figures, for the tests.
"""

import argparse
import json
import sys
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annotation.labels.dawid_skene import dawid_skene
from annotation.labels.votes import MISSING
from annotation.reliability.metrics import alpha, cohen_kappa, fleiss_kappa

TABLES, ITERATIONS, KEPT = 500, 20, 40
CLOSE, CLOSE_PROBABILITY = 1e-9, 1e-6


def random_table(seed: int) -> tuple[NDArray[np.int8], int]:
    """Return votes (A, C) with missing ones, and the number of classes."""
    generator = np.random.default_rng(seed)
    people, clips, classes = (int(generator.integers(*span)) for span in ((2, 7), (5, 61), (2, 7)))
    truth = generator.integers(0, classes, clips)
    noise, missing = generator.choice([0, 0.1, 0.3, 0.6, 1]), generator.uniform(0, 0.6)
    wrong = generator.random((people, clips)) < noise
    codes = np.where(wrong, generator.integers(0, classes, (people, clips)), truth)
    return np.where(generator.random((people, clips)) < missing, MISSING, codes), classes


def tally(codes: NDArray[np.int8], classes: int) -> NDArray[np.int64]:
    return np.stack([(codes == code).sum(axis=0) for code in range(classes)], axis=1)


def ours(codes: NDArray[np.int8], classes: int) -> dict[str, object]:
    """Return this package's figures of a table, in the form of :func:`theirs`."""
    counts = tally(codes, classes)
    votes = counts.sum(axis=1)
    return {
        "alpha": alpha(counts),
        "cohen": [cohen_kappa(confusion) for confusion in _confusions(codes, classes)],
        "fleiss": [fleiss_kappa(counts[votes == number]) for number in _numbers(votes)],
        "fleiss_any": fleiss_kappa(counts),
        "dawid_skene": dawid_skene(
            codes, classes, smoothing=0, iterations=ITERATIONS, tolerance=-1
        ).posterior[votes > 0],
    }


def theirs(codes: NDArray[np.int8], classes: int) -> dict[str, object]:
    """Return the other packages' figures; null where undefined or NaN."""
    import krippendorff
    import pandas as pd
    from crowdkit.aggregation import DawidSkene
    from irrCAC.raw import CAC
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import fleiss_kappa as package_fleiss

    counts = tally(codes, classes)
    votes = counts.sum(axis=1)
    raters = np.where(codes == MISSING, np.nan, codes)
    try:
        value = krippendorff.alpha(reliability_data=raters, level_of_measurement="nominal")
    except ValueError:  # one class only, or nothing to pair
        value = None
    pairs = []
    for one, other in combinations(codes, 2):
        both = (one != MISSING) & (other != MISSING)
        pairs.append(cohen_kappa_score(one[both], other[both]) if both.any() else None)
    try:
        table = pd.DataFrame(raters.T)
        general = CAC(table, categories=list(range(classes)), digits=15).fleiss()
        general = general["est"]["coefficient_value"]
    except (ValueError, ZeroDivisionError, IndexError):
        general = None
    who, where = np.nonzero(codes != MISSING)
    answers = pd.DataFrame({"worker": who, "task": where, "label": codes[who, where]})
    fitted = DawidSkene(n_iter=ITERATIONS, tol=-1e9).fit_predict_proba(answers)
    probabilities = fitted.reindex(columns=range(classes), fill_value=0).sort_index().to_numpy()
    return {
        "alpha": _number(value),
        "cohen": [_number(pair) for pair in pairs],
        "fleiss": [_number(package_fleiss(counts[votes == n])) for n in _numbers(votes)],
        "fleiss_any": _number(general),
        "dawid_skene": probabilities,
    }


def _confusions(codes: NDArray[np.int8], classes: int) -> list[NDArray[np.int64]]:
    found = []
    for one, other in combinations(codes, 2):
        both = (one != MISSING) & (other != MISSING)
        cells = one[both].astype(int) * classes + other[both]
        found.append(np.bincount(cells, minlength=classes**2).reshape(classes, classes))
    return found


def _numbers(votes: NDArray[np.int64]) -> list[int]:
    return [int(number) for number in np.unique(votes) if number >= 2]


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def differences(mine: dict[str, object], package: dict[str, object]) -> dict[str, float]:
    """Return the largest difference of each figure, infinite where only one of them is defined."""
    found = {}
    for name, value in mine.items():
        one, other = (np.atleast_1d(np.array(side, dtype=float)) for side in (value, package[name]))
        same = one.shape == other.shape and bool((np.isnan(one) == np.isnan(other)).all())
        found[name] = float(np.nanmax(abs(one - other), initial=0)) if same else np.inf
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", type=int, default=TABLES)
    parser.add_argument("--write", type=Path, help=f"keep the first {KEPT} tables with figures")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of the packages, where they are undefined
    worst: dict[str, float] = {}
    defined: dict[str, int] = {}
    kept = []
    for seed in range(options.tables):
        codes, classes = random_table(seed)
        package = theirs(codes, classes)
        for name, difference in differences(ours(codes, classes), package).items():
            worst[name] = max(worst.get(name, 0), difference)
            values = np.atleast_1d(np.array(package[name], dtype=float))
            defined[name] = defined.get(name, 0) + int(np.isfinite(values).sum())
        if seed < KEPT:
            package["dawid_skene"] = np.round(package["dawid_skene"], 9).tolist()
            kept.append({"classes": classes, "codes": codes.tolist(), **package})
    if options.write:
        lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in kept)
        options.write.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{options.tables} tables\n")
    print("| figure | package | values | largest difference |\n| --- | --- | ---: | ---: |")
    for name, (title, package) in TITLES.items():
        print(f"| {title} | {package} | {defined[name]} | {worst[name]:.1e} |")
    held = all(
        difference <= (CLOSE_PROBABILITY if name == "dawid_skene" else CLOSE)
        for name, difference in worst.items()
    )
    print(f"\nbar {'held' if held else 'missed'}")
    sys.exit(not held)


TITLES = {
    "alpha": ("Krippendorff's α", "krippendorff"),
    "cohen": ("Cohen's κ, each pair", "scikit-learn"),
    "fleiss": ("Fleiss' κ, clips with equally many votes", "statsmodels"),
    "fleiss_any": ("Fleiss' κ, any number of votes", "irrCAC"),
    "dawid_skene": ("Dawid–Skene, probabilities", "crowd-kit"),
}


if __name__ == "__main__":
    main()
