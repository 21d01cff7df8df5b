import numpy as np
import pytest

from models.evaluation.chance import chance


def test_the_majority_is_that_of_training():
    truth, learnt = np.array([0] * 6 + [1] * 4), np.array([1] * 7 + [0] * 3)
    majority, random = chance(truth, learnt, 3)
    assert (majority.accuracy, majority.uar) == (0.4, 0.5)
    assert majority.macro_f1 == pytest.approx((0 + 2 * 4 / 14) / 2)
    assert random.accuracy == pytest.approx(0.6 * 0.3 + 0.4 * 0.7, abs=0.02)
    assert random.uar == pytest.approx(0.5, abs=0.02)


def test_without_training_clips_those_asked_about_settle_it():
    majority, _ = chance(np.array([2, 2, 0]), np.array([], dtype=np.int64), 3)
    assert majority.accuracy == pytest.approx(2 / 3)
