"""Labelling errors found in nEMO after some of its labels were swapped at random.

    python benchmarks/models/suspects.py [FOLDER] [--work DIR] [--set KEY=VALUE …]

5, 10 and 20 % of the labels are replaced by another class at random, with three seeds; then the
clips are ordered as `corpus suspects` does. The table gives the share of swapped labels among as
many clips as were swapped, from the top (precision), how often that is the share of chance, and the
area under the ROC curve; for the models of other speakers alone, too.

The bar, for each seed: precision at least 2.5 times chance, area at least 0.85. Exit code 0 if it
is held.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.models.nemo_corpus import read_examples, read_utterances
from manifests.base.emotions import EMOTIONS
from models.config.overrides import apply_overrides
from models.config.train import TrainSettings
from models.suspects.ranking import label_probabilities

SHARES = (0.05, 0.10, 0.20)
SEEDS = 3
TIMES, AREA = 2.5, 0.85


def main() -> int:
    from sklearn.metrics import roc_auc_score

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).resolve().parents[2]
    parser.add_argument("folder", type=Path, nargs="?", default=here / "../shared/data/nemo")
    parser.add_argument("--work", type=Path, default=Path("nemo-work"), help="clips and features")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    settings = apply_overrides(TrainSettings(), None, options.set)
    settings = settings.changed(modality="audio", speeds=())
    utterances = read_utterances(options.folder, options.work)
    examples = read_examples(utterances, options.work, settings)
    truth = np.array([example.label for example in examples])
    speakers = np.unique([example.group for example in examples], return_inverse=True)[1]
    print("| swapped | seed | models | precision | times chance | area |")
    print("| ---: | ---: | --- | ---: | ---: | ---: |")
    held = True
    for share in SHARES:
        for seed in range(SEEDS):
            rng = np.random.default_rng(seed)
            number = round(share * len(truth))
            rows = rng.choice(len(truth), number, replace=False)
            labels = truth.copy()
            labels[rows] = (truth[rows] + rng.integers(1, len(EMOTIONS), number)) % len(EMOTIONS)
            swapped = labels != truth
            found = label_probabilities(examples, labels, speakers, settings)
            for name, shares in (("both", found.combined), ("other speakers'", found.others)):
                own = shares[np.arange(len(labels)), labels]
                top = np.argsort(own, kind="stable")[:number]
                precision, area = swapped[top].mean(), roc_auc_score(swapped, -own)
                if name == "both":
                    held &= precision >= TIMES * share and area >= AREA
                print(
                    f"| {share:.0%} | {seed} | {name} | {precision:.3f} | {precision / share:.1f} "
                    f"| {area:.3f} |",
                    flush=True,
                )
    print(f"precision {TIMES} times chance, area {AREA}: {'held' if held else 'MISSED'}")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
