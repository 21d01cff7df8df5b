import numpy as np
import pytest

from annotation.reliability.annotator_stats import (
    AnnotatorHistory,
    find_suspicions,
    longest_run,
    run_chance,
)

K = 6


def history(codes, others=None, seconds=None, durations=4.0):
    codes = np.array(codes, dtype=np.int8)
    size = len(codes)
    if others is None:
        others = np.where(codes < 0, 0, codes)
    votes = np.eye(K, dtype=np.int64)[others] * 2
    return AnnotatorHistory(
        "a01",
        0,
        codes,
        np.full(size, np.nan) if seconds is None else np.array(seconds, dtype=float),
        np.full(size, durations),
        np.full(size, -1, dtype=np.int8),
        votes,
    )


def patterns(*arguments, **named):
    return [finding.pattern for finding in find_suspicions(history(*arguments, **named))]


@pytest.fixture
def truth():
    return np.random.default_rng(0).integers(0, K, 200)


def test_good_answers_are_not_suspicious(truth):
    wrong = np.random.default_rng(1).random(200) < 0.2
    assert patterns(np.where(wrong, 0, truth), truth, np.full(200, 6.0)) == []


def test_always_one_class_unless_the_others_agree(truth):
    assert "one class" in patterns(np.full(200, 3), truth)
    assert patterns(np.full(200, 3), np.full(200, 3)) == []


def test_no_better_than_chance(truth):
    guesses = np.random.default_rng(2).integers(0, K, 200)
    assert patterns(guesses, truth) == ["no better than chance"]


def test_faster_than_the_clip(truth):
    seconds = np.where(np.arange(200) < 30, 2.0, 8.0)
    assert patterns(truth, truth, seconds) == ["faster than the clip"]
    few = np.where(np.arange(200) < 10, 2.0, 8.0)
    assert patterns(truth, truth, few) == []
    assert patterns(truth, truth, seconds, durations=np.nan) == []


def test_long_run_of_a_class_and_of_unclear(truth):
    codes = truth.copy()
    codes[50:62] = 4
    assert patterns(codes) == ["long run"]
    codes[50:62] = -1
    found = find_suspicions(history(codes))
    assert [finding.sentence for finding in found] == ["'unclear' 12 times in a row"]


def test_agreement_that_falls(truth):
    codes = truth.copy()
    codes[150:] = (truth[150:] + np.random.default_rng(3).integers(0, 2, 50)) % K
    assert patterns(codes, truth) == ["falling agreement"]
    assert patterns(codes[::-1], truth[::-1]) == []


def test_few_answers_give_no_findings():
    assert find_suspicions(history([3] * 19, np.zeros(19, int))) == []
    assert find_suspicions(history([])) == []


def test_run_chance_bounds_the_probability():
    frequencies = np.array([0.5, 0.3, 0.2])
    generator = np.random.default_rng(4)
    drawn = generator.choice(3, size=(4000, 60), p=frequencies).astype(np.int8)
    longest = np.array([longest_run(row)[0] for row in drawn])
    for length in (7, 8, 10):
        bound = run_chance(frequencies, 60, length)
        seen = (longest >= length).mean()
        assert seen <= bound + 0.02
        assert bound < 2 * seen + 0.02
