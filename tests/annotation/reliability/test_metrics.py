import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from annotation.reliability.metrics import (
    _alphas,
    alpha,
    alpha_interval,
    cohen_kappa,
    coincidences,
    fleiss_kappa,
)

CLASSES = 6


def panel(seed, clips=300, annotators=3, noise=0.3, missing=0.2):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, CLASSES, clips)
    wrong = generator.random((annotators, clips)) < noise
    codes = np.where(wrong, generator.integers(0, CLASSES, (annotators, clips)), truth)
    return np.where(generator.random(codes.shape) < missing, -1, codes)


def tally(codes):
    return np.stack([(codes == code).sum(axis=0) for code in range(CLASSES)], axis=1)


tables = st.lists(
    st.lists(st.integers(-1, CLASSES - 1), min_size=3, max_size=3), min_size=1, max_size=12
)


@given(tables)
@settings(max_examples=200, deadline=None)
def test_bootstrap_formula_equals_krippendorff_package(rows):
    counts = tally(np.array(rows).T)
    expected = alpha(counts)
    pairable = counts[counts.sum(axis=1) >= 2]
    if not len(pairable):
        assert expected is None
        return
    [ours] = _alphas(pairable, np.ones((1, len(pairable)), dtype=np.int64))
    if expected is None:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(expected, abs=1e-9)


def test_alpha_equals_the_package_on_the_table_of_raters():
    codes = panel(0)
    reliability = np.where(codes < 0, np.nan, codes)
    expected = krippendorff.alpha(reliability_data=reliability, level_of_measurement="nominal")
    assert alpha(tally(codes)) == pytest.approx(expected, abs=1e-12)


def test_interval_contains_alpha_is_reproducible_and_narrows_with_more_clips():
    few, many = tally(panel(1, clips=100)), tally(panel(1, clips=2000))
    low, high = alpha_interval(few)
    assert low < alpha(few) < high
    assert alpha_interval(few) == (low, high)
    assert alpha_interval(few, seed=1) != (low, high)
    wide, narrow = high - low, np.diff(alpha_interval(many))[0]
    assert wide / narrow == pytest.approx(np.sqrt(20), rel=0.3)


def test_interval_equals_one_from_drawing_clips_one_by_one():
    counts = tally(panel(2, clips=200, missing=0))
    generator = np.random.default_rng(3)
    drawn = [alpha(counts[generator.integers(0, len(counts), len(counts))]) for _ in range(400)]
    assert alpha_interval(counts) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.015)


@pytest.mark.parametrize("counts", [np.zeros((0, 6), int), np.eye(6, dtype=int), [[3] + [0] * 5]])
def test_alpha_is_undefined_without_pairs_or_with_one_class(counts):
    assert alpha(np.array(counts)) is None
    assert alpha_interval(np.array(counts)) is None


def test_coincidences_give_observed_agreement_of_alpha():
    counts = tally(panel(4))
    matrix = coincidences(counts)
    assert np.allclose(matrix, matrix.T)
    pairable = counts[counts.sum(axis=1) >= 2]
    assert matrix.sum() == pytest.approx(pairable.sum())
    assert np.allclose(matrix.sum(axis=0), pairable.sum(axis=0))


@given(tables)
@settings(max_examples=100, deadline=None)
def test_kappa_equals_scikit_learn(rows):
    pairs = np.array([row[:2] for row in rows if min(row[:2]) >= 0])
    if not len(pairs):
        return
    confusion = np.zeros((CLASSES, CLASSES), int)
    np.add.at(confusion, (pairs[:, 0], pairs[:, 1]), 1)
    ours = cohen_kappa(confusion)
    if len(np.unique(pairs)) == 1:
        assert ours is None
    else:
        assert ours == pytest.approx(cohen_kappa_score(pairs[:, 0], pairs[:, 1]), abs=1e-9)


def test_fleiss_equals_statsmodels_and_where_votes_differ_irrcac(peers):
    def close(one, other):
        return one is other is None or one == pytest.approx(other, abs=1e-9)

    defined = 0
    for row in peers:
        counts = tally(np.array(row["codes"]))
        votes = counts.sum(axis=1)
        numbers = [number for number in np.unique(votes) if number >= 2]
        for number, expected in zip(numbers, row["fleiss"], strict=True):
            assert close(fleiss_kappa(counts[votes == number]), expected)
            defined += expected is not None
        assert close(fleiss_kappa(counts), row["fleiss_any"])
        assert close(alpha(counts), row["alpha"])
    assert defined > len(peers)
