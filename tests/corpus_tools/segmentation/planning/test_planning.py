from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_tools.media.cut import Cut
from corpus_tools.segmentation.ledger.ledger import measure_outside
from corpus_tools.segmentation.planning import costs as joins
from corpus_tools.segmentation.planning.costs import Line, PlanWeights, cumulative_value, edge_costs
from corpus_tools.segmentation.planning.planner import plan_cuts
from corpus_tools.segmentation.voice.activity import Activity


def track(*parts):
    """An activity of (kind, seconds): s speech, p pause, g gap."""
    kinds = np.concatenate([np.full(round(seconds * 100), kind) for kind, seconds in parts])
    speech = kinds == "s"
    power = np.where(speech, 0.01, 1e-7).astype(np.float32)
    return Activity(power, speech.astype(np.float32), speech, kinds == "g")


def noisy(activity, uncertainty=1.0):
    """Return the activity with a background so loud that words may be missed."""
    return replace(activity, uncertainty=np.full(len(activity), uncertainty, dtype=np.float32))


def plan(activity, lines=(), low=3000, high=5000):
    return plan_cuts(activity, lines, min_ms=low, max_ms=high)


parts = st.lists(
    st.tuples(st.sampled_from("sspg"), st.floats(0.01, 9)), min_size=1, max_size=40
).map(lambda some: track(*some))
lines = st.lists(
    st.builds(
        lambda start, length, speaker: Line(start, start + length, speaker),
        st.integers(0, 60_000),
        st.integers(1, 5_000),
        st.sampled_from([None, "王", "李"]),
    ),
    max_size=20,
)
limits = st.tuples(st.integers(500, 6000), st.integers(500, 4000)).map(
    lambda one: (one[0], one[0] + one[1])
)


