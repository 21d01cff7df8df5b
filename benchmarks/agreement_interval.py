"""Does the 95 % interval of Krippendorff's alpha cover the true alpha?

Simulated panels as in panels.py: five annotators, three votes per clip, one in twenty of them
`unclear` and so missing. The true alpha is its limit over ever more clips for those annotators,
which their confusions and the balance of classes give exactly: no sample is drawn for it. Each run
draws annotators, clips and votes anew and asks whether the interval holds the limit.

    python benchmarks/agreement_interval.py

The bar: it does in 92 to 98 % of 500 runs of 1,000 clips; other sizes are shown beside it.
"""

import argparse
import sys
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from panels import BALANCE, K, annotators, tally, vote

from annotation.reliability import alpha, alpha_interval

RUNS, CLIPS, OTHER_CLIPS = 500, 1000, (100, 300, 3000)
UNCLEAR = 0.05
LEAST, MOST = 0.92, 0.98


def limit(confusion: NDArray[np.float64]) -> float:
    """Return the alpha that ever more clips come to.

    A pair of annotators is asked about a clip as often as any other pair. Given its class their
    votes are independent, so the expected coincidences are those of the pairs. Of three asked, a
    pair of votes counts 1/2 if the third voted, too, and 1 if not: alike for every pair, so this
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
    """Return whether the interval of a run holds the limit, and how far alpha is from it."""
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
    print("| clips | intervals that hold the true α | mean error of α | its standard deviation |")
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
