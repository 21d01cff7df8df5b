import subprocess
import sys

import pytest
import torch

from manifests.base.errors import ConfigurationError, DataError
from models.config.train import TrainSettings
from models.runs import find_run, free_name, new_run, trained_on


def test_flags_override_corpus_toml_which_overrides_the_preset():
    from_toml = TrainSettings.model_validate({"epochs": 7, "audio": {"channels": 8}})
    settings = from_toml.changed(preset="paper", seed=3)
    assert (settings.epochs, settings.audio.channels, settings.seed) == (7, 8, 3)
    assert (settings.lr, settings.audio.layout) == (1e-5, "image")
    assert settings.changed(epochs=9, words={"filters": 5}).words.tune is True


def test_the_papers_preset_is_the_paper():
    paper = TrainSettings(preset="paper")
    assert (paper.optimiser, paper.lr, paper.weight_decay) == ("adam", 1e-5, 1e-3)
    assert (paper.epochs, paper.keep) == (50, "best")
    assert (paper.words.size, paper.words.widths) == (300, (3, 4, 5))
    assert paper.audio.merge == "sum"


def test_text_only_models_have_own_defaults():
    alone = TrainSettings().changed(modality="text")
    assert (alone.optimiser, alone.epochs, alone.balance_power) == ("adamw", 4, 0.75)
    assert alone.changed(modality="both") == TrainSettings()
    assert TrainSettings(epochs=9).changed(modality="text").epochs == 9
    paper = TrainSettings(preset="paper").changed(modality="text")
    assert (paper.optimiser, paper.words.units, paper.words.run_size) == ("adam", "words", 0)


def test_invalid_value_is_named():
    with pytest.raises(ConfigurationError, match=r"\[train\] epochs"):
        TrainSettings().changed(epochs=0)


def test_settings_json_round_trip():
    for preset in ("default", "paper"):
        settings = TrainSettings(preset=preset, epochs=2)
        assert TrainSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_series_needs_the_name_of_a_run(tmp_path):
    run = tmp_path / "v1-default-seeds" / "seed-1"
    run.mkdir(parents=True)
    (run / "model.json").write_text("{}")
    with pytest.raises(DataError, match="such as v1-default-seeds/seed-1"):
        find_run(tmp_path, "v1-default-seeds")
    assert find_run(tmp_path, "v1-default-seeds/seed-1") == run


def test_run_names_are_unused_and_valid(tmp_path):
    name = free_name(tmp_path, "v1", TrainSettings(modality="audio"))
    assert name == "v1-default-audio-0"
    (tmp_path / name).mkdir()
    assert free_name(tmp_path, "v1", TrainSettings(modality="audio")) == f"{name}-2"
    for bad in ("../x", "a/b", "", ".x", "x" * 90):
        with pytest.raises(ConfigurationError):
            new_run(tmp_path, bad)


def test_runs_are_found_by_name_or_folder(tmp_path):
    run = tmp_path / "runs" / "one"
    run.mkdir(parents=True)
    (run / "model.json").write_text("{}")
    (run / "config.toml").write_text('[run]\nmanifest = "v3"\n')
    assert find_run(run.parent, "one") == find_run(run.parent) == run
    assert find_run(tmp_path, str(run)) == run
    assert trained_on(run) == "v3"
    with pytest.raises(DataError, match="existing runs: one"):
        find_run(run.parent, "two")
    (run / "config.toml").write_text("[run]\n")
    with pytest.raises(DataError, match="--manifest"):
        trained_on(run)


def test_importing_models_imports_no_torch():
    code = (
        "import sys, models, models.config.train, models.runs\n"
        "assert not {'torch', 'librosa', 'gensim', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_names_of_the_package_are_imported_when_used():
    from models import CBAM, BimodalClassifier, ODConv2d, TextCNN
    from models.layers.odconv import ODConv2d as Own

    assert ODConv2d is Own
    assert all(issubclass(kind, torch.nn.Module) for kind in (CBAM, BimodalClassifier, TextCNN))
