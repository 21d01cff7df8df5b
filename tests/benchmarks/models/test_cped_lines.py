import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from benchmarks.models.cped_lines import compare, folds, macro_f1, mean_recall


def test_scores_of_confusion_matrices_match_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    truth, predicted = generator.integers(0, 6, (2, 200))
    counts = np.zeros((6, 6))
    np.add.at(counts, (truth, predicted), 1)
    assert macro_f1(counts) == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert mean_recall(counts) == pytest.approx(recall_score(truth, predicted, average="macro"))


def test_groups_stay_whole_and_folds_are_about_as_large() -> None:
    groups = [str(number // 7) for number in range(700)]
    found = folds(groups, 5)
    assert all(len({*found[start : start + 7]}) == 1 for start in range(0, 700, 7))
    assert np.ptp(np.bincount(found)) <= 7


def test_the_same_model_is_not_ahead_of_itself_and_a_better_one_is() -> None:
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 6, 600)
    worse = np.where(generator.random(600) < 0.5, truth, generator.integers(0, 6, 600))
    better = np.where(generator.random(600) < 0.5, truth, worse)
    clusters = [str(number // 5) for number in range(600)]
    itself = compare(truth, [worse], [worse], clusters, draws=200)
    assert itself.ahead == itself.low == itself.high == 0
    assert compare(truth, [better], [worse], clusters, draws=200).low > 0
