import time

import numpy as np

from models.evaluation.bootstrap import bootstrap
from models.evaluation.metrics import uar


def _clustered(generator, speakers, clips):
    """Return clips of speakers with accuracies of their own, 0.6 on average."""
    share = generator.beta(2.4, 1.6, speakers)
    names = np.repeat(np.arange(speakers), clips)
    truth = generator.integers(0, 6, len(names))
    right = generator.random(len(names)) < share[names]
    predicted = np.where(right, truth, (truth + generator.integers(1, 6, len(names))) % 6)
    return truth, predicted, [str(name) for name in names]


def test_the_interval_holds_the_figure_and_narrows_with_more_clips():
    generator = np.random.default_rng(0)
    widths = []
    for n in (40, 640):
        truth = generator.integers(0, 6, n)
        predicted = np.where(generator.random(n) < 0.6, truth, generator.integers(0, 6, n))
        low, high = bootstrap(truth, predicted, 6).uar
        assert low < uar(truth, predicted) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_intervals_over_speakers_cover_the_truth_and_those_over_clips_do_not():
    generator = np.random.default_rng(1)
    held = {"speaker": 0, "clip": 0}
    for seed in range(150):
        truth, predicted, names = _clustered(generator, 20, 30)
        for known in (names, None):
            found = bootstrap(truth, predicted, 6, known, resamples=300, seed=seed)
            low, high = found.accuracy
            held[found.over] += low <= 0.6 <= high
    assert held["speaker"] / 150 > 0.86
    assert held["clip"] / 150 < 0.6


def test_fewer_than_ten_speakers_are_not_resampled_and_the_description_says_so():
    generator = np.random.default_rng(2)
    for speakers, over in ((9, "clip"), (10, "speaker")):
        found = bootstrap(*_clustered(generator, speakers, 12)[:2], 6, None)
        assert found.over == "clip"
        truth, predicted, names = _clustered(generator, speakers, 12)
        found = bootstrap(truth, predicted, 6, [*names[:-1], None])
        assert found.over == over
        assert ("fewer than 10 speakers" in found.describe()) == (over == "clip")


def test_a_class_without_clips_or_predictions_has_no_interval():
    found = bootstrap(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    assert found.recall[2] is None
    assert found.precision[2] is None
    assert found.recall[0] is not None


def test_two_thousand_resamples_of_500_clips_take_under_two_seconds():
    generator = np.random.default_rng(3)
    truth, predicted, names = _clustered(generator, 25, 20)
    begun = time.process_time()
    bootstrap(truth, predicted, 6)
    bootstrap(truth, predicted, 6, names)
    assert time.process_time() - begun < 2


def test_intervals_match_a_plain_loop():
    generator = np.random.default_rng(4)
    truth, predicted, names = _clustered(generator, 12, 10)
    rows = [np.flatnonzero(np.array(names) == name) for name in sorted(set(names))]
    values = []
    for _ in range(4000):
        sample = np.concatenate([rows[one] for one in generator.integers(0, 12, 12)])
        values.append(uar(truth[sample], predicted[sample]))
    expected = np.percentile(values, [2.5, 97.5])
    found = bootstrap(truth, predicted, 6, names, resamples=8000)
    np.testing.assert_allclose(found.uar, expected, atol=0.015)
