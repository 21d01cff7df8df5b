"""Emotion from drama dialogue: the Text-CNN compared with TF-IDF and a linear SVM.

Lines of CPED in the six classes are divided into five folds of whole television series, and into
five of whole dialogues. Each fold is the test set once; everything learnt, including word vectors
and the SVM's C, comes from the other four. The recipe of the Text-CNN was chosen on four series
(DEVELOPMENT); the bar covers lines of the other series only. Both models get the same words, the
SVM also n-grams of one to three characters. A second SVM also gets line boundaries and word
bigrams, as our text branch does.

    python benchmarks/models/cped_text.py ../shared/data/cped [--seeds 5] [--quick]

The bar: by series and by dialogue, the 95 % interval of the difference in macro-F1 (bootstrap over
dialogues, seeds averaged) lies above 0.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.models.cped_lines import DEVELOPMENT, Line, compare, folds, macro_f1, read_lines
from manifests.base.emotions import EMOTIONS
from models.config.train import TrainSettings
from models.data import Example
from models.features.mfcc import MfccExtractor
from models.training.loop import fit

Predictions = NDArray[np.int64]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/data/cped"))
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds (default: 5)")
    parser.add_argument("--preset", choices=("default", "paper"), default="default")
    parser.add_argument("--by", choices=("series", "dialogue"), nargs="+")
    parser.add_argument("--quick", action="store_true", help="one seed, by series only")
    parser.add_argument("--linear", action="store_true", help="words.kind = linear; one seed")
    parser.add_argument(
        "--development", action="store_true", help="leave out one development series at a time"
    )
    options = parser.parse_args()
    lines = read_lines(options.folder)
    if options.development:
        lines = [line for line in lines if line.series in DEVELOPMENT]
    seeds = range(1 if options.quick or options.linear else options.seeds)
    ways = options.by or (("series",) if options.quick or options.development else _FOLD_KINDS)
    kind = "linear" if options.linear else "cnn"
    settings = TrainSettings(preset=options.preset).changed(modality="text", words={"kind": kind})
    print(f"{len(lines)} lines of {len({line.series for line in lines})} series; {options.preset}")
    print(
        "| folds by | lines | of | Text-CNN | worst seed | SVM | ahead by | 95 % | "
        "SVM with edges and pairs | ahead by | 95 % |"
    )
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- |")
    held = [report(way, lines, seeds, settings, options.development) for way in ways]
    print(f"bar: each interval above 0: {'held' if all(held) else 'MISSED'}")
    return 0 if all(held) else 1


def report(
    way: str, lines: Sequence[Line], seeds: range, settings: TrainSettings, development: bool
) -> bool:
    """Print the rows of one kind of folds; return True if the bar is held."""
    started = time.monotonic()
    fold = folds([getattr(line, way) for line in lines], 4 if development else 5)
    truth = np.array([line.label for line in lines])
    ours = [np.zeros(len(lines), dtype=np.int64) for _ in seeds]
    plain, marked = np.zeros_like(truth), np.zeros_like(truth)
    for test in range(fold.max() + 1):
        training = [line for line, own in zip(lines, fold, strict=True) if own != test]
        held_out = [line for line, own in zip(lines, fold, strict=True) if own == test]
        plain[fold == test] = svm(training, held_out, way, words, characters)
        marked[fold == test] = svm(training, held_out, way, word_pairs, marked_characters)
        for predicted, seed in zip(ours, seeds, strict=True):
            predicted[fold == test] = text_cnn(training, held_out, settings.changed(seed=seed))
    unseen = np.array([line.series not in DEVELOPMENT for line in lines])
    views = {"all": np.ones_like(unseen)} | ({} if development else {"of unseen series": unseen})
    held = False
    for name, view in views.items():
        dialogues = [line.dialogue for line, seen in zip(lines, view, strict=True) if seen]
        own = [predicted[view] for predicted in ours]
        beside = [compare(truth[view], own, [one[view]], dialogues) for one in (plain, marked)]
        held = beside[0].low > 0
        cells = " | ".join(
            f"{one.theirs.mean():.3f} | {one.ahead:+.3f} | {one.low:+.3f} to {one.high:+.3f}"
            for one in beside
        )
        print(
            f"| {way} | {name} | {view.sum()} | {beside[0].ours.mean():.3f} | "
            f"{beside[0].ours.min():.3f} | {cells} |",
            flush=True,
        )
    print(f"<!-- {time.monotonic() - started:.0f} s -->", flush=True)
    return held


def text_cnn(
    training: Sequence[Line], test: Sequence[Line], settings: TrainSettings
) -> Predictions:
    """Return the classes that our text branch predicts."""
    width = MfccExtractor(settings.features).width
    silence = np.zeros((1, width), dtype=np.float32)

    def examples(lines: Sequence[Line]) -> list[Example]:
        return [replace(line.example(), features=silence) for line in lines]

    model = fit(examples(training), [], settings.changed(keep="last")).model
    predicted: Predictions = model.probabilities(examples(test)).argmax(axis=1)
    return predicted


def svm(training: Sequence[Line], test: Sequence[Line], way: str, *analysers: Any) -> Predictions:
    """Return the classes that TF-IDF and a linear SVM predict; C by inner folds."""
    inner = folds([getattr(line, way) for line in training], 3)
    scores = np.zeros(len(_STRENGTHS))
    for own in range(3):
        known = [line for line, fold in zip(training, inner, strict=True) if fold != own]
        held_out = [line for line, fold in zip(training, inner, strict=True) if fold == own]
        predicted = svms(known, held_out, analysers, _STRENGTHS)
        counts = np.zeros((len(_STRENGTHS), len(EMOTIONS), len(EMOTIONS)))
        for one, predictions in zip(counts, predicted, strict=True):
            np.add.at(one, ([line.label for line in held_out], predictions), 1)
        scores += macro_f1(counts)
    return svms(training, test, analysers, [_STRENGTHS[int(scores.argmax())]])[0]


def svms(
    training: Sequence[Line],
    test: Sequence[Line],
    analysers: Sequence[Any],
    strengths: Sequence[float],
) -> list[Predictions]:
    """Return the classes that a linear SVM predicts for each C."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union
    from sklearn.svm import LinearSVC

    features = make_union(*(TfidfVectorizer(analyzer=one, sublinear_tf=True) for one in analysers))
    known = features.fit_transform([line.words for line in training])
    held_out = features.transform([line.words for line in test])
    labels = [line.label for line in training]
    models = (LinearSVC(C=one, class_weight="balanced", random_state=0) for one in strengths)
    return [model.fit(known, labels).predict(held_out) for model in models]


def words(text: Sequence[str]) -> list[str]:
    """Return the words of a line."""
    return list(text)


def characters(text: Sequence[str]) -> list[str]:
    """Return the n-grams of one to three characters of a line."""
    return _ngrams("".join(text), 3)


def word_pairs(text: Sequence[str]) -> list[str]:
    """Return the words and word bigrams of a line, with boundary marks."""
    pairs = zip(("^", *text), (*text, "$"), strict=True)
    return [*text, *(f"{one} {other}" for one, other in pairs)]


def marked_characters(text: Sequence[str]) -> list[str]:
    """Return the n-grams of one to three characters, with boundary marks."""
    return _ngrams(f"^{''.join(text)}$", 3)


def _ngrams(text: str, longest: int) -> list[str]:
    return [
        text[start : start + size]
        for size in range(1, longest + 1)
        for start in range(len(text) - size + 1)
    ]


_FOLD_KINDS = ("series", "dialogue")
_STRENGTHS = (0.03, 0.05, 0.1, 0.2)

if __name__ == "__main__":
    raise SystemExit(main())
