import numpy as np
import pytest

from models.comparison.significance import two_sided
from models.evaluation.draws import draw, interval
from models.evaluation.metrics import uar


def _told(truth, share, seed):
    """Return predictions of which about a share is right."""
    generator = np.random.default_rng(seed)
    right = generator.random(len(truth)) < share
    return np.where(right, truth, generator.integers(0, 6, len(truth)))


TRUTH = np.arange(120) % 6
NOBODY = [None] * 120


def test_the_same_predictions_do_not_differ():
    told = [_told(TRUTH, 0.5, 0)]
    figures = draw(TRUTH, {"a": told, "b": told}, 6, NOBODY, resamples=200).figures
    np.testing.assert_array_equal(figures["a"]["uar"], figures["b"]["uar"])


def test_a_clear_difference_is_one():
    told = {"good": [_told(TRUTH, 0.8, 1)], "bad": [_told(TRUTH, 0.2, 2)]}
    figures = draw(TRUTH, told, 6, NOBODY).figures
    differences = figures["bad"]["uar"] - figures["good"]["uar"]
    assert interval(differences)[1] < 0
    assert two_sided(differences) < 0.01
    assert np.mean(figures["good"]["uar"]) == pytest.approx(uar(TRUTH, told["good"][0]), abs=0.02)


def test_seeds_that_differ_widen_the_interval():
    alike = [_told(TRUTH, 0.5, 0)] * 3
    apart = [_told(TRUTH, share, 0) for share in (0.1, 0.5, 0.9)]
    figures = draw(TRUTH, {"alike": alike, "apart": apart}, 6, NOBODY).figures
    narrow, wide = (np.std(figures[key]["uar"]) for key in ("alike", "apart"))
    assert wide > 2 * narrow


def test_from_ten_speakers_on_speakers_are_drawn():
    told = {"a": [_told(TRUTH, 0.5, 0)]}
    few = draw(TRUTH, told, 6, [f"s{row % 9}" for row in range(120)], resamples=10)
    many = draw(TRUTH, told, 6, [f"s{row % 10}" for row in range(120)], resamples=10)
    assert (few.over, few.units) == ("clip", 120)
    assert (many.over, many.units) == ("speaker", 10)
    assert "fewer than 10" in few.describe()
    assert "10 speakers" in many.describe()
