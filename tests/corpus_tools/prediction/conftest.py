"""A barely trained model, and sound for it."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from manifests.base.emotions import EMOTIONS
from manifests.storage.store import canonical_json, sha256_file, write_jsonl, write_text
from manifests.versions.manifest import content_digest
from models.checkpoint import write_model
from models.config.train import TrainSettings
from models.data import Example
from models.features.mfcc import MfccExtractor
from models.prediction import Predictor, load_model
from models.training.loop import fit
from tests.factories import make_entry

RATE = 16_000


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    """Return a buzz of changing pitch in syllables, over a quiet room."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(130 + 30 * np.sin(2 * np.pi * 0.7 * time + seed)) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * (2 + seed % 3) * time), 0, 1)
    return (0.1 * voice * syllables + rng.normal(0, 3e-4, len(time))).astype(np.float32)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    settings = TrainSettings(
        epochs=1,
        batch_size=12,
        threads=1,
        device="cpu",
        features={"n_mfcc": 8, "n_mels": 16},
        audio={"encoder": "convolutions", "channels": 8, "kernels": 2},
        words={"size": 8, "filters": 4},
    )
    extractor = MfccExtractor(settings.features)
    examples = [
        Example(str(row), extractor(sound(1.0, row)), ("巴适",), f"s{row % 3}", row % 6)
        for row in range(12)
    ]
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    folder.mkdir()
    write_model(folder, fit(examples, [], settings).model)
    return folder


@pytest.fixture(scope="session")
def predictor(run: Path) -> Predictor:
    return load_model(run)


@pytest.fixture
def clip(tmp_path: Path):
    """Return a function that writes a WAV file."""

    def write(name: str, seconds: float = 2.0, seed: int = 0) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound(seconds, seed), RATE, subtype="PCM_16")
        return path

    return write


@pytest.fixture
def version(tmp_path: Path):
    """A manifest version of six clips, five of a known speaker and one of an unknown."""
    root = tmp_path / "corpus"
    entries = []
    for row, speaker in enumerate(["a"] * 5 + [None]):
        clip_id = f"film-{2000 * row:08d}-{2000 * row + 1000:08d}"
        path = root / "clips" / "film" / f"{clip_id}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = np.round(sound(1.0, row) * 32767).astype(np.int16)
        soundfile.write(path, samples, RATE, subtype="PCM_16")
        entries.append(
            make_entry(
                clip_id,
                EMOTIONS[row],
                speaker,
                source="film",
                path=path.relative_to(root).as_posix(),
                sha256=hashlib.sha256(samples.tobytes()).hexdigest(),
                file_sha256=sha256_file(path),
                start=2.0 * row,
                end=2.0 * row + 1,
                duration=1.0,
                text="巴适",
                text_source="script",
                votes=[],
                group="g",
                split="held" if speaker is None else "test",
            )
        )
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
        "groups": {"by": [], "largest": 0.5, "counts": {}},
        "files": {"manifest.jsonl": sha256},
    }
    write_text(folder / "manifest.json", canonical_json(header))
    write_text(root / "corpus.toml", '[corpus]\nname = "tones"\n')
    return folder
