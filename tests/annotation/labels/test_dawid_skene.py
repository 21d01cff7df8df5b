import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.labels.dawid_skene import dawid_skene

K = 4


def panel(seed, accuracies=(0.9, 0.8, 0.8, 0.25), clips=400, missing=0.3):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, K, clips)
    size = (len(accuracies), clips)
    right = generator.random(size) < np.array(accuracies)[:, None]
    codes = np.where(right, truth, (truth + generator.integers(1, K, size)) % K)
    return truth, np.where(generator.random(size) < missing, -1, codes).astype(np.int8)


def test_estimates_the_accuracy_of_annotators():
    truth, codes = panel(0, clips=3000)
    fitted = dawid_skene(codes, K)
    diagonals = np.diagonal(fitted.confusion, axis1=1, axis2=2)
    assert diagonals.mean(axis=1) == pytest.approx([0.9, 0.8, 0.8, 0.25], abs=0.03)
    assert fitted.priors == pytest.approx(np.bincount(truth) / 3000, abs=0.03)
    voted = (codes >= 0).any(axis=0)
    assert (fitted.posterior.argmax(axis=1) == truth)[voted].mean() > 0.85


def test_good_annotator_outweighs_two_who_guess():
    _, codes = panel(1, accuracies=(0.98, 0.95, 0.25, 0.25), missing=0)
    codes = np.hstack([codes, np.array([[0], [0], [1], [1]], dtype=np.int8)])
    assert dawid_skene(codes, K).posterior[-1].argmax() == 0


def test_clips_and_annotators_without_votes():
    _, codes = panel(2)
    more = np.vstack([codes, np.full(codes.shape[1], -1, dtype=np.int8)])
    more = np.hstack([more, np.full((len(more), 1), -1, dtype=np.int8)])
    fitted = dawid_skene(more, K)
    assert np.isnan(fitted.posterior[-1]).all()
    assert np.isfinite(fitted.confusion).all()
    np.testing.assert_allclose(fitted.posterior[:-1], dawid_skene(codes, K).posterior, atol=1e-9)


def test_no_votes():
    assert np.isnan(dawid_skene(np.full((2, 3), -1, dtype=np.int8), K).posterior).all()
    assert dawid_skene(np.zeros((0, 0), dtype=np.int8), K).posterior.shape == (0, K)


@given(st.lists(st.lists(st.integers(-1, K - 1), min_size=3, max_size=3), max_size=8))
@settings(max_examples=100, deadline=None)
def test_probabilities_sum_to_one_and_ignore_order(rows):
    codes = np.array(rows, dtype=np.int8).reshape(-1, 3).T
    fitted = dawid_skene(codes, K, iterations=50)
    voted = (codes >= 0).any(axis=0)
    np.testing.assert_allclose(fitted.posterior[voted].sum(axis=1), 1)
    np.testing.assert_allclose(fitted.confusion.sum(axis=2), 1)
    turned = dawid_skene(codes[::-1, ::-1], K, iterations=50).posterior[::-1]
    np.testing.assert_allclose(fitted.posterior, turned, atol=1e-5)


def test_equals_crowd_kit(peers):
    for row in peers:
        codes = np.array(row["codes"], dtype=np.int8)
        fitted = dawid_skene(codes, row["classes"], smoothing=0, iterations=20, tolerance=-1)
        voted = (codes >= 0).any(axis=0)
        np.testing.assert_allclose(fitted.posterior[voted], row["dawid_skene"], atol=1e-6)
