"""Training cost: features compared with a loop over librosa, and a run of the paper's size.

    python benchmarks/models/training.py [FOLDER] [--work DIR] [--clips 1000] [--epochs N]

Features: clips per second of the cache, filled from empty, and of a loop over ``librosa.load`` and
``librosa.feature.mfcc`` with the same settings; then the default's features, with pitch and at five
speeds, which the loop doesn't compute. All imports are done before timing starts, as in the command
``train``, which imports while it reads the manifest.

A run of the paper's size: 3,608 training clips of 4 s, made from nEMO's utterances by joining and
cutting, with their texts; the default recipe, in a separate process. With ``--epochs`` fewer are
trained and their time is extrapolated.

The bars: features at least 3 times as fast, the run under 20 minutes and 2 GB. Exit code 0 if they
are held.
"""

import argparse
import resource
import shutil
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.models.nemo_corpus import RATE, Utterance, read_utterances
from corpus_tools.cli.threads import one_thread_each
from manifests.base.workers import warm_up
from manifests.storage.store import sha256_file
from models.config.branches import FeatureSettings
from models.config.train import TrainSettings
from models.data import Example
from models.features.cache import ClipFile, FeatureCache
from models.features.mfcc import MfccExtractor
from models.text.tokeniser import Tokeniser
from models.training.loop import fit

CLIPS, SECONDS = 3608, 4.0
FASTER, MINUTES, GIGABYTES = 3.0, 20.0, 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).resolve().parents[2]
    parser.add_argument("folder", type=Path, nargs="?", default=here / "../shared/data/nemo")
    parser.add_argument("--work", type=Path, default=Path("nemo-work"), help="clips and features")
    parser.add_argument("--clips", type=int, default=1000, help="number of clips for the features")
    parser.add_argument("--epochs", type=int, help="number of epochs; default: the recipe's")
    options = parser.parse_args()
    utterances = read_utterances(options.folder, options.work)
    print("| features | clips/s | of the loop |")
    print("| --- | ---: | ---: |", flush=True)
    faster = features(utterances[: options.clips], options.work / "timed")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        minutes, gigabytes = pool.submit(
            paper_sized, options.folder, options.work, options.epochs
        ).result()
    held = faster >= FASTER and minutes < MINUTES and gigabytes < GIGABYTES
    print(f"{CLIPS} clips of {SECONDS:.0f} s: {minutes:.1f} min, {gigabytes:.2f} GB")
    print(f"bars ({FASTER:.0f} times, {MINUTES:.0f} min, {GIGABYTES:.0f} GB): ", end="")
    print("held" if held else "MISSED")
    return 0 if held else 1


def features(utterances: Sequence[Utterance], folder: Path) -> float:
    """Print the table of features; return the speed of our MFCCs relative to the loop's."""
    one_thread_each()  # numpy threads per process, as in the commands; the loop uses its own
    warm_up(("models.training.loop", "nemo_corpus", "librosa.filters"))
    plain = FeatureSettings(pitch=False)
    librosa_loop(utterances[:100], plain)  # imports and compiles
    loop = len(utterances) / librosa_loop(utterances, plain)
    mfcc = len(utterances) / cached(utterances, folder, plain, (1.0,))
    default = TrainSettings()
    speeds = (1.0, *default.speeds)
    everything = len(utterances) / cached(utterances, folder, default.features, speeds)
    for name, rate in (
        ("librosa.load, librosa.feature.mfcc", loop),
        ("ours, the same MFCCs", mfcc),
        ("ours, with pitch, at five speeds", everything),
    ):
        print(f"| {name} | {rate:.0f} | {rate / loop:.1f} |", flush=True)
    return mfcc / loop


def librosa_loop(utterances: Sequence[Utterance], settings: FeatureSettings) -> float:
    """Return the seconds of a loop over librosa."""
    import librosa

    extractor = MfccExtractor(settings)
    begin = time.perf_counter()
    for one in utterances:
        samples, _ = librosa.load(one.path, sr=RATE)
        librosa.feature.mfcc(
            y=samples,
            sr=RATE,
            n_mfcc=settings.n_mfcc,
            n_mels=settings.n_mels,
            n_fft=extractor.fft_size,
            win_length=extractor.window,
            hop_length=extractor.hop,
        )
    return time.perf_counter() - begin


def cached(
    utterances: Sequence[Utterance],
    folder: Path,
    settings: FeatureSettings,
    speeds: tuple[float, ...],
) -> float:
    """Return the seconds of filling an empty cache."""
    shutil.rmtree(folder, ignore_errors=True)
    clips = [ClipFile(one.name, one.path, sha256_file(one.path), speeds) for one in utterances]
    begin = time.perf_counter()
    FeatureCache(folder, MfccExtractor(settings)).load(clips)
    seconds = time.perf_counter() - begin
    shutil.rmtree(folder)
    return seconds


def paper_sized(folder: Path, work: Path, epochs: int | None) -> tuple[float, float]:
    """Return minutes and peak gigabytes of a run, from features to the trained model."""
    default = TrainSettings(device="cpu")
    clips = four_seconds(read_utterances(folder, work), work / "joined")
    begin = time.perf_counter()
    tokeniser = Tokeniser(default.words.lexicon)
    files = [
        ClipFile(path.name, path, sha256_file(path), (1.0, *default.speeds)) for path, _ in clips
    ]
    shutil.rmtree(work / "timed", ignore_errors=True)
    found = FeatureCache(work / "timed", MfccExtractor(default.features)).load(files)
    examples = [
        Example(
            path.stem, rows[0], tuple(tokeniser(one.text)), one.speaker, one.label, (), rows[1:]
        )
        for (path, one), rows in zip(clips, found, strict=True)
        if isinstance(rows, tuple)
    ]
    ticks: list[float] = []
    settings = default.changed(epochs=epochs)
    fit(examples, [], settings, progress=lambda *_: ticks.append(time.perf_counter()))
    seconds = time.perf_counter() - begin
    if len(ticks) > 1:
        per_epoch = (ticks[-1] - ticks[0]) / (len(ticks) - 1)
        seconds += per_epoch * (default.epochs - settings.epochs)
    shutil.rmtree(work / "timed")
    return seconds / 60, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def four_seconds(utterances: Sequence[Utterance], folder: Path) -> list[tuple[Path, Utterance]]:
    """Return joined and cut clips of one speaker and emotion, each with one of its utterances."""
    folder.mkdir(parents=True, exist_ok=True)
    groups: dict[tuple[str, int], list[Utterance]] = defaultdict(list)
    for one in utterances:
        groups[one.speaker, one.label].append(one)
    found = []
    order = np.random.default_rng(0)
    for number in range(CLIPS):
        group = groups[sorted(groups)[number % len(groups)]]
        chosen = [group[index] for index in order.permutation(len(group))]
        path = folder / f"{number:04d}.wav"
        if not path.exists():
            parts: list[np.ndarray] = []
            while sum(map(len, parts)) < SECONDS * RATE:
                parts.append(soundfile.read(chosen[len(parts)].path, dtype="int16")[0])
            samples = np.concatenate(parts)[: int(SECONDS * RATE)]
            soundfile.write(path, samples, RATE, subtype="PCM_16")
        found.append((path, chosen[0]))
    return found


if __name__ == "__main__":
    raise SystemExit(main())
