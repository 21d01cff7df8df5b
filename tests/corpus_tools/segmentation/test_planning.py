import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_tools.segmentation.activity import Activity
from corpus_tools.segmentation.ledger import outside
from corpus_tools.segmentation.planning import Cut, Line, plan_cuts


def track(*parts):
    """An activity of (kind, seconds): s speech, p pause, g gap."""
    kinds = np.concatenate([np.full(round(seconds * 100), kind) for kind, seconds in parts])
    speech = kinds == "s"
    power = np.where(speech, 0.01, 1e-7).astype(np.float32)
    return Activity(power, speech.astype(np.float32), speech, kinds == "g")


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
@given(parts, lines, limits)
def test_any_plan_keeps_the_limits_and_is_the_same_again(activity, subtitles, limit):
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
def test_clips_and_what_is_outside_add_up_to_the_millisecond(activity, rest):
    duration = len(activity) * 10 + rest
    cuts = plan(activity)
    spent = outside(activity, cuts, duration)
    assert min(spent.values()) >= 0
    assert sum(spent.values()) + sum(cut.end_ms - cut.start_ms for cut in cuts) == duration


def test_a_short_utterance_is_extended_into_the_silence_on_both_sides():
    (cut,) = plan(track(("p", 4), ("s", 1), ("p", 4)))
    assert cut.end_ms - cut.start_ms == 3000
    assert 4000 - cut.start_ms == pytest.approx(cut.end_ms - 5000, abs=200)


def test_nothing_is_made_up_where_the_source_is_too_short():
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


def test_no_clip_reaches_over_a_gap():
    activity = track(("p", 1), ("s", 2), ("g", 0.5), ("s", 3.5), ("p", 1))
    first, second = plan(activity)
    assert first == Cut(0, 3000)
    assert second.start_ms == 3500


def test_the_time_taken_grows_with_the_length_only():
    import time

    def seconds(minutes):
        activity = track(*[("s", 1.7), ("p", 0.6), ("s", 0.9), ("p", 1.3)] * (minutes * 13))
        started = time.perf_counter()
        plan(activity)
        return time.perf_counter() - started

    seconds(1)
    assert seconds(40) < 40 * max(seconds(4), 0.02)
