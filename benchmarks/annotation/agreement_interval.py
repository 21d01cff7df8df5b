"""Coverage of the 95 % interval of Krippendorff's alpha.

Simulated panels as in panels.py: five annotators, three votes per clip, one in twenty of them
`unclear` and so missing. The true alpha is the limit for infinitely many clips, computed exactly
from the annotators' confusion matrices and the class balance. Each run draws new annotators, clips
and votes and checks whether the interval covers the limit.

    python benchmarks/annotation/agreement_interval.py

The bar: coverage of 92 to 98 % in 500 runs of 1,000 clips; other sizes are also shown.
"""

import argparse
import sys
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from annotation.reliability.metrics import alpha, alpha_interval
from benchmarks.annotation.panels import BALANCE, K, annotators, tally, vote

RUNS, CLIPS, OTHER_CLIPS = 500, 1000, (100, 300, 3000)
UNCLEAR = 0.05
LEAST, MOST = 0.92, 0.98


def limit(confusion: NDArray[np.float64]) -> float:
    """Return the limit of alpha for infinitely many clips.

    All pairs of annotators label equally many clips. Given the class of a clip their votes are
    independent, so the expected coincidences are those of the pairs. Of three annotators, a pair
    of votes counts 1/2 if the third voted, too, and 1 if not: alike for every pair, so this
    cancels out, and so does how often votes are missing, which is the same for all.

    Args:
        confusion: (A, K, K) of the annotators.
    """
    coincidences = sum(
        np.einsum("t,tc,tk->ck", BALANCE, confusion[one], confusion[other])
        for one, other in permutations(range(len(confusion)), 2)
    )
    coincidences /= coincidences.sum()
    frequencies = coincidences.sum(axis=1)
    return float(1 - (1 - np.trace(coincidences)) / (1 - (frequencies**2).sum()))


def run(seed: int, clips: int) -> tuple[bool, float]:
    """Return whether the interval of a run covers the limit, and the error of alpha."""
    generator = np.random.default_rng([seed, clips])
    confusion = annotators(generator)
    truth = generator.choice(K, size=clips, p=BALANCE)
    counts = tally(vote(truth, confusion, generator, unclear=UNCLEAR).codes)
    true = limit(confusion)
    low, high = alpha_interval(counts, seed=seed)
    return low <= true <= high, alpha(counts) - true


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    print(f"{options.runs} runs of each size\n")
    print("| clips | intervals that cover the true α | mean error of α | its standard deviation |")
    print("| ---: | ---: | ---: | ---: |")
    covered = {}
    for clips in sorted((CLIPS, *OTHER_CLIPS)):
        held, errors = zip(*(run(seed, clips) for seed in range(options.runs)), strict=True)
        covered[clips] = float(np.mean(held))
        print(
            f"| {clips} | {100 * covered[clips]:.1f} % | {np.mean(errors):+.4f} "
            f"| {np.std(errors):.4f} |",
            flush=True,
        )
    good = LEAST <= covered[CLIPS] <= MOST
    print(f"\nbar {'held' if good else 'missed'}")
    sys.exit(not good)


if __name__ == "__main__":
    main()
