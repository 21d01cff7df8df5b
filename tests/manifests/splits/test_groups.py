from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from manifests.audit.leakage import find_leakage
from manifests.splits.groups import fitting_grouping, group_clips, groupings, keys_of, largest_share


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6)).map(
            lambda ends: (f"speaker:{ends[0]}", f"source:{ends[1]}")
        ),
        max_size=25,
    )
)
def test_groups_are_the_connected_components(shared):
    clips = {f"c{number}": keys for number, keys in enumerate(shared)}
    groups = group_clips(clips)
    linked = [[bool(set(one) & set(other)) for other in shared] for one in shared]
    _, component = connected_components(np.array(linked)) if shared else (0, [])
    for one, other in combinations(range(len(shared)), 2):
        together = groups[f"c{one}"] == groups[f"c{other}"]
        assert together == (component[one] == component[other])


def test_unknown_speakers_may_be_any_speaker_of_the_series(make_entry):
    entries = [
        make_entry("a", speaker="f01", series="x"),
        make_entry("b", series="x", source="t"),
        make_entry("c", source="u"),
        make_entry("d", speaker="f02", series="x"),
    ]
    keys = keys_of(entries, ["speaker"])
    assert keys == {
        "a": ("speaker:f01",),
        "b": ("series:x", "speaker:f01", "speaker:f02"),
        "c": ("source:u",),
        "d": ("speaker:f02",),
    }
    assert keys_of(entries, ["speaker", "source"])["c"] == ("source:u",)
    assert keys_of(entries, ["known_speaker"])["b"] == ("source:t",)
    assert keys_of(entries, [])["a"] == ("clip:a",)


def test_a_speaker_of_one_source_may_be_any_speaker_of_the_series(make_entry):
    entries = [
        make_entry("a", speaker="f01", series="x"),
        make_entry("b", speaker="SPEAKER_00-0123456789ab", series="x", source="t", split="val"),
    ]
    own = "speaker:SPEAKER_00-0123456789ab"
    assert keys_of(entries, ["speaker"])["b"] == (own, "series:x", "speaker:f01")
    assert keys_of(entries, ["known_speaker"])["b"] == (own,)
    assert find_leakage(entries, {})["unknown_speaker"].values == 1


def test_auto_keeps_speakers_and_sources_whole_where_it_can(make_entry):
    entries = [make_entry(f"{s}{n}", speaker=s, source=f"q-{s}-{n}") for s in "abc" for n in (1, 2)]
    assert fitting_grouping(entries, groupings("auto"), 0.8) == ("speaker", "source")


def test_auto_falls_back_to_speakers_when_sources_connect_everything(make_entry):
    scenes = ["ab", "bc", "cd", "de", "ea"]
    entries = [make_entry(f"{q}{s}", speaker=s, source=q) for q in scenes for s in q]
    by = fitting_grouping(entries, groupings("auto"), 0.8)
    assert by == ("speaker",)
    assert largest_share(group_clips(keys_of(entries, by)).values()) == pytest.approx(0.2)


def test_auto_separates_unknown_speakers_of_the_only_series_by_source(make_entry):
    entries = [make_entry(f"c{number}", series="x", source=f"s{number}") for number in range(5)]
    assert fitting_grouping(entries, groupings("auto"), 0.8) == ("known_speaker", "source")


def test_auto_does_not_divide_a_known_speaker(make_entry):
    entries = [make_entry(f"c{n}", speaker="f01", source=f"s{n}") for n in range(5)]
    assert fitting_grouping(entries, groupings("auto"), 0.8) is None


def test_several_keys_are_joined_by_what_they_share(make_entry):
    entries = [
        make_entry("a", speaker="f01", sentence="s1", source="x"),
        make_entry("b", speaker="f02", sentence="s1", source="y"),
        make_entry("c", speaker="f03", sentence="s2", source="x"),
        make_entry("d", speaker="f04", source="z"),
    ]
    [by] = groupings("sentence,speaker")
    assert by == ("speaker", "sentence")
    groups = group_clips(keys_of(entries, by))
    assert groups["a"] == groups["b"]
    assert len(set(groups.values())) == 3
    [by] = groupings("source,sentence")
    groups = group_clips(keys_of(entries, by))
    assert groups["a"] == groups["b"] == groups["c"] != groups["d"]


@pytest.mark.parametrize("group_by", ["speaker", "series", "source"])
def test_explicit_key_alone(make_entry, group_by):
    entries = [
        make_entry("a", speaker="f01", series="x", source="s1"),
        make_entry("b", speaker="f01", series="y", source="s2"),
        make_entry("c", speaker="f02", series="x", source="s2"),
    ]
    value = {"speaker": "speaker", "series": "series", "source": "source_id"}[group_by]
    groups = group_clips(keys_of(entries, groupings(group_by)[0]))
    members = defaultdict(set)
    for entry in entries:
        members[groups[entry.clip_id]].add(getattr(entry, value))
    assert all(len(found) == 1 for found in members.values())
    assert len(members) == 2
