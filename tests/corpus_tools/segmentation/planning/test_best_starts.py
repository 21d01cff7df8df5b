"""Dynamic programming of the best clips."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.segmentation.planning.planner import best_starts


@st.composite
def problems(draw):
    """Costs, gains and ranges of up to 12 edges, from few values so that some are equal."""
    count = draw(st.integers(0, 12))
    values = st.lists(st.integers(-3, 3), min_size=count, max_size=count)
    reach, shortest = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    first = [max(at - reach, 0) for at in range(count)]
    behind = [max(at - shortest + 1, 0) for at in range(count)]
    return draw(values), draw(values), first, behind


def value_of(starts, opening, closing):
    """Return value and number of clips of the plan up to the last edge."""
    total, at = 0, len(starts) - 1
    while at > 0:
        if starts[at] < 0:
            at -= 1
        else:
            total += closing[at] - opening[starts[at]]
            at = starts[at]
    return total


def best_by_brute_force(opening, closing, first, behind):
    """Return the same by trying each clip at each edge."""
    best = np.zeros(len(opening))
    for at in range(1, len(opening)):
        clips = [best[start] - opening[start] for start in range(first[at], behind[at])]
        best[at] = max([best[at - 1], *(value + closing[at] for value in clips)])
    return best[-1] if len(best) else 0


@given(problems())
def test_plan_has_the_greatest_value(problem):
    assert value_of(best_starts(*problem), *problem[:2]) == pytest.approx(
        best_by_brute_force(*problem)
    )


def test_ties_go_to_the_earlier_start():
    assert best_starts([0, 0, 0], [0, 0, 1], [0, 0, 0], [0, 1, 2])[2] == 0
