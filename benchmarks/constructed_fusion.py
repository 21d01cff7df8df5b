"""Does the fusion of sound and words help where both carry information? A constructed case.

No corpus at hand has emotional speech whose words tell the emotion, so one is made up: each
utterance of nEMO gets a line of CPED of the same class, drawn at random; where a class has fewer
lines than utterances, all are used before any is used again. Models are trained on three speakers
with lines of four television series, and tested on the three others with lines of the other
series: speakers, dialogues and series are disjoint. `both` is compared with `text` alone, and with
itself where the clips tested have no text. As the default trains its branches apart, the latter is
the model of `audio` alone, which is trained again only if asked for.

    python benchmarks/constructed_fusion.py [--nemo DIR] [--cped DIR] --work DIR

The bar: over the seeds, the mean UAR of `both` is ahead of that of `audio` and of `text` with the
95 % interval of the paired difference above 0 (clips drawn again, the seeds averaged).
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from cped_lines import DEVELOPMENT, Line, compare, mean_recall, read_lines
from nemo_corpus import DEVELOPED_ON, read_examples, read_utterances
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from models.evaluation.metrics import uar
from models.examples import Example
from models.settings import TrainSettings
from models.training.fit import fit

Answers = dict[str, list[NDArray[np.int64]]]

EMPTY = "both, clips tested without text (= audio)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nemo", type=Path, default=Path("../shared/data/nemo"))
    parser.add_argument("--cped", type=Path, default=Path("../shared/data/cped"))
    parser.add_argument("--work", type=Path, required=True, help="folder for computed features")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--quick", action="store_true", help="one seed, 8 epochs")
    parser.add_argument(
        "--development", action="store_true", help="both sides from what recipes were chosen on"
    )
    parser.add_argument("--audio", action="store_true", help="train audio alone, too")
    options = parser.parse_args()
    training, test = pairs(options.nemo, options.cped, options.work, options.development)
    truth = np.array([one.label for one in test])
    print(f"{len(training)} constructed clips to train on, {len(test)} to test")
    modalities = ("both", "text", "audio") if options.audio else ("both", "text")
    told: Answers = {EMPTY: [], **{modality: [] for modality in modalities}}
    for seed in range(1 if options.quick else options.seeds):
        for modality in modalities:
            settings = TrainSettings().changed(
                modality=modality, seed=seed, epochs=8 if options.quick else None
            )
            model = fit(training, [], settings).model
            told[modality].append(model.probabilities(test).argmax(axis=1))
            if modality == "both":
                silent = [replace(one, words=()) for one in test]
                told[EMPTY].append(model.probabilities(silent).argmax(axis=1))
            score = uar(truth, told[modality][-1])
            print(f"<!-- seed {seed}, {modality}: {score:.3f} -->", flush=True)
    return report(truth, told, [one.clip_id for one in test])


def report(truth: NDArray[np.int64], told: Answers, clips: Sequence[str]) -> int:
    """Print the table; return 0 if the bar is held."""
    print("| model | UAR | worst seed | both is ahead by | 95 % |")
    print("| --- | ---: | ---: | ---: | --- |")
    held = True
    for name, own in told.items():
        found = compare(truth, told["both"], own, clips, score=mean_recall)
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
    """Return the constructed clips to train on and to test."""
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
            [one for one in clips if (one.group in speakers) == learnt],
            [line for line in lines if (line.series in series) == learnt],
        )
        for learnt in (True, False)
    ]
    return sides[0], sides[1]


def paired(clips: Sequence[Example], lines: Sequence[Line]) -> list[Example]:
    """Return the clips, each with the words of another line of its class."""
    generator = np.random.default_rng(0)
    found = {}
    for label in range(len(EMOTIONS)):
        own = [one for one in clips if one.label == label]
        texts = [line.words for line in lines if line.label == label and line.words]
        chosen = np.resize(generator.permutation(len(texts)), len(own))
        found |= {one.clip_id: texts[row] for one, row in zip(own, chosen, strict=True)}
    return [replace(one, words=found[one.clip_id]) for one in clips]


if __name__ == "__main__":
    raise SystemExit(main())
