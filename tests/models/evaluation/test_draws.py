import numpy as np
import pytest

from models.comparison.table import two_sided
from models.evaluation.bootstrap import interval, resample_systems
from models.evaluation.metrics import uar


def _predictions(truth, share, seed):
    """Return predictions of which about ``share`` are correct."""
    generator = np.random.default_rng(seed)
    right = generator.random(len(truth)) < share
    return np.where(right, truth, generator.integers(0, 6, len(truth)))


TRUTH = np.arange(120) % 6
UNKNOWN = [None] * 120


def test_the_same_predictions_do_not_differ():
    predicted = [_predictions(TRUTH, 0.5, 0)]
    figures = resample_systems(
        TRUTH, {"a": predicted, "b": predicted}, 6, UNKNOWN, resamples=200
    ).figures
    np.testing.assert_array_equal(figures["a"]["uar"], figures["b"]["uar"])


def test_a_clear_difference_is_one():
    predicted = {"good": [_predictions(TRUTH, 0.8, 1)], "bad": [_predictions(TRUTH, 0.2, 2)]}
    figures = resample_systems(TRUTH, predicted, 6, UNKNOWN).figures
    differences = figures["bad"]["uar"] - figures["good"]["uar"]
    assert interval(differences)[1] < 0
    assert two_sided(differences) < 0.01
    assert np.mean(figures["good"]["uar"]) == pytest.approx(
        uar(TRUTH, predicted["good"][0]), abs=0.02
    )


def test_seeds_that_differ_widen_the_interval():
    alike = [_predictions(TRUTH, 0.5, 0)] * 3
    apart = [_predictions(TRUTH, share, 0) for share in (0.1, 0.5, 0.9)]
    figures = resample_systems(TRUTH, {"alike": alike, "apart": apart}, 6, UNKNOWN).figures
    narrow, wide = (np.std(figures[key]["uar"]) for key in ("alike", "apart"))
    assert wide > 2 * narrow


def test_speakers_are_resampled_if_there_are_ten():
    predicted = {"a": [_predictions(TRUTH, 0.5, 0)]}
    few = resample_systems(TRUTH, predicted, 6, [f"s{row % 9}" for row in range(120)], resamples=10)
    many = resample_systems(
        TRUTH, predicted, 6, [f"s{row % 10}" for row in range(120)], resamples=10
    )
    assert (few.over, few.units) == ("clip", 120)
    assert (many.over, many.units) == ("speaker", 10)
    assert "fewer than 10" in few.describe()
    assert "10 speakers" in many.describe()
