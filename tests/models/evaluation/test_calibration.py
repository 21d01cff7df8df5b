import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from models.evaluation.calibration import apply_temperature, calibration, fit_temperature, log_loss


def _softmax(logits):
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _overconfident(seed, n=400, factor=3.0):
    """Return probabilities overconfident by ``factor``, and labels drawn from the true ones."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1, (n, 6))
    cumulative = _softmax(logits).cumsum(axis=1)
    labels = (generator.random(n)[:, None] > cumulative).sum(axis=1).clip(0, 5)
    return _softmax(factor * logits), labels


def test_measures_match_scikit_learn():
    probabilities, labels = _overconfident(0)
    found = calibration(probabilities, labels)
    assert found.log_loss == pytest.approx(sklearn_log_loss(labels, probabilities, labels=range(6)))
    brier = sum(
        brier_score_loss(labels == one, probabilities[:, one], pos_label=True) for one in range(6)
    )
    assert found.brier == pytest.approx(brier)
    assert sum(one.n for one in found.bins) == len(labels)


def test_ece_is_the_gap_of_confidence_and_accuracy():
    predicted = np.tile([0.8, 0.2], (10, 1))
    found = calibration(predicted, np.array([0] * 5 + [1] * 5))
    assert found.ece == pytest.approx(0.3)
    filled = [one for one in found.bins if one.n]
    assert [(one.low, one.n, one.accuracy) for one in filled] == [(0.7, 10, 0.5)]
    assert calibration(np.tile([1.0, 0.0], (4, 1)), np.zeros(4, int)).ece == 0


def test_a_known_temperature_is_recovered():
    probabilities, labels = _overconfident(1, n=4000)
    assert fit_temperature(probabilities, labels) == pytest.approx(3.0, rel=0.1)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.2, 5), st.integers(20, 60))
def test_calibration_never_raises_the_loss_on_validation(seed, factor, n):
    probabilities, labels = _overconfident(seed, n, factor)
    scaled = apply_temperature(probabilities, fit_temperature(probabilities, labels))
    assert log_loss(scaled, labels) <= log_loss(probabilities, labels) + 1e-9
    assert (scaled.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    np.testing.assert_allclose(scaled.sum(axis=1), 1)


def test_calibration_helps_on_other_clips():
    temperature = fit_temperature(*_overconfident(2))
    probabilities, labels = _overconfident(3)
    before = calibration(probabilities, labels)
    after = calibration(apply_temperature(probabilities, temperature), labels)
    assert after.log_loss < before.log_loss
    assert after.ece < before.ece / 2


def test_too_few_clips_give_temperature_one():
    probabilities, labels = _overconfident(4, n=19)
    assert fit_temperature(probabilities, labels) == 1.0
    assert fit_temperature(np.zeros((0, 6)), np.zeros(0, int)) == 1.0


def test_certain_wrong_predictions_give_a_finite_temperature():
    labels = np.array([0, 1] * 15)
    temperature = fit_temperature(np.eye(6)[1 - labels], labels)
    assert temperature == pytest.approx(20, rel=0.01)
