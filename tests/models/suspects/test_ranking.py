from dataclasses import replace

import numpy as np
import pytest

from models.suspects.ranking import clip_folds, label_probabilities


def order(examples, labels, folds, settings):
    found = label_probabilities(examples, labels, folds, settings)
    return np.argsort(found.combined[np.arange(len(labels)), labels])


@pytest.fixture
def speakers(statistics):
    return np.unique([example.group for example in statistics], return_inverse=True)[1]


@pytest.mark.parametrize("seed", range(3))
def test_swapped_labels_come_first(statistics, speakers, quick, seed):
    labels = np.array([example.label for example in statistics])
    rng = np.random.default_rng(seed)
    swapped = rng.choice(len(labels), 7, replace=False)
    labels[swapped] = (labels[swapped] + rng.integers(1, 6, 7)) % 6
    first = order(statistics, labels, speakers, quick)[:7]
    assert len(set(first) & set(swapped)) >= 5


def test_an_error_that_runs_through_a_speaker_is_found_by_the_others(statistics, speakers, quick):
    labels = np.array([example.label for example in statistics])
    wrong = (speakers == 2) & (labels == 4)
    labels[wrong] = 1
    found = label_probabilities(statistics, labels, speakers, quick)
    rows = np.flatnonzero(wrong)
    assert (found.others[rows, 1] < found.within[rows, 1]).all()
    assert set(order(statistics, labels, speakers, quick)[:3]) == set(rows)


def test_without_a_second_speaker_clips_are_compared_with_each_other(statistics, quick):
    alone = [replace(example, group="s0") for example in statistics]
    labels = np.array([example.label for example in alone])
    labels[10] = (labels[10] + 2) % 6
    found = label_probabilities(alone, labels, None, quick)
    assert found.others is found.within
    assert order(alone, labels, None, quick)[0] == 10


def test_a_class_of_one_speaker_has_no_probability(statistics, speakers, quick):
    labels = np.array([example.label for example in statistics])
    kept = np.flatnonzero((labels != 3) | (speakers == 0))
    clips = [statistics[row] for row in kept]
    found = label_probabilities(clips, labels[kept], speakers[kept], quick)
    own = found.combined[np.arange(len(kept)), labels[kept]]
    assert np.isnan(own).tolist() == (labels[kept] == 3).tolist()
    assert (own[labels[kept] != 3] > 0).all()


def test_every_fold_has_its_share_of_each_speaker_and_class():
    labels = np.tile(np.repeat(np.arange(3), 10), 2)
    groups = ["f01"] * 30 + ["m01"] * 30
    folds = clip_folds(labels, groups, 5)
    for fold in range(5):
        part = np.flatnonzero(folds == fold)
        assert {(groups[row], labels[row]) for row in part} == set(zip(groups, labels, strict=True))
