import numpy as np
import pytest

from annotation.labels.votes import gold_accuracy, vote_weights, weighted_shares


def test_accuracy_counts_votes_on_gold_clips_only():
    codes = np.array([[0, 1, 2, -1], [0, 0, -1, 3]], dtype=np.int8)
    gold = np.array([0, 1, -1, 3], dtype=np.int8)
    answers, right = gold_accuracy(codes, gold)
    assert (answers.tolist(), right.tolist()) == ([2, 3], [2, 2])


def test_weights_grow_with_accuracy_and_with_evidence_and_are_never_negative():
    answers, right = np.array([100, 10, 100, 100, 0]), np.array([95, 10, 70, 5, 0])
    sure, few, fair, worse, unknown = vote_weights(answers, right, 6)
    assert sure > few > fair > unknown > 0
    assert worse == 0


def test_perfect_gold_answers_weigh_a_finite_amount():
    assert np.isfinite(vote_weights(np.array([5, 5]), np.array([5, 5]), 6)).all()


def test_shares_of_weights():
    codes = np.array([[0, 0, -1, 2], [1, -1, -1, 2], [1, -1, -1, 0]], dtype=np.int8)
    shares = weighted_shares(codes, np.array([3.0, 1.0, 0.0]), 3)
    assert shares[0] == pytest.approx([0.75, 0.25, 0])
    assert shares[1] == pytest.approx([1, 0, 0])
    assert np.isnan(shares[2]).all()
    assert shares[3] == pytest.approx([0, 0, 1])
