from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.batches.gold import check_gold_rate, choose_gold, mix_gold
from manifests.base.errors import ConfigurationError

GOLD = [f"g{place}" for place in range(12)]


@given(st.integers(0, 100), st.integers(0, 30), st.text(max_size=3))
def test_gold_is_spread_and_the_others_keep_their_order(number, golden, seed):
    golden = min(golden, number)
    tasks, gold = [f"t{place}" for place in range(number)], [f"g{n}" for n in range(golden)]
    mixed = mix_gold(tasks, gold, seed)
    assert [one for one in mixed if one in set(tasks)] == tasks
    assert sorted(mixed) == sorted(tasks + gold)
    places = [place for place, one in enumerate(mixed) if one in set(gold)]
    stretch = len(mixed) / golden if golden else 0
    assert all(
        abs(place - (n + 0.5) * stretch) <= stretch / 2 + 1 for n, place in enumerate(places)
    )


def test_gold_positions_are_not_equidistant():
    mixed = mix_gold([f"t{place}" for place in range(90)], GOLD[:10], "1 a01")
    places = [place for place, one in enumerate(mixed) if one in GOLD]
    assert len({after - before for before, after in pairwise(places)}) > 3
    assert mixed != mix_gold([f"t{place}" for place in range(90)], GOLD[:10], "1 a02")


def test_annotators_start_with_different_gold_and_get_none_twice():
    first = [choose_gold(GOLD, (), 36, 0.1, turn / 3) for turn in range(3)]
    assert [clip_id for own in first for clip_id in own] == GOLD
    again = choose_gold(GOLD, first[1], 90, 0.1, 1 / 3)
    assert again == [*GOLD[8:], *GOLD[:4]]
    assert choose_gold(GOLD, GOLD, 90, 0.1, 0) == []


def test_the_rate_is_a_share_of_all_tasks():
    chosen = choose_gold(GOLD, (), 90, 0.1, 0)
    assert len(chosen) / (90 + len(chosen)) == 0.1
    assert choose_gold(GOLD, (), 90, 0, 0) == []
    for rate in (-0.1, 0.6, float("nan")):
        with pytest.raises(ConfigurationError, match="--gold-rate"):
            check_gold_rate(rate)
