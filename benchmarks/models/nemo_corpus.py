"""nEMO for the benchmarks: utterances as clips with the features of `corpus train`."""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from models.config.train import TrainSettings
from models.data import Example
from models.features.cache import ClipFile, FeatureCache
from models.features.extractor import make_extractor
from models.text.tokeniser import Tokeniser

DEVELOPED_ON = ("EB0", "IC0", "KS0")
UNSEEN = ("KD0", "SM0", "TP0")
SPEAKERS = tuple(sorted((*DEVELOPED_ON, *UNSEEN)))
RATE = 16_000


@dataclass(frozen=True)
class Utterance:
    """One recording.

    Attributes:
        name: file name without suffix.
        speaker: id of the speaker.
        label: class number.
        text: transcript.
        path: path of the clip, a WAV.
    """

    name: str
    speaker: str
    label: int
    text: str
    path: Path


def read_utterances(folder: Path, work: Path) -> list[Utterance]:
    """Return the utterances sorted by name, each as a WAV in ``work``."""
    utterances = []
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            name = Path(row["file"]).stem
            path = work / "clips" / row["speaker"] / f"{name}.wav"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                samples, rate = soundfile.read(folder / row["file"], dtype="float32")
                assert rate == RATE, row["file"]
                whole = path.with_suffix(".partial")
                soundfile.write(whole, samples, rate, subtype="PCM_16", format="WAV")
                whole.replace(path)
            label = EMOTIONS.index(row["emotion"])
            utterances.append(Utterance(name, row["speaker"], label, row["text"], path))
    return sorted(utterances, key=lambda utterance: utterance.name)


def read_examples(
    utterances: Sequence[Utterance], work: Path, settings: TrainSettings
) -> list[Example]:
    """Return the training examples of utterances at the original and the other speeds."""
    speeds = (1.0, *settings.speeds)
    clips = [
        ClipFile(own.name, own.path, hashlib.sha256(own.path.read_bytes()).hexdigest(), speeds)
        for own in utterances
    ]
    features = FeatureCache(work / "features", make_extractor(settings)).load(clips)
    tokeniser = Tokeniser(settings.words.lexicon)
    examples = []
    for own, rows in zip(utterances, features, strict=True):
        if isinstance(rows, DataError):
            raise rows
        words = tuple(tokeniser(own.text)) if settings.modality != "audio" else ()
        examples.append(Example(own.name, rows[0], words, own.speaker, own.label, (), rows[1:]))
    return examples


def egemaps(utterances: Sequence[Utterance], work: Path) -> NDArray[np.float64]:
    """Return the eGeMAPSv02 functionals of the utterances (n, 88); needs ``opensmile``."""
    path = work / "egemaps.npy"
    if path.exists() and len(found := np.load(path)) == len(utterances):
        return np.asarray(found)
    import opensmile

    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
    )
    rows = [smile.process_file(str(one.path)).to_numpy()[0] for one in utterances]
    found = np.array(rows, dtype=np.float64)
    np.save(path, found)
    return found
