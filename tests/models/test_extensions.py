"""Feature extractors and branches of other packages, found by their entry points."""

import re
import sys
import tomllib
from pathlib import Path

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

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder with the installed packages of the how-tos: an extractor and a branch."""
    site = tmp_path_factory.mktemp("site")
    for page in ("add-a-feature-extractor.md", "add-a-model-branch.md"):
        code, project = re.findall(
            r"```(?:python|toml)\n(.*?)```", (HOW_TO / page).read_text("utf-8"), re.DOTALL
        )[:2]
        table = tomllib.loads(project)
        (group, entries), *none = table["project"]["entry-points"].items()
        assert not none
        name = table["project"]["name"]
        module = name.replace("-", "_")
        info = site / f"{module}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
        lines = [f"{name} = {value}\n" for name, value in entries.items()]
        if group == "corpus_tools.features":
            lines.append("broken = corpus_energy:Missing\nwrong = builtins:str\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{''.join(lines)}")
        (site / f"{module}.py").write_text(code, encoding="utf-8")
    return site


@pytest.fixture
def toys(site, monkeypatch):
    """Install the packages."""
    monkeypatch.syspath_prepend(site)
    yield
    for name in ("corpus_energy", "corpus_length"):
        sys.modules.pop(name, None)


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
    samples = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    assert load_model(run).predict([samples]).sum() == pytest.approx(1)
    solved = read_model(
        _train(corpus, settings.changed(modality="audio", audio={"encoder": "statistics"}), "b")[1]
    )
    assert len(solved.audio.normaliser.mean) == 10  # mean and deviation of each feature
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
    samples = np.full(8000, 0.1, dtype=np.float32)
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
    with pytest.raises(ConfigurationError, match="'wrong' makes a str, not a models"):
        make_extractor(TrainSettings(audio={"features": "wrong"}))


@pytest.mark.parametrize("modality", ["sound", "audio+both", "", "audio+"])
def test_unknown_and_repeated_branches_are_refused(modality):
    with pytest.raises(ConfigurationError, match="branches of audio, text, length, joined by"):
        TrainSettings().changed(modality=modality)


def test_branches_have_a_fixed_order():
    assert TrainSettings(modality="text+audio").modality == "both"
    assert TrainSettings(modality="length+text").modality == "text+length"
    assert branch_class("length").needs_text
