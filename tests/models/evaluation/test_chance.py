import numpy as np
import pytest

from models.evaluation.account import chance_levels


def test_the_majority_is_that_of_training():
    truth, training = np.array([0] * 6 + [1] * 4), np.array([1] * 7 + [0] * 3)
    majority, random = chance_levels(truth, training, 3)
    assert (majority.accuracy, majority.uar) == (0.4, 0.5)
    assert majority.macro_f1 == pytest.approx((0 + 2 * 4 / 14) / 2)
    assert random.accuracy == pytest.approx(0.6 * 0.3 + 0.4 * 0.7, abs=0.02)
    assert random.uar == pytest.approx(0.5, abs=0.02)


def test_without_training_clips_the_evaluated_ones_set_the_majority():
    majority, _ = chance_levels(np.array([2, 2, 0]), np.array([], dtype=np.int64), 3)
    assert majority.accuracy == pytest.approx(2 / 3)
