import numpy as np
import pytest

from benchmarks.common.constructed import RATE, Episode
from benchmarks.segmentation.cut_scores import Score, score
from benchmarks.segmentation.cutting import OURS, misses_beside, misses_clean
from benchmarks.segmentation.cutting_peers import PEERS, packed

EPISODE = Episode(
    np.zeros(20 * RATE, dtype=np.int16),
    [(1.0, 3.0, "A"), (3.5, 5.0, "A"), (6.0, 8.0, "B"), (10.0, 12.0, "B")],
)


def test_edges_within_50_ms_of_an_utterance_s_end_are_no_cuts_inside() -> None:
    assert score([(1.04, 4.96)], EPISODE).inside == 0
    assert score([(1.06, 4.94)], EPISODE).inside == 2


def test_clip_of_two_speakers_is_mixed_only_if_both_speak() -> None:
    assert score([(3.2, 6.09)], EPISODE).mixed == 0
    assert score([(3.2, 6.2)], EPISODE).mixed == 1
    assert score([(0.5, 5.4)], EPISODE).mixed == 0


def test_coverage_counts_the_time_of_utterances_once() -> None:
    one = score([(0.0, 3.0), (2.0, 5.0)], EPISODE)
    assert one.covered == pytest.approx(3.5 / 7.5)
    assert score([], EPISODE).covered == 0


def test_lengths_are_given_to_the_millisecond() -> None:
    cuts = [(0.0, 3.0), (0.0, 5.0), (0.0, 2.999), (0.0, 5.001)]
    assert score(cuts, EPISODE).out_of_length == 2


def test_scores_add_up() -> None:
    one = score([(1.5, 4.96)], EPISODE)
    both = one + score([(6.0, 9.0)], EPISODE)
    assert (both.clips, both.inside) == (2, 1)
    assert both.cuts_inside == 0.25
    assert both.speech == 15.0


def test_pieces_are_joined_to_three_seconds_and_cut_at_five() -> None:
    assert packed([(0, 2), (2.5, 4), (5, 7.5), (8, 14), (16, 17)]) == [(0, 4), (5, 10), (10, 14)]


def test_only_peers_that_cover_nearly_as_much_count_on_the_other_two() -> None:
    ours = Score(clips=10, inside=2, mixed=2, speech=100, in_clips=99)
    better = Score(clips=10, inside=0, mixed=0, speech=100, in_clips=88)
    assert misses_beside({OURS: ours} | dict.fromkeys(PEERS, better)) == []
    rival = Score(clips=10, inside=0, mixed=3, speech=100, in_clips=98)
    (sentence,) = misses_beside({OURS: ours} | dict.fromkeys(PEERS, better) | {"greedy VAD": rival})
    assert sentence == "greedy VAD cuts inside 0.0% < 10.0%"


def test_clean_episodes_have_fixed_bars() -> None:
    greedy = Score(clips=100, mixed=40, speech=100, in_clips=99)
    good = Score(clips=100, inside=4, mixed=20, speech=100, in_clips=95)
    assert misses_clean({OURS: good, "greedy VAD": greedy}) == []
    bad = Score(clips=100, inside=5, mixed=21, out_of_length=1, speech=100, in_clips=94)
    assert len(misses_clean({OURS: bad, "greedy VAD": greedy})) == 4
