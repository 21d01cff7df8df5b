"""Fusion of sound and text where both carry information, on constructed clips.

No available corpus has emotional speech with words that express the emotion, so clips are made:
each utterance of nEMO gets a random line of CPED of the same class; if a class has fewer lines than
utterances, all are used before any is reused. Models are trained on three speakers with lines of
four television series and tested on the three others with lines of the other series: speakers,
dialogues and series are disjoint. `both` is compared with `text`, and with itself on clips without
text. As the default trains its branches separately, the latter equals the `audio` model, which is
trained separately only on request.

    python benchmarks/models/constructed_fusion.py [--nemo DIR] [--cped DIR] --work DIR

The bar: over the seeds, the mean UAR of `both` is ahead of that of `audio` and of `text`, with the
95 % interval of the paired difference above 0 (bootstrap over clips, seeds averaged).
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.models.cped_lines import DEVELOPMENT, Line, compare, mean_recall, read_lines
from benchmarks.models.nemo_corpus import DEVELOPED_ON, read_examples, read_utterances
from manifests.base.emotions import EMOTIONS
from models.config.train import TrainSettings
from models.data import Example
from models.evaluation.metrics import uar
from models.training.loop import fit

Predictions = dict[str, list[NDArray[np.int64]]]

EMPTY = "both, test clips without text (= audio)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nemo", type=Path, default=Path("../shared/data/nemo"))
    parser.add_argument("--cped", type=Path, default=Path("../shared/data/cped"))
    parser.add_argument("--work", type=Path, required=True, help="folder for computed features")
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds (default: 5)")
    parser.add_argument("--quick", action="store_true", help="one seed, 8 epochs")
    parser.add_argument(
        "--development", action="store_true", help="train and test on the development data only"
    )
    parser.add_argument("--audio", action="store_true", help="also train audio")
    options = parser.parse_args()
    training, test = pairs(options.nemo, options.cped, options.work, options.development)
    truth = np.array([one.label for one in test])
    print(f"{len(training)} constructed training clips, {len(test)} test clips")
    modalities = ("both", "text", "audio") if options.audio else ("both", "text")
    predictions: Predictions = {EMPTY: [], **{modality: [] for modality in modalities}}
    for seed in range(1 if options.quick else options.seeds):
        for modality in modalities:
            settings = TrainSettings().changed(
                modality=modality, seed=seed, epochs=8 if options.quick else None
            )
            model = fit(training, [], settings).model
            predictions[modality].append(model.probabilities(test).argmax(axis=1))
            if modality == "both":
                silent = [replace(one, words=()) for one in test]
                predictions[EMPTY].append(model.probabilities(silent).argmax(axis=1))
            score = uar(truth, predictions[modality][-1])
            print(f"<!-- seed {seed}, {modality}: {score:.3f} -->", flush=True)
    return report(truth, predictions, [one.clip_id for one in test])


def report(truth: NDArray[np.int64], predictions: Predictions, clips: Sequence[str]) -> int:
    """Print the table; return 0 if the bar is held."""
    print("| model | UAR | worst seed | both is ahead by | 95 % |")
    print("| --- | ---: | ---: | ---: | --- |")
    held = True
    for name, own in predictions.items():
        found = compare(truth, predictions["both"], own, clips, score=mean_recall)
        cells = f"{found.theirs.mean():.3f} | {found.theirs.min():.3f}"
        if name == "both":
            print(f"| {name} | {cells} | | |")
            continue
        print(f"| {name} | {cells} | {found.ahead:+.3f} | {found.low:+.3f} to {found.high:+.3f} |")
        held &= found.low > 0
    print(f"bar: intervals above 0: {'held' if held else 'MISSED'}")
    return 0 if held else 1


def pairs(
    nemo: Path, cped: Path, work: Path, development: bool
) -> tuple[list[Example], list[Example]]:
    """Return the constructed training and test clips."""
    utterances = read_utterances(nemo, work)
    lines = read_lines(cped)
    if development:
        utterances = [one for one in utterances if one.speaker in DEVELOPED_ON]
        lines = [one for one in lines if one.series in DEVELOPMENT]
    speakers = DEVELOPED_ON[:2] if development else DEVELOPED_ON
    series = DEVELOPMENT[:3] if development else DEVELOPMENT
    clips = read_examples(utterances, work, TrainSettings())
    sides = [
        paired(
            [one for one in clips if (one.group in speakers) == is_training],
            [line for line in lines if (line.series in series) == is_training],
        )
        for is_training in (True, False)
    ]
    return sides[0], sides[1]


def paired(clips: Sequence[Example], lines: Sequence[Line]) -> list[Example]:
    """Return the clips, each with the words of a random line of its class."""
    generator = np.random.default_rng(0)
    words_of = {}
    for label in range(len(EMOTIONS)):
        own = [one for one in clips if one.label == label]
        texts = [line.words for line in lines if line.label == label and line.words]
        chosen = np.resize(generator.permutation(len(texts)), len(own))
        words_of |= {one.clip_id: texts[row] for one, row in zip(own, chosen, strict=True)}
    return [replace(one, words=words_of[one.clip_id]) for one in clips]


if __name__ == "__main__":
    raise SystemExit(main())
