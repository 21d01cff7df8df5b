"""The bootstrap of `corpus evaluate`: speed beside a plain loop, and whether it holds the truth.

python benchmarks/evaluation.py            two minutes
python benchmarks/evaluation.py --quick    fifteen seconds

All is simulated: speakers who are told rightly with a share of their own (beta distribution, 0.6 on
average, deviation 0.22). Exit code 1 if 2,000 draws for 500 clips take longer than a second, their
intervals differ from the loop's by more than the draws explain, or intervals over 20 speakers hold
the truth in fewer than 90 of 100 tries.
"""

import argparse
import sys
import time

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from models.evaluation.bootstrap import bootstrap

Labels = NDArray[np.int64]


def simulated(
    generator: np.random.Generator, speakers: int, clips: int
) -> tuple[Labels, Labels, list[str]]:
    """Return truth, what was told, and speakers."""
    share = generator.beta(2.4, 1.6, speakers)
    names = np.repeat(np.arange(speakers), clips)
    truth = generator.integers(0, 6, len(names))
    right = generator.random(len(names)) < share[names]
    told = np.where(right, truth, (truth + generator.integers(1, 6, len(names))) % 6)
    return truth, told, [str(name) for name in names]


def plain_loop(
    truth: Labels, told: Labels, names: list[str], draws: int
) -> tuple[NDArray[np.float64], float]:
    """Return the UAR's interval by scikit-learn's figures of each draw, and seconds."""
    generator = np.random.default_rng(7)
    own = np.array(names)
    rows = [np.flatnonzero(own == name) for name in sorted(set(names))]
    begun, values = time.perf_counter(), []
    options = {"labels": range(6), "zero_division": 0.0}
    for _ in range(draws):
        some = np.concatenate([rows[one] for one in generator.integers(0, len(rows), len(rows))])
        accuracy_score(truth[some], told[some])
        f1_score(truth[some], told[some], average="macro", **options)
        precision_score(truth[some], told[some], average=None, **options)
        recalls = recall_score(truth[some], told[some], average=None, **options)
        values.append(recalls[np.unique(truth[some])].mean())
    return np.percentile(values, [2.5, 97.5]), time.perf_counter() - begun


def coverage(tries: int, speakers: int) -> dict[str, float]:
    """Return how often intervals over speakers, and over clips, hold the true accuracy."""
    generator = np.random.default_rng(1)
    held = {"speaker": 0, "clip": 0}
    for seed in range(tries):
        truth, told, names = simulated(generator, speakers, 30)
        for known in (names, None):
            found = bootstrap(truth, told, 6, known, resamples=500, seed=seed)
            held[found.over] += found.accuracy[0] <= 0.6 <= found.accuracy[1]
    return {over: n / tries for over, n in held.items()}


def main() -> int:
    """Print the tables and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    draws, tries = (200, 200) if quick else (2000, 1000)
    truth, told, names = simulated(np.random.default_rng(0), 25, 20)
    begun = time.perf_counter()
    ours = bootstrap(truth, told, 6, names)
    seconds = time.perf_counter() - begun
    theirs, slow = plain_loop(truth, told, names, draws)
    slow *= 2000 / draws
    print("| 2,000 draws of 25 speakers, 500 clips | seconds | UAR, 95 % |")
    print("| --- | --- | --- |")
    print(f"| ours | {seconds:.3f} | {ours.uar[0]:.3f} to {ours.uar[1]:.3f} |")
    print(f"| a loop over scikit-learn | {slow:.1f} | {theirs[0]:.3f} to {theirs[1]:.3f} |\n")
    print("| speakers, 30 clips each | over speakers holds the truth | over clips |")
    print("| --- | --- | --- |")
    held = {speakers: coverage(tries, speakers) for speakers in (10, 20, 40)}
    for speakers, shares in held.items():
        print(f"| {speakers} | {100 * shares['speaker']:.0f} % | {100 * shares['clip']:.0f} % |")
    close = np.abs(theirs - np.array(ours.uar)).max() < (0.05 if quick else 0.02)
    return 0 if seconds < 1 and close and held[20]["speaker"] >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
