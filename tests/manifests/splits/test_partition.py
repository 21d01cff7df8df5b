import random
from collections import defaultdict
from pathlib import Path

import pytest

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError
from manifests.splits.groups import keys_of
from manifests.splits.partition import divide_clips
from manifests.storage.records import ManifestHeader
from manifests.storage.sections import SplitSettings
from manifests.versions.manifest import Manifest


def as_parent(partition):
    header = ManifestHeader(
        version="v1",
        schema=1,
        created="2026-01-01T00:00:00Z",
        parent=None,
        digest="0",
        params={},
        counts=partition.counts,
        groups=partition.grouping,
        files={},
    )
    return Manifest(Path("manifests/v1"), header, partition.entries)


def sides_of(partition, attribute):
    found = defaultdict(set)
    for entry in partition.entries:
        if entry.split != "held" and getattr(entry, attribute) is not None:
            found[getattr(entry, attribute)].add(entry.split)
    return found


def grow(entries, chance, make_entry, version):
    """Drop, relabel and correct clips, and add some of old and new speakers and sources."""
    kept = []
    for entry in entries:
        fate = chance.random()
        if fate < 0.05:
            continue
        if fate < 0.10:
            entry = entry.changed(emotion=chance.choice(EMOTIONS))
        elif fate < 0.12:
            entry = entry.changed(speaker=f"p{chance.randrange(12)}")
        kept.append(entry)
    for number in range(25):
        speaker = chance.randrange(12 + version)
        source = speaker if chance.random() < 0.95 else chance.randrange(12 + version)
        kept.append(
            make_entry(
                f"v{version:02d}-{number:02d}",
                chance.choice(EMOTIONS),
                speaker=f"p{speaker}" if chance.random() < 0.9 else None,
                series=f"series{source % 3}" if chance.random() < 0.9 else None,
                source=f"q{source}",
            )
        )
    return kept


@pytest.mark.usefixtures("quick_search")
@pytest.mark.parametrize("group_by", ["auto", "speaker", "source", "speaker,source", "none"])
@pytest.mark.parametrize("seed", range(2))
def test_over_twenty_versions_nothing_moves_and_no_group_is_on_two_sides(
    make_entry, group_by, seed
):
    chance = random.Random(seed)
    settings = SplitSettings(group_by=group_by)
    entries = [
        make_entry(f"old{n:03d}", chance.choice(EMOTIONS), f"p{n % 12}", source=f"q{n % 12}")
        for n in range(120)
    ]
    last = divide_clips(entries, settings)
    for version in range(1, 21):
        entries = grow(entries, chance, make_entry, version)
        following = divide_clips(entries, settings, as_parent(last))
        assert following.by == last.by
        assert len(following.entries) == len(entries)
        before = {entry.clip_id: entry.split for entry in last.entries}
        for entry in following.entries:
            old = before.get(entry.clip_id)
            assert old is None or entry.split in (old, "held")
        by_group = defaultdict(set)
        for entry in following.entries:
            by_group[entry.group].add(entry.split)
        assert all(len(splits) == 1 for splits in by_group.values())
        for key in following.by:
            attribute = {"source": "source_id"}.get(key, key)
            assert all(len(sides) == 1 for sides in sides_of(following, attribute).values())
        again = divide_clips(entries, settings, as_parent(following))
        assert again.entries == following.entries
        shuffled = divide_clips(chance.sample(entries, len(entries)), settings, as_parent(last))
        assert sorted(shuffled.entries, key=by_id) == sorted(following.entries, key=by_id)
        assert_only_bridges_are_held(following, before)
        last = following


def by_id(entry):
    return entry.clip_id


def assert_only_bridges_are_held(partition, before):
    """A newly held clip has keys on several sides, or one on another side than its own."""
    free = [entry for entry in partition.entries if before.get(entry.clip_id) != "held"]
    keys = keys_of(free, partition.by)
    sides = defaultdict(set)
    for entry in free:
        if entry.split != "held":
            for key in keys[entry.clip_id]:
                sides[key].add(entry.split)
    for entry in free:
        if entry.split == "held":
            found = set().union(*(sides[key] for key in keys[entry.clip_id]))
            found |= {before[entry.clip_id]} if entry.clip_id in before else set()
            assert len(found) > 1, entry.clip_id


def test_speakers_and_sources_stay_whole_where_components_allow_it(make_entry):
    entries = [
        make_entry(f"c{n:03d}", EMOTIONS[n % 6], f"p{n % 20}", source=f"q{n % 40}")
        for n in range(400)
    ]
    partition = divide_clips(entries, SplitSettings())
    assert partition.by == ("speaker", "source")
    assert all(len(sides) == 1 for sides in sides_of(partition, "speaker").values())
    assert all(len(sides) == 1 for sides in sides_of(partition, "source_id").values())
    assert partition.size_deviation <= 1
    assert sum(partition.grouping.counts.values()) == 20


def test_none_is_random_by_clip_yet_stratified(make_entry):
    entries = [make_entry(f"c{n:03d}", EMOTIONS[n % 6], "p", source="q") for n in range(600)]
    partition = divide_clips(entries, SplitSettings(group_by="none"))
    assert [partition.counts[side]["fear"] for side in ("train", "val", "test")] == [80, 10, 10]
    other = divide_clips(entries, SplitSettings(group_by="none", seed=1))
    assert [e.split for e in other.entries] != [e.split for e in partition.entries]


def test_another_grouping_needs_resplit(make_entry):
    entries = [make_entry(f"c{n}", speaker=f"p{n}", source=f"q{n}") for n in range(6)]
    parent = as_parent(divide_clips(entries, SplitSettings(group_by="source")))
    with pytest.raises(ConfigurationError, match=r"v1 was grouped by source; .* --resplit"):
        divide_clips(entries, SplitSettings(group_by="speaker"), parent)
    assert divide_clips(entries, SplitSettings(), parent).by == ("source",)


@pytest.mark.parametrize("ratios", [(0.6, 0.2, 0.2), (0.7, 0.3, 0.0)])
def test_other_ratios(make_entry, ratios):
    entries = [make_entry(f"c{n:03d}", EMOTIONS[n % 6], f"p{n % 30}") for n in range(300)]
    partition = divide_clips(entries, SplitSettings(ratios=ratios, group_by="speaker"))
    assert partition.size_deviation <= 1


def test_an_unknown_speaker_is_kept_with_all_it_may_be(make_entry):
    entries = [
        make_entry(f"c{n:02d}", EMOTIONS[n % 6], f"p{n % 15}", f"x{n % 5}", f"q{n % 15}")
        for n in range(60)
    ]
    entries += [make_entry(f"u{n}", "sad", None, f"x{n % 2}", f"r{n}") for n in range(3)]
    partition = divide_clips(entries, SplitSettings())
    unsure = [entry for entry in partition.entries if entry.series in ("x0", "x1")]
    assert len({(entry.series, entry.split) for entry in unsure}) == 2
    later = [*entries, make_entry("u9", "sad", None, "x3", "r9")]
    held = divide_clips(later, SplitSettings(), as_parent(partition)).held
    sides = {entry.split for entry in partition.entries if entry.series == "x3"}
    assert held == (["u9"] if len(sides) > 1 else [])
