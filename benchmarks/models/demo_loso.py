"""Leave-one-speaker-out on the demo corpus, a test of the whole path from clip to class.

Every known speaker is the test set once; a model is trained on all others, with several seeds.
Clips of unknown speakers are left out, since one of them may be the held-out speaker. No clip of
the held-out speaker selects an epoch or a setting: the last weights are used.

    corpus demo DIR --no-train
    python benchmarks/models/demo_loso.py DIR

The bar: mean UAR >= 0.30 and every seed >= 0.24, where chance is 0.167.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from manifests.base.emotions import EMOTIONS
from manifests.base.outcome import Outcome
from manifests.versions.manifest import find_manifest, load_manifest
from models.config.train import TrainSettings
from models.data import Example
from models.evaluation.metrics import uar
from models.loading import load_examples
from models.training.loop import fit

MEAN_BAR, SEED_BAR = 0.30, 0.24


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="folder of a corpus with a manifest")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument("--preset", choices=("default", "paper"), default="default")
    parser.add_argument("--modality", choices=("both", "audio", "text"), default="both")
    options = parser.parse_args()
    settings = TrainSettings(preset=options.preset).changed(modality=options.modality, keep="last")
    by_speaker = read(options.corpus, settings)
    clips = sum(map(len, by_speaker.values()))
    print(f"{clips} clips of {len(by_speaker)} speakers; {options.preset}, {options.modality}")
    print("| seed | " + " | ".join(by_speaker) + " | mean UAR | pooled UAR | s |")
    print("| --- |" + " ---: |" * (len(by_speaker) + 3))
    means = [row(seed, by_speaker, settings) for seed in range(options.seeds)]
    chance = 1 / len(EMOTIONS)
    print(f"mean UAR {np.mean(means):.3f}, least {min(means):.3f}, chance {chance:.3f}")
    held = np.mean(means) >= MEAN_BAR and min(means) >= SEED_BAR
    print(
        f"bar: mean >= {MEAN_BAR:.2f}, every seed >= {SEED_BAR:.2f}: {'held' if held else 'MISSED'}"
    )
    return 0 if held else 1


def read(corpus: Path, settings: TrainSettings) -> dict[str, list[Example]]:
    """Return the training examples of each known speaker."""
    manifest = load_manifest(find_manifest(corpus))
    known = [entry.changed(split="train") for entry in manifest.entries if entry.speaker]
    by_speaker: dict[str, list[Example]] = {}
    for example in load_examples(replace(manifest, entries=known), settings, Outcome())["train"]:
        by_speaker.setdefault(example.group, []).append(example)
    return dict(sorted(by_speaker.items()))


def row(seed: int, by_speaker: dict[str, list[Example]], settings: TrainSettings) -> float:
    """Print the row of a seed and return its mean UAR over the speakers."""
    started = time.monotonic()
    scores, truths, predictions = [], [], []
    for speaker, test in by_speaker.items():
        training = [one for other, found in by_speaker.items() if other != speaker for one in found]
        model = fit(training, [], settings.changed(seed=seed)).model
        truth = np.array([example.label for example in test])
        predicted = model.probabilities(test).argmax(axis=1)
        scores.append(uar(truth, predicted))
        truths.append(truth)
        predictions.append(predicted)
    mean, pooled = float(np.mean(scores)), uar(np.concatenate(truths), np.concatenate(predictions))
    cells = [f"{score:.3f}" for score in (*scores, mean, pooled)]
    print(f"| {seed} | " + " | ".join(cells) + f" | {time.monotonic() - started:.0f} |", flush=True)
    return mean


if __name__ == "__main__":
    raise SystemExit(main())
