"""Temperature of a model: fitted after training, stored in the checkpoint, validated."""

import json
from dataclasses import replace

import numpy as np
import pytest

from manifests.base.errors import DataError
from models.checkpoint import read_model, write_model
from models.evaluation.calibration import calibrated, log_loss
from models.training.loop import fit


@pytest.fixture(scope="module")
def model(request):
    from models.config.train import TrainSettings

    settings = TrainSettings(
        epochs=3,
        threads=1,
        features={"n_mfcc": 8, "n_mels": 16},
        audio={"encoder": "convolutions", "channels": 8, "kernels": 2},
        words={"size": 8, "filters": 4},
    )
    examples = request.getfixturevalue("separable")
    return fit([one for one in examples if one.group < "s2"], [], settings).model


def test_calibration_lowers_the_validation_loss_and_changes_no_class(model, separable):
    validation = [one for one in separable if one.group >= "s2"]
    labels = np.array([one.label for one in validation])
    after, warning = calibrated(model, validation)
    assert warning is None
    assert after.temperature != 1.0
    predicted = [one.probabilities(validation) for one in (model, after)]
    assert log_loss(predicted[1], labels) < log_loss(predicted[0], labels)
    assert (predicted[0].argmax(axis=1) == predicted[1].argmax(axis=1)).all()


def test_too_few_validation_clips_give_a_warning(model, separable):
    for clips in ([], separable[:19]):
        same, warning = calibrated(model, clips)
        assert same is model
        assert f"{len(clips)} clips" in warning


def test_the_temperature_is_stored_with_the_model(model, separable, tmp_path):
    warm = replace(model, temperature=2.5)
    write_model(tmp_path, warm)
    again = read_model(tmp_path)
    np.testing.assert_array_equal(again.probabilities(separable), warm.probabilities(separable))
    description = json.loads((tmp_path / "model.json").read_bytes())
    del description["temperature"]
    (tmp_path / "model.json").write_text(json.dumps(description))
    assert read_model(tmp_path).temperature == 1.0


@pytest.mark.parametrize("bad", [0, -1, 1e9, "1", None, True, [1]])
def test_an_invalid_temperature_is_refused(model, tmp_path, bad):
    write_model(tmp_path, model)
    description = json.loads((tmp_path / "model.json").read_bytes())
    (tmp_path / "model.json").write_text(json.dumps({**description, "temperature": bad}))
    with pytest.raises(DataError, match="temperature"):
        read_model(tmp_path)
