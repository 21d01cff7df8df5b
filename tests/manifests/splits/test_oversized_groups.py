import json

import pytest

from corpus_tools.cli.build_manifest import oversized_group_table
from manifests.base.emotions import EMOTIONS
from manifests.splits.groups import keys_of
from manifests.splits.oversized_groups import OversizedGroupError, find_oversized_group
from manifests.splits.partition import divide_clips
from manifests.storage.sections import SplitSettings

pytestmark = pytest.mark.usefixtures("quick_search")


def chained(make_entry, links=40, clips=6):
    """One chain: each speaker is in two sources, and each source has two speakers."""
    return [
        make_entry(
            f"c{link:02d}-{number}",
            EMOTIONS[number % len(EMOTIONS)],
            speaker=f"p{link + number % 2}",
            source=f"s{link}",
        )
        for link in range(links)
        for number in range(clips)
    ]


def test_bridge_that_divides_the_largest_group_most_comes_first(make_entry):
    entries = [make_entry(f"a{n}", speaker=f"p{n}", source="a") for n in range(6)]
    entries += [make_entry(f"b{n}", speaker=f"q{n}", source="b") for n in range(5)]
    entries += [make_entry("bridge", speaker="p0", source="b")]
    by = ("speaker", "source")
    group = find_oversized_group(keys_of(entries, by), by)
    assert (group.clips, group.total) == (12, 12)
    first = group.bridges[0]
    assert (first.kind, first.value, first.clips, first.tied) == ("speaker", "p0", 2, 2)
    assert first.largest_without == pytest.approx(6 / 12)


def test_the_largest_group_without_a_key_may_be_another(make_entry):
    entries = [make_entry(f"a{n}", speaker=f"p{n}", source="a") for n in range(6)]
    entries += [make_entry(f"b{n}", speaker=f"q{n}", source="b") for n in range(5)]
    entries += [make_entry("bridge", speaker="p0", source="b")]
    entries += [make_entry(f"z{n}", speaker="z", source="z") for n in range(10)]
    by = ("speaker", "source")
    found = {one.value: one for one in find_oversized_group(keys_of(entries, by), by).bridges}
    assert found["p0"].largest_without == pytest.approx(10 / 22, abs=1e-4)


def test_suggested_number_of_bridges_is_sufficient(make_entry):
    entries = chained(make_entry, links=41)
    with pytest.raises(OversizedGroupError) as caught:
        divide_clips(entries, SplitSettings(group_by="speaker,source"))
    percent = float(str(caught.value).partition("--drop-bridges ")[2].split()[0])
    settings = SplitSettings(group_by="speaker,source", drop_bridges=percent)
    assert len(divide_clips(entries, settings).bridges) == pytest.approx(
        percent / 100 * 246, abs=0.3
    )


def test_oversized_group_error_suggests_remedies(make_entry):
    settings = SplitSettings(group_by="speaker,source")
    with pytest.raises(OversizedGroupError) as caught:
        divide_clips(chained(make_entry), settings)
    sentence = str(caught.value)
    assert "240 of 240 clips (100 %) are connected by speaker and source" in sentence
    assert "--group-by speaker (largest group 2 %)" in sentence
    assert "--group-by none" in sentence
    assert "--drop-bridges 2.5 (leaves out 6 clips, 2.5 %, the fewest found)" in sentence


def test_auto_tries_fewer_keys_before_it_stops(make_entry):
    assert divide_clips(chained(make_entry), SplitSettings()).by == ("speaker",)


def test_bridges_are_left_out_and_nothing_is_shared(make_entry):
    settings = SplitSettings(group_by="speaker,source", drop_bridges=3)
    partition = divide_clips(chained(make_entry), settings)
    assert len(partition.bridges) == 6
    assert set(partition.held) == partition.bridges
    for attribute in ("speaker", "source_id"):
        sides = {}
        for entry in partition.entries:
            if entry.split != "held":
                sides.setdefault(getattr(entry, attribute), set()).add(entry.split)
        assert all(len(found) == 1 for found in sides.values())
    assert partition.size_deviation <= 5


def test_more_bridges_than_allowed_stop_the_build(make_entry):
    settings = SplitSettings(group_by="speaker,source", drop_bridges=2)
    with pytest.raises(OversizedGroupError, match=r"--drop-bridges 2\.5"):
        divide_clips(chained(make_entry), settings)


def test_a_single_side_needs_no_division(make_entry):
    entries = [make_entry(f"c{n}", speaker="p") for n in range(5)]
    settings = SplitSettings(ratios=(1.0, 0.0, 0.0))
    assert {entry.split for entry in divide_clips(entries, settings).entries} == {"train"}
    whole = SplitSettings(largest_group=1.0)
    assert {entry.split for entry in divide_clips(entries, whole).entries} == {"train"}


def test_a_stopped_build_writes_nothing_and_shows_the_bridges(corpus):
    for number in range(12):
        corpus.add(f"s{number % 4}", EMOTIONS[number % 6], "m1", "<b>x</b>")
    outcome = corpus.build()
    [failure] = outcome.failures
    assert failure.item == "split"
    assert "--group-by source (largest group 25 %)" in failure.reason
    assert not list((corpus.root / "manifests").glob("v*"))
    group = json.loads(json.dumps(outcome.details["tangle"]))
    assert group["bridges"][0]["value"] == "m1"
    assert oversized_group_table(group).row_count == len(group["bridges"])
    assert corpus.build(SplitSettings(group_by="source")).ok
