"""Emotion from sound on nEMO and RAVDESS: the presets beside what people would use instead.

    pip install -e '.[benchmarks]'
    python -m benchmarks.models.two_corpora SHARED_DATA [--work DIR]

nEMO: each of six speakers is the test set once; RAVDESS: 24 speakers in six groups of four. Models
train on all other speakers. The recipes were chosen with nEMO's EB0, IC0 and KS0 and the first
three groups of RAVDESS as test sets (``chosen on``); the others are reported apart. Rows are mean
UAR over speakers: with a speaker's clips normalised together (``by speaker``), and each clip as if
alone (``unknown speaker``).

The models are solved: they have no random numbers, so there is one run.

Peers: a linear layer on the same features, which is the model that is not adapted, and eGeMAPS with
a linear SVM, balanced, one against one and one against the rest, each with the C of 1e-3, 1e-2 and
1e-1 that is best on the very test sets, in the peer's favour.
"""

import argparse
import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.common.whisper_base import prepare
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from models.config.train import TrainSettings
from models.data import Example
from models.evaluation.metrics import uar
from models.features.cache import ClipFile, FeatureCache
from models.features.extractor import SAMPLE_RATE, make_extractor
from models.training.loop import fit

CHOSEN_ON = {"nemo": ("EB0", "IC0", "KS0"), "ravdess": ("group 1", "group 2", "group 3")}
COSTS = (1e-3, 1e-2, 1e-1)

Numbers = NDArray[np.float64]
Scores = dict[tuple[str, str, str], list[float]]
"""UARs of speakers by system, test set and way of normalising."""


@dataclass(frozen=True)
class Corpus:
    """Clips of a corpus, their speakers and labels, and its test sets of speakers by name."""

    name: str
    clips: list[ClipFile]
    speakers: list[str]
    labels: NDArray[np.int64]
    tests: dict[str, set[str]]


def read_corpus(folder: Path, work: Path) -> Corpus:
    """Return a corpus with its clips as WAV files in ``work``, made at the first call."""
    clips, speakers, labels = [], [], []
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            path = work / folder.name / f"{Path(row['file']).stem}.wav"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                samples, rate = soundfile.read(folder / row["file"], always_2d=True)
                assert rate == SAMPLE_RATE, row["file"]
                soundfile.write(path, samples.mean(axis=1), rate, subtype="PCM_16")
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            clips.append(ClipFile(path.stem, path, digest))
            speakers.append(row["speaker"])
            labels.append(EMOTIONS.index(row["emotion"]))
    names = sorted(set(speakers))
    tests = {name: {name} for name in names}
    if len(names) > 10:
        tests = {f"group {number + 1}": set(names[number::6]) for number in range(6)}
    return Corpus(folder.name, clips, speakers, np.array(labels), tests)


def read_examples(corpus: Corpus, settings: TrainSettings, work: Path) -> list[Example]:
    """Return the examples of all clips with features at all speeds."""
    clips = [replace(clip, speeds=(1.0, *settings.speeds)) for clip in corpus.clips]
    cache = FeatureCache(work / "features", make_extractor(settings))
    examples = []
    for number, rows in enumerate(cache.load(clips)):
        if isinstance(rows, DataError):
            raise rows
        label, group = int(corpus.labels[number]), corpus.speakers[number]
        name = clips[number].clip_id
        examples.append(Example(name, rows[0], (), group, label, (), rows[1:]))
    return examples


def by_speaker(examples: Sequence[Example], predicted: NDArray[np.int64]) -> list[float]:
    """Return the UAR of each speaker."""
    groups = np.array([clip.group for clip in examples])
    truth = np.array([clip.label for clip in examples])
    return [uar(truth[groups == one], predicted[groups == one]) for one in np.unique(groups)]


def measure(name: str, corpus: Corpus, settings: TrainSettings, work: Path) -> Scores:
    """Return the scores of models of these settings."""
    examples = read_examples(corpus, settings, work)
    scores: Scores = {}
    for test, speakers in corpus.tests.items():
        training = [clip for clip in examples if clip.group not in speakers]
        tested = [clip for clip in examples if clip.group in speakers]
        alone = [replace(clip, group="") for clip in tested]
        model = fit(training, [], settings).model
        plain = replace(model, settings=settings.changed(adapt=False))
        rows = {
            name: (model.probabilities(tested), model.probabilities(alone)),
            f"{name}, not adapted": (plain.probabilities(tested), plain.probabilities(alone)),
        }
        for own, predictions in rows.items():
            for way, shares in zip(("by speaker", "unknown"), predictions, strict=True):
                key = (own, test, way)
                scores.setdefault(key, []).extend(by_speaker(tested, shares.argmax(axis=1)))
    return scores