@settings(max_examples=60, deadline=None)
@given(parts, st.floats(0, 1), lines, limits)
def test_plans_keep_the_limits_and_are_deterministic(activity, uncertainty, subtitles, limit):
    activity = noisy(activity, uncertainty)
    cuts = plan(activity, subtitles, *limit)
    assert cuts == plan(activity, subtitles[::-1], *limit)
    assert all(limit[0] <= cut.end_ms - cut.start_ms <= limit[1] for cut in cuts)
    edges = [edge for cut in cuts for edge in (cut.start_ms, cut.end_ms)]
    assert edges == sorted(edges)
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(activity) * 10)
    for cut in cuts:
        assert not activity.gap[cut.start_ms // 10 : cut.end_ms // 10].any()
        assert activity.speech[cut.start_ms // 10 : cut.end_ms // 10].any()


@settings(max_examples=60, deadline=None)
@given(parts, st.integers(0, 9))
def test_clips_and_the_rest_add_up_to_the_millisecond(activity, rest):
    duration = len(activity) * 10 + rest
    cuts = plan(activity)
    spent = measure_outside(activity, cuts, duration)
    assert min(spent.values()) >= 0
    assert sum(spent.values()) + sum(cut.end_ms - cut.start_ms for cut in cuts) == duration


def test_a_short_utterance_is_extended_into_the_silence_on_both_sides():
    (cut,) = plan(track(("p", 4), ("s", 1), ("p", 4)))
    assert cut.end_ms - cut.start_ms == 3000
    assert 4000 - cut.start_ms == pytest.approx(cut.end_ms - 5000, abs=200)


def test_too_short_a_source_has_no_clips():
    assert plan(track(("p", 0.5), ("s", 1), ("p", 1.4))) == []
    assert plan(track(("p", 20))) == []


def test_edges_lie_in_pauses_with_a_margin():
    activity = track(("p", 1), ("s", 3), ("p", 0.5), ("s", 3.5), ("p", 0.3), ("s", 4), ("p", 1))
    cuts = plan(activity)
    assert len(cuts) == 3
    for cut in cuts:
        for edge in (cut.start_ms // 10, cut.end_ms // 10):
            assert not activity.speech[max(edge - 10, 0) : edge + 10].any()


def test_speech_without_a_pause_is_cut_where_it_is_weakest():
    activity = track(("p", 1), ("s", 8), ("p", 1))
    activity.prominence[520:540] = 0.3
    first, second = plan(activity)
    assert first.end_ms == second.start_ms
    assert 5200 <= first.end_ms <= 5400


def test_a_long_pause_is_not_joined_where_each_side_stands_alone():
    cuts = plan(track(("p", 2), ("s", 1.5), ("p", 1.9), ("s", 1.5), ("p", 2)))
    assert len(cuts) == 2
    assert cuts[0].end_ms < 2000 + 1500 + 1900
    assert cuts[1].start_ms > 2000 + 1500


@pytest.mark.parametrize("speaker", [None, "李"])
def test_the_end_of_a_line_decides_which_utterances_go_together(speaker):
    activity = track(
        ("p", 0.3), ("s", 1.6), ("p", 0.3), ("s", 1.6), ("p", 0.3), ("s", 1.6), ("p", 0.3),
        ("s", 1.6), ("p", 0.3),
    )  # fmt: skip
    cuts = plan(activity, [Line(200, 3800, "王"), Line(4100, 8000, speaker)])
    assert len(cuts) == 2
    assert all(not (cut.start_ms < 3800 and cut.end_ms > 4100) for cut in cuts)


def test_two_known_speakers_are_kept_apart_where_there_is_room():
    activity = track(("p", 1), ("s", 2.6), ("p", 0.6), ("s", 2.2), ("p", 1))
    assert len(plan(activity, [Line(1000, 3600, "王"), Line(4200, 6400, "李")])) == 2


def test_a_line_is_not_cut_through_where_nothing_else_decides():
    activity = track(("p", 1), ("s", 8), ("p", 1))
    (first, second) = plan(activity, [Line(1000, 4400), Line(4400, 9000)])
    assert abs(first.end_ms - 4400) < 300
    assert first.end_ms == second.start_ms


def test_no_clip_spans_a_gap():
    activity = track(("p", 1), ("s", 2), ("g", 0.5), ("s", 3.5), ("p", 1))
    first, second = plan(activity)
    assert first == Cut(0, 3000)
    assert second.start_ms == 3500


TURNS = (("p", 2), ("s", 1.4), ("p", 0.4), ("s", 1.5), ("p", 0.4), ("s", 1.4), ("p", 2))


def test_a_likely_change_of_speaker_is_not_joined(monkeypatch):
    def boundary(chances):
        monkeypatch.setattr(joins, "change_probabilities", lambda *_: np.array(chances))
        first, second = plan(track(*TURNS))
        assert second.start_ms - first.end_ms < 400
        return first.end_ms

    assert boundary([1.0, 0.0]) == pytest.approx(3600, abs=200)
    assert boundary([0.0, 1.0]) == pytest.approx(5500, abs=200)


def test_known_speakers_take_precedence_over_the_estimate(monkeypatch):
    monkeypatch.setattr(joins, "change_probabilities", lambda speech, _: np.ones(2))
    turns = track(*TURNS)
    weights = PlanWeights(line=0)
    known = [Line(2000, 3400, "王"), Line(3800, 5300, "王"), Line(5700, 7100, "李")]
    costs = joins.joins_of(turns, known, weights).cost
    pauses = joins.joins_of(turns, [], PlanWeights(speaker=0)).cost
    assert costs - pauses == pytest.approx([0, 0, weights.speaker, 0])
    unnamed = joins.joins_of(turns, [replace(line, speaker=None) for line in known], weights).cost
    assert unnamed - pauses == pytest.approx([0, weights.speaker, weights.speaker, 0])


def test_a_short_utterance_is_extended_rather_than_joined_with_another_speaker(monkeypatch):
    monkeypatch.setattr(joins, "change_probabilities", lambda speech, _: np.ones(1))
    activity = track(("p", 2), ("s", 0.9), ("p", 0.9), ("s", 1.2), ("p", 2))
    first, second = plan(activity)
    assert first.end_ms <= 3800
    assert second.start_ms >= 2900


def test_loud_background_includes_all_near_speech():
    parts = ("p", 2.0), ("s", 1.2), ("p", 2.6), ("s", 0.9), ("p", 2.9), ("s", 3.0), ("p", 2.0)
    quiet, loud = plan(track(*parts)), plan(noisy(track(*parts)))
    seconds = [sum(cut.end_ms - cut.start_ms for cut in cuts) for cuts in (quiet, loud)]
    assert seconds[0] < 11_000
    assert seconds[1] > 13_500


def test_loud_background_excludes_silence_far_from_speech():
    (cut,) = plan(noisy(track(("p", 9), ("s", 1), ("p", 9))))
    assert cut.start_ms >= 7000
    assert cut.end_ms <= 12_000


def test_value_is_speech_less_silence():
    speech = np.repeat([True, False], 100)
    weights = PlanWeights(silence=0.03, doubtful_speech=8, doubtful_silence=4)
    certain = cumulative_value(speech, np.zeros(200), weights)
    assert certain[[0, 100, 200]] == pytest.approx([0, 1, 0.97])
    doubtful = cumulative_value(speech, np.ones(200), weights)
    assert doubtful[[0, 100, 200]] == pytest.approx([0, 9, 13])


def test_uncertain_edges_prefer_the_quietest_place():
    speech = np.zeros(100, dtype=bool)
    loudness = np.full(101, 0.2)
    loudness[40] = 0.0
    edges = np.array([20, 40])
    weights = PlanWeights(lead=0)
    for uncertainty, cost in ((0.0, 0.0), (1.0, 0.8 * weights.doubtful_edge)):
        left, right = edge_costs(speech, loudness, np.full(100, uncertainty), edges, 16, weights)
        assert left == pytest.approx([cost, 0])
        assert right == pytest.approx([cost, 0])


def test_run_time_is_linear_in_length():
    import time

    def seconds(minutes):
        activity = track(*[("s", 1.7), ("p", 0.6), ("s", 0.9), ("p", 1.3)] * (minutes * 13))
        started = time.perf_counter()
        plan(activity)
        return time.perf_counter() - started

    seconds(1)
    assert seconds(40) < 40 * max(seconds(4), 0.02)
