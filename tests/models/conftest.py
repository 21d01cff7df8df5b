import dataclasses
import functools
import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from manifests.base.emotions import EMOTIONS
from manifests.storage.store import canonical_json, sha256_file, write_jsonl, write_text
from manifests.versions.manifest import content_digest
from models.config.train import TrainSettings
from models.data import Example
from tests.factories import make_entry


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def quick():
    """Settings of a model that trains within a second."""
    return TrainSettings(
        epochs=12,
        least_steps=1,
        batch_size=16,
        threads=1,
        device="cpu",
        features={"n_mfcc": 8, "n_mels": 16},
        audio={"encoder": "convolutions", "channels": 8, "kernels": 2},
        words={"size": 8, "filters": 4},
    )


@pytest.fixture
def drawn():
    """Exempt a test from `undrawn`, so that its results have their plots."""


@pytest.fixture
def undrawn(request, monkeypatch):
    """Skip the plots of all results, which take longer than training a small model."""
    if "drawn" in request.fixturenames:
        return
    for name in ("loss", "accuracy", "confusion"):
        monkeypatch.setattr(f"models.training.run.draw_{name}", lambda *_: None)
    for name in ("confusion", "reliability", "spans"):
        monkeypatch.setattr(f"models.evaluation.run.draw_{name}", lambda *_: None)
    for number in (5, 6):
        monkeypatch.setattr(f"models.comparison.compare.draw_figure_{number}", lambda *_: None)


def _tone(label, speaker, take):
    """Return 0.5 s of sound, with the class as rate of the beat and the speaker as pitch."""
    time = np.arange(8000) / 16000
    pitch = 120 * 1.3**speaker
    beat = 0.55 + 0.45 * np.sin(2 * math.pi * (3 + 5 * label) * time + take)
    voice = sum(np.sin(2 * math.pi * pitch * k * time) / k for k in range(1, 8))
    noise = np.random.default_rng([label, speaker, take]).normal(0, 0.01, len(time))
    return (0.1 * beat * voice + noise).astype(np.float32)


@pytest.fixture(scope="session")
def separable():
    """Examples with an audible class: 6 classes, 4 speakers, 3 takes."""
    from models.config.branches import FeatureSettings
    from models.features.mfcc import MfccExtractor

    extractor = MfccExtractor(FeatureSettings(n_mfcc=8, n_mels=16))
    return [
        Example(
            clip_id=f"s{speaker}-{label}-{take}",
            features=extractor(_tone(label, speaker, take)),
            words=("word", str(take)),
            group=f"s{speaker}",
            label=label,
            soft=tuple(float(label == other) for other in range(6)),
        )
        for speaker in range(4)
        for label in range(6)
        for take in range(3)
    ]


@pytest.fixture(scope="session")
def statistics(separable, quick):
    """The separable examples with statistics (1, F) as features."""
    from models.features.functionals import prosodic_functionals

    return [
        dataclasses.replace(
            clip, features=prosodic_functionals(clip.features, quick.features)[None]
        )
        for clip in separable
    ]


@pytest.fixture
def corpus(corpus_below, tmp_path):
    """Return a function that creates a corpus folder with a manifest split by speaker."""
    return functools.partial(corpus_below, tmp_path)


@pytest.fixture(scope="session")
def corpus_below():
    """Return the function of `corpus` with the parent folder as first argument."""

    def make(folder, splits=("train", "train", "val", "test"), labels=range(6), takes=2) -> Path:
        root = folder / "corpus"
        entries = [
            _entry(root, speaker, split, label, take)
            for speaker, split in enumerate(splits)
            for label in labels
            for take in range(takes)
        ]
        return _manifest(root, entries)

    return make


def _entry(root, speaker, split, label, take):
    clip_id = f"source{speaker}-{label * 10000 + take * 1000:08d}-{label * 10000 + 500:08d}"
    path = root / "clips" / f"source{speaker}" / f"{clip_id}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.round(_tone(label, speaker, take) * 32767).astype(np.int16)
    soundfile.write(path, samples, 16000, subtype="PCM_16")
    return make_entry(
        clip_id,
        EMOTIONS[label],
        f"s{speaker}",
        source=f"source{speaker}",
        path=path.relative_to(root).as_posix(),
        sha256=hashlib.sha256(samples.tobytes()).hexdigest(),
        file_sha256=sha256_file(path),
        end=0.5,
        duration=0.5,
        text="巴适得很" if take else "",
        text_source="script",
        group=f"s{speaker}",
        split=split,
    )


def _manifest(root, entries):
    folder = root / "manifests" / "v1"
    write_jsonl(folder / "manifest.jsonl", [entry.row() for entry in entries])
    sha256 = sha256_file(folder / "manifest.jsonl")
    header = {
        "version": "v1",
        "schema": 1,
        "created": "2026-01-01T00:00:00Z",
        "parent": None,
        "digest": content_digest(sha256, {}),
        "params": {},
        "counts": {},
        "groups": {"by": ["speaker"], "largest": 0.5, "counts": {}},
        "files": {"manifest.jsonl": sha256},
    }
    write_text(folder / "manifest.json", canonical_json(header))
    write_text(root / "corpus.toml", '[corpus]\nname = "tones"\n')
    return folder
