"""Speed and coverage of the bootstrap of `corpus evaluate`, compared with a plain loop.

python benchmarks/models/evaluation.py            two minutes
python benchmarks/models/evaluation.py --quick    fifteen seconds

All data are simulated: each speaker has an accuracy of their own (beta distribution, mean 0.6,
standard deviation 0.22). Exit code 1 if 2,000 resamples of 500 clips take longer than a second, the
intervals differ from the loop's by more than resampling explains, or intervals over 20 speakers
cover the truth in fewer than 90 of 100 tries.
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
    """Return truth, predictions and speakers."""
    share = generator.beta(2.4, 1.6, speakers)
    names = np.repeat(np.arange(speakers), clips)
    truth = generator.integers(0, 6, len(names))
    right = generator.random(len(names)) < share[names]
    predicted = np.where(right, truth, (truth + generator.integers(1, 6, len(names))) % 6)
    return truth, predicted, [str(name) for name in names]


def plain_loop(
    truth: Labels, predicted: Labels, names: list[str], draws: int
) -> tuple[NDArray[np.float64], float]:
    """Return the interval of UAR and the seconds of a loop over scikit-learn's metrics."""
    generator = np.random.default_rng(7)
    own = np.array(names)
    rows = [np.flatnonzero(own == name) for name in sorted(set(names))]
    begun, values = time.perf_counter(), []
    options = {"labels": range(6), "zero_division": 0.0}
    for _ in range(draws):
        sample = np.concatenate([rows[one] for one in generator.integers(0, len(rows), len(rows))])
        accuracy_score(truth[sample], predicted[sample])
        f1_score(truth[sample], predicted[sample], average="macro", **options)
        precision_score(truth[sample], predicted[sample], average=None, **options)
        recalls = recall_score(truth[sample], predicted[sample], average=None, **options)
        values.append(recalls[np.unique(truth[sample])].mean())
    return np.percentile(values, [2.5, 97.5]), time.perf_counter() - begun


def coverage(tries: int, speakers: int) -> dict[str, float]:
    """Return how often intervals over speakers, and over clips, cover the true accuracy."""
    generator = np.random.default_rng(1)
    held = {"speaker": 0, "clip": 0}
    for seed in range(tries):
        truth, predicted, names = simulated(generator, speakers, 30)
        for known in (names, None):
            found = bootstrap(truth, predicted, 6, known, resamples=500, seed=seed)
            held[found.over] += found.accuracy[0] <= 0.6 <= found.accuracy[1]
    return {over: n / tries for over, n in held.items()}


def main() -> int:
    """Print the tables and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    draws, tries = (200, 200) if quick else (2000, 1000)
    truth, predicted, names = simulated(np.random.default_rng(0), 25, 20)
    begun = time.perf_counter()
    ours = bootstrap(truth, predicted, 6, names)
    seconds = time.perf_counter() - begun
    theirs, slow = plain_loop(truth, predicted, names, draws)
    slow *= 2000 / draws
    print("| 2,000 draws of 25 speakers, 500 clips | seconds | UAR, 95 % |")
    print("| --- | --- | --- |")
    print(f"| ours | {seconds:.3f} | {ours.uar[0]:.3f} to {ours.uar[1]:.3f} |")
    print(f"| a loop over scikit-learn | {slow:.1f} | {theirs[0]:.3f} to {theirs[1]:.3f} |\n")
    print("| speakers, 30 clips each | over speakers covers the truth | over clips |")
    print("| --- | --- | --- |")
    held = {speakers: coverage(tries, speakers) for speakers in (10, 20, 40)}
    for speakers, shares in held.items():
        print(f"| {speakers} | {100 * shares['speaker']:.0f} % | {100 * shares['clip']:.0f} % |")
    close = np.abs(theirs - np.array(ours.uar)).max() < (0.05 if quick else 0.02)
    return 0 if seconds < 1 and close and held[20]["speaker"] >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
