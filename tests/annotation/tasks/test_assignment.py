from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.tasks.assignment import assign
from manifests.base.errors import ConfigurationError


def clips(number):
    return [f"clip-{place}" for place in range(number)]


def people(number):
    return [f"a{place:02d}" for place in range(number)]


@given(st.integers(0, 80), st.integers(1, 9), st.data())
@settings(max_examples=150, deadline=None)
def test_each_clip_gets_k_annotators_with_equal_workload(number, size, data):
    per_clip = data.draw(st.integers(1, size))
    found = assign(clips(number), people(size), per_clip, data.draw(st.integers(0, 9)))
    assert list(found) == people(size)
    loads = [len(own) for own in found.values()]
    assert max(loads) - min(loads) <= 1
    for own in found.values():
        assert len(set(own)) == len(own)
        assert own == [clip_id for clip_id in clips(number) if clip_id in own]
    for clip_id in clips(number):
        assert sum(clip_id in own for own in found.values()) == per_clip


@given(st.integers(3, 10), st.integers(2, 6), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_pairs_share_about_equally_many_clips(size, per_clip, seed):
    per_clip = min(per_clip, size)
    found = {
        name: set(own) for name, own in assign(clips(400), people(size), per_clip, seed).items()
    }
    common = [len(found[one] & found[other]) for one, other in combinations(found, 2)]
    assert min(common) > 0
    assert max(common) - min(common) <= 6


def test_assignment_depends_on_the_seed_only():
    one = assign(clips(30), people(4), 2, seed=1)
    assert one == assign(clips(30), people(4), 2, seed=1) != assign(clips(30), people(4), 2, seed=2)


@pytest.mark.parametrize("per_clip", [0, 3, -1])
def test_more_than_all_is_refused(per_clip):
    with pytest.raises(ConfigurationError, match="--per-clip"):
        assign(clips(3), people(2), per_clip, seed=0)
