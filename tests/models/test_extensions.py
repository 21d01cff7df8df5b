"""Feature extractors and branches of other packages, found by their entry points."""

import sys

import numpy as np
import pytest

from manifests.base.errors import ConfigurationError
from models.branches import branch_class
from models.checkpoint import read_model
from models.config.overrides import apply_overrides
from models.config.train import TrainSettings
from models.features.extractor import make_extractor
from models.prediction import load_model
from models.training.run import train

pytestmark = pytest.mark.usefixtures("undrawn", "toys")

CODE = '''
import numpy as np
import torch
from torch import nn

from manifests.storage.store import fingerprint
from models.branches import Branch
from models.features.extractor import FeatureExtractor


class Energy(FeatureExtractor):
    """Logarithm of the energy in bands of the spectrum."""

    def __init__(self, settings):
        self.width = settings.options.get("energy", {}).get("bands", 4)
        self.hop_ms = 20.0

    def fingerprint(self):
        return fingerprint({"extractor": "energy", "bands": self.width})

    def __call__(self, samples):
        frames = np.resize(samples, (max(len(samples) // 320, 1), 320))
        power = np.abs(np.fft.rfft(frames, axis=1)[:, 1:]) ** 2
        bands = [band.sum(axis=1) for band in np.array_split(power, self.width, axis=1)]
        return np.log(1e-6 + np.stack(bands, axis=1)).astype(np.float32)


class TextLength(Branch):
    """Number of words, relative to the mean of the training clips."""

    needs_text = True

    def __init__(self, mean):
        self.mean = mean

    @classmethod
    def fit(cls, training, settings):
        return cls(float(np.mean([len(example.words) for example in training])))

    def build(self, classes):
        layer = nn.Linear(1, 3)
        layer.width = 3
        return layer

    def encode(self, examples):
        return np.array([[len(example.words) - self.mean] for example in examples], np.float32)

    def document(self):
        return self.mean

    @classmethod
    def parse(cls, document, settings):
        return cls(document)
'''
ENTRY_POINTS = """
[corpus_tools.feature_extractors]
energy = corpus_toys:Energy
broken = corpus_toys:Missing

[corpus_tools.model_branches]
length = corpus_toys:TextLength
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder with an installed package that has an extractor and a branch."""
    site = tmp_path_factory.mktemp("site")
    info = site / "corpus_toys-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: corpus-toys\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (site / "corpus_toys.py").write_text(CODE)
    return site


@pytest.fixture
def toys(site, monkeypatch):
    """Install the package."""
    monkeypatch.syspath_prepend(site)
    yield
    sys.modules.pop("corpus_toys", None)


def _train(corpus, settings, name="run"):
    folder = corpus()
    outcome = train(folder, folder.parent.parent / "runs" / name, settings)
    return outcome, outcome.outputs[0]


def test_an_extractor_trains_and_predicts(corpus, quick):
    settings = apply_overrides(quick, single=["audio.features=energy", "options.energy.bands=5"])
    outcome, run = _train(corpus, settings.changed(modality="audio", epochs=2))
    assert outcome.details["metrics"]["test"]["n"] == 12
    model = read_model(run)
    assert model.network.audio.first.in_channels == 5
    assert model.audio.functional_scaler.mean.shape == (10,)  # mean and deviation of each feature
    samples = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    assert load_model(run).predict([samples]).sum() == pytest.approx(1)
    fast, own = make_extractor(settings).at_speeds(samples, (2.0, 1.0))
    assert (len(fast), len(own)) == (12, 25)


@pytest.mark.parametrize("branches", ["apart", "together"])
def test_a_branch_trains_beside_the_others_and_predicts(corpus, quick, branches):
    settings = quick.changed(modality="length+both", branches=branches, epochs=2)
    assert settings.branch_names == ("audio", "text", "length")
    _, run = _train(corpus, settings)
    model = read_model(run)
    assert list(model.branches) == ["audio", "text", "length"]
    assert model.network.output.in_features == sum(
        part.width for part in (model.network.audio, model.network.text, model.network.extra.length)
    )
    samples = np.zeros(8000, dtype=np.float32)
    few, many = load_model(run).predict([samples] * 2, ["", "x " * 50])
    assert not np.allclose(few, many)


def test_a_branch_trains_alone(corpus, quick):
    outcome, run = _train(corpus, quick.changed(modality="length", epochs=2))
    assert outcome.ok
    model = read_model(run)
    assert model.audio is model.text is None
    assert 0 < model.branches["length"].mean < 5


def test_missing_and_broken_packages_are_named():
    with pytest.raises(ConfigurationError, match="no feature extractor 'spectra' is installed"):
        make_extractor(TrainSettings(audio={"features": "spectra"}))
    with pytest.raises(ConfigurationError, match="'broken' can't be imported"):
        make_extractor(TrainSettings(audio={"features": "broken"}))


@pytest.mark.parametrize("modality", ["sound", "audio+both", "", "audio+"])
def test_unknown_and_repeated_branches_are_refused(modality):
    with pytest.raises(ConfigurationError, match="branches of audio, text, length, joined by"):
        TrainSettings().changed(modality=modality)


def test_branches_have_a_fixed_order():
    assert TrainSettings(modality="text+audio").modality == "both"
    assert TrainSettings(modality="length+text").modality == "text+length"
    assert branch_class("length").needs_text