def egemaps(corpus: Corpus, work: Path) -> Numbers:
    """Return the eGeMAPSv02 functionals of the clips (n, 88)."""
    path = work / f"egemaps-{corpus.name}.npy"
    if path.exists():
        return np.asarray(np.load(path), dtype=np.float64)
    import opensmile

    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
    )
    rows = [smile.process_file(str(clip.path)).to_numpy()[0] for clip in corpus.clips]
    np.save(path, np.array(rows))
    return np.array(rows, dtype=np.float64)


def measure_svm(corpus: Corpus, work: Path) -> dict[str, Scores]:
    """Return the scores of the SVM for each kind and C."""
    from sklearn.svm import SVC, LinearSVC

    values, groups = egemaps(corpus, work), np.array(corpus.speakers)
    own = np.empty_like(values)
    for speaker in np.unique(groups):
        rows = values[groups == speaker]
        own[groups == speaker] = (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-9)
    found: dict[str, Scores] = {}
    for test, speakers in corpus.tests.items():
        tested = np.isin(groups, sorted(speakers))
        training = values[~tested]
        common = (values - training.mean(axis=0)) / (training.std(axis=0) + 1e-9)
        for way, rows in (("by speaker", own), ("unknown", common)):
            for cost in COSTS:
                for kind, svm in (
                    ("pairs", SVC(kernel="linear", C=cost, class_weight="balanced")),
                    ("rest", LinearSVC(C=cost, class_weight="balanced", dual=False)),
                ):
                    predicted = svm.fit(rows[~tested], corpus.labels[~tested]).predict(rows[tested])
                    scores = found.setdefault(f"{kind} {cost:g}", {})
                    for speaker in np.unique(groups[tested]):
                        mine = groups[tested] == speaker
                        value = uar(corpus.labels[tested][mine], predicted[mine])
                        scores.setdefault(("eGeMAPS + SVM", test, way), []).append(value)
    return found


def mean(scores: Scores, system: str, tests: Sequence[str], way: str) -> float:
    """Return the mean UAR of a system over test sets."""
    return float(np.mean([value for test in tests for value in scores[system, test, way]]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with nemo/ and ravdess/")
    parser.add_argument("--work", type=Path, default=Path("two-corpora-work"))
    parser.add_argument("--only", choices=("nemo", "ravdess"))
    options = parser.parse_args()
    checkpoint = str(prepare()[0])
    base = TrainSettings(modality="audio", device="cpu")
    whisper = base.changed(preset="whisper", audio={"checkpoint": checkpoint})
    for name in ("nemo", "ravdess") if options.only is None else (options.only,):
        corpus = read_corpus(options.folder / name, options.work)
        own = measure("whisper", corpus, whisper, options.work)
        own |= measure("default", corpus, base, options.work)
        peers = measure_svm(corpus, options.work)
        parts = {
            "chosen on": [test for test in corpus.tests if test in CHOSEN_ON[name]],
            "others": [test for test in corpus.tests if test not in CHOSEN_ON[name]],
            "all": list(corpus.tests),
        }
        print(f"\n{name}: {len(corpus.clips)} clips of {len(set(corpus.speakers))} speakers\n")
        ways = ("by speaker", "unknown")
        heads = [f"{way}, {part}" for way in ways for part in parts]
        print("| system | " + " | ".join(heads) + " |")
        print("| --- |" + " ---: |" * len(heads))
        columns = [(tests, way) for way in ways for tests in parts.values()]
        for system in dict.fromkeys(system for system, _, _ in own):
            cells = [f"{mean(own, system, tests, way):.3f}" for tests, way in columns]
            print(f"| {system} | " + " | ".join(cells) + " |")
        best = [
            max(mean(one, "eGeMAPS + SVM", *column) for one in peers.values()) for column in columns
        ]
        print("| eGeMAPS + SVM, best of six | " + " | ".join(f"{one:.3f}" for one in best) + " |")


if __name__ == "__main__":
    main()
