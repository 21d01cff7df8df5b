"""Model files: round trip, and refusal of damaged or hostile files."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from manifests.base.errors import DataError
from manifests.storage.store import sha256_file
from models.checkpoint import read_model, write_model
from models.prediction import Predictor
from models.training.loop import fit


@pytest.fixture(scope="module")
def written(tmp_path_factory, request):
    separable = request.getfixturevalue("separable")
    from models.config.train import TrainSettings

    settings = TrainSettings(
        epochs=1,
        features={"n_mfcc": 8, "n_mels": 16},
        audio={"encoder": "convolutions", "channels": 8, "kernels": 2},
        words={"size": 8, "filters": 4, "lexicon": ["嘿闹热噻"]},
    )
    model = fit(separable, [], settings).model
    folder = tmp_path_factory.mktemp("run")
    write_model(folder, model)
    return folder, model


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written[0], tmp_path / "run")


def test_lexicon_is_stored_with_the_model(written):
    model = Predictor(read_model(written[0]))
    assert model._words("嘿闹热噻") == ("嘿闹热噻",)


def test_model_round_trip(written, separable):
    folder, model = written
    again = read_model(folder)
    np.testing.assert_array_equal(again.probabilities(separable), model.probabilities(separable))
    assert again.settings == model.settings
    assert again.text.vocabulary == model.text.vocabulary


def test_the_language_of_the_training_corpus_is_kept(written, tmp_path):
    folder, model = written
    assert read_model(folder).language is None
    write_model(tmp_path / "french", replace(model, language="fr"))
    assert read_model(tmp_path / "french").language == "fr"


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_weights_are_refused(folder, keep):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"model\.safetensors"):
        read_model(folder)


def _described_anew(folder, weights):
    save_file(weights, folder / "model.safetensors")
    description = json.loads((folder / "model.json").read_bytes())
    description["weights_sha256"] = sha256_file(folder / "model.safetensors")
    (folder / "model.json").write_text(json.dumps(description))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w["output.weight"].fill_(float("nan")), "not all finite"),
        (lambda w: w.pop("output.weight"), "don't fit"),
        (lambda w: w.update(extra=torch.zeros(1)), "don't fit"),
        (lambda w: w.update({"output.bias": torch.zeros(7)}), "another shape"),
        (lambda w: w.update({"output.bias": torch.zeros(6).double()}), "another shape or type"),
        (lambda w: w.update({"text.vectors.weight": torch.zeros(3, 8)}), "vocabulary"),
        (lambda w: w.update({"text.vectors.weight": torch.tensor(1.0)}), "vocabulary"),
    ],
)
def test_weights_of_another_model_are_refused(folder, change, message):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    _described_anew(folder, weights)
    with pytest.raises(DataError, match=message):
        read_model(folder)


def test_a_model_of_a_newer_schema_is_named_whatever_its_keys(folder):
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 99, "experts": 4}))
    with pytest.raises(DataError, match=r"schema 99, but .* schema \d+; update corpus-tools"):
        read_model(folder)


def test_replaced_weights_are_refused(folder):
    weights = load_file(folder / "model.safetensors")
    weights["output.bias"] += 1
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(DataError, match="not the weights"):
        read_model(folder)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("classes", ["angry", "fear"], "classes"),
        ("classes", "angry", "classes"),
        ("classes", ["sad", "fear", "happy", "neutral", "surprise", "angry"], "classes"),
        ("schema", 99, "update corpus-tools"),
        ("schema", 0, "its schema is 0, no version"),
        ("schema", -3, "its schema is -3, no version"),
        ("schema", True, "its schema is True, no version"),
        ("schema", 3.0, "its schema is 3.0, no version"),
        ("schema", "3", "its schema is '3', no version"),
        ("schema", None, "its schema is None, no version"),
        ("settings", {"audio": {"channels": 10**9}}, "audio.channels"),
        ("settings", [], "settings"),
        ("settings", {"preset": ["x"]}, "settings"),
        ("normalisation", {}, "normalisation"),
        ("normalisation", None, "normalisation"),
        ("vocabulary", {"a": 1}, "vocabulary"),
        ("weights_sha256", None, "not the weights"),
        ("surprise", 1, "not the description"),
        ("branches", [], "'branches' is not an object"),
        ("language", 7, "language is not a code"),
    ],
)
def test_a_changed_description_is_refused(folder, key, value, message):
    path = folder / "model.json"
    description = json.loads(path.read_bytes()) | {key: value}
    path.write_text(json.dumps(description))
    with pytest.raises(DataError, match=message):
        read_model(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100000, b"NaN"])
def test_invalid_json_is_refused(folder, content):
    (folder / "model.json").write_bytes(content)
    with pytest.raises(DataError, match=r"model\.json"):
        read_model(folder)


def test_folder_without_a_model_suggests_training(tmp_path):
    with pytest.raises(DataError, match="corpus train"):
        read_model(tmp_path)
