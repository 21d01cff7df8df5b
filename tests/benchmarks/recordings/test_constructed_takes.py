import numpy as np
import pytest

from benchmarks.common.constructed import RATE
from benchmarks.recordings.constructed_takes import Take, corrupted, render
from benchmarks.recordings.takes import score
from corpus_tools.recordings.takes.matches import Attempt, LineMatch

LINES = ["one", "two", "three"]


@pytest.fixture(scope="module")
def take() -> Take:
    """Line 0 is begun, then read; line 1 is skipped; line 2 is read."""

    class Spoken:
        samples = np.ones(2 * RATE, dtype=np.float32)
        onset, end = RATE // 2, 3 * RATE // 2

    spoken = Spoken()
    parts = [
        (0, "false_start", "o", spoken), (0, "kept", "one", spoken), (2, "kept", "three", spoken),
    ]  # fmt: skip
    return render("S", LINES, parts, np.random.default_rng(0))


def test_readings_lie_at_their_times(take: Take) -> None:
    assert sorted(take.kept) == [0, 2]
    for one in take.readings:
        inside = take.samples[round(one.start * RATE) : round(one.end * RATE)]
        assert one.end - one.start == pytest.approx(1)
        assert (inside > 1000).all()


def test_a_score_tells_right_from_flagged_and_from_wrong_without_a_word(take: Take) -> None:
    attempt, first, last = ((round(1000 * x.start), round(1000 * x.end)) for x in take.readings)
    tried = Attempt("false_start", *attempt)
    right = [
        LineMatch(0, first, 1.0, (), (tried,)),
        LineMatch(1, None, 1.0, ()),
        LineMatch(2, (last[0] - 250, last[1]), 0.5, ("doubtful_match",)),
    ]
    good = score(take, right)
    assert (good.lines, good.right, good.flagged, good.silent, good.f1) == (3, 3, 1, 0, 1.0)
    wrong = [LineMatch(0, attempt, 1.0, ()), right[1], LineMatch(2, None, 0.5, ("doubtful_skip",))]
    bad = score(take, wrong)
    assert (bad.right, bad.flagged, bad.silent, bad.f1) == (1, 1, 1, 0.0)


def test_recogniser_has_the_requested_error_rate() -> None:
    rng = np.random.default_rng(0)
    text = "a" * 4000
    assert corrupted(text, 0.0, rng, ["b"]) == text
    half = corrupted(text, 0.5, rng, ["b"])
    assert half.count("b") == pytest.approx(1500, rel=0.1)
    assert half.count("a") == pytest.approx(2500, rel=0.1)
