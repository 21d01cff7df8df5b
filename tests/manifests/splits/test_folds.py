import random
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError, DataError
from manifests.splits.partition import Partition, divide_clips
from manifests.storage.records import ManifestHeader
from manifests.storage.sections import SplitSettings
from manifests.versions.manifest import Manifest, load_manifest

pytestmark = pytest.mark.usefixtures("quick_search")


def as_parent(partition):
    header = ManifestHeader(
        version="v1",
        schema=1,
        created="2026-01-01T00:00:00Z",
        parent=None,
        digest="0",
        params={"split": {"folds": partition.requested_folds}},
        counts=partition.counts,
        groups=partition.grouping,
        files={},
    )
    return Manifest(Path("manifests/v1"), header, partition.entries)


@pytest.fixture
def forty(make_entry):
    """Four hundred clips of forty speakers with skewed classes, in one source each."""
    chance = random.Random(0)
    return [
        make_entry(
            f"c{n:03d}",
            chance.choices(EMOTIONS, [4 if n % 40 % 6 == k else 1 for k in range(6)])[0],
            f"p{n % 40:02d}",
            source=f"q{n % 40:02d}",
        )
        for n in range(400)
    ]


def folds_of(entries, attribute):
    found = defaultdict(set)
    for entry in entries:
        if entry.split != "held":
            found[getattr(entry, attribute)].add(entry.fold)
    return found


@pytest.mark.parametrize("number", [2, 5, 10])
def test_folds_are_balanced_in_every_class_and_speakers_stay_whole(forty, number):
    partition = divide_clips(forty, SplitSettings(folds=str(number)))
    assert all(len(folds) == 1 for folds in folds_of(partition.entries, "speaker").values())
    sizes = Counter(entry.fold for entry in partition.entries)
    assert set(sizes) == set(range(1, number + 1))
    assert max(sizes.values()) - min(sizes.values()) <= 0.02 * len(forty)
    for place, name in enumerate(EMOTIONS):
        counts = [row[name] for row in partition.fold_counts.values()]
        assert max(counts) - min(counts) <= 6, place


def test_splits_are_those_of_the_first_fold(forty):
    partition = divide_clips(forty, SplitSettings(folds="5"))
    for entry in partition.entries:
        assert entry.split == {1: "test", 2: "val"}.get(entry.fold, "train")
    assert partition.ratios == pytest.approx((0.6, 0.2, 0.2))
    two = divide_clips(forty, SplitSettings(folds="2"))
    assert {entry.split for entry in two.entries} == {"test", "train"}


def test_each_speaker_is_left_out_once(forty):
    partition = divide_clips(forty, SplitSettings(folds="speakers"))
    assert partition.folds == 40
    assert partition.by == ("speaker",)
    by_fold = defaultdict(set)
    for entry in partition.entries:
        by_fold[entry.fold].add(entry.speaker)
    assert all(len(speakers) == 1 for speakers in by_fold.values())


def test_a_new_speaker_gets_a_new_fold_and_no_other_changes(forty, make_entry):
    first = divide_clips(forty, SplitSettings(folds="speakers"))
    new = [make_entry(f"a{n}", "sad", "a-new-one", source="q-new") for n in range(3)]
    second = divide_clips([*new, *forty], SplitSettings(), as_parent(first))
    folds = {entry.clip_id: entry.fold for entry in second.entries}
    assert {folds[one.clip_id] for one in new} == {41}
    assert all(folds[one.clip_id] == one.fold for one in first.entries)
    assert second.requested_folds == "speakers"


def test_over_twenty_versions_no_clip_changes_its_fold(forty, make_entry):
    chance = random.Random(3)
    entries, last = forty, divide_clips(forty, SplitSettings(folds="5"))
    for version in range(20):
        kept = []
        for entry in entries:
            fate = chance.random()
            if fate < 0.04:
                continue
            if fate < 0.05:
                entry = entry.changed(speaker=f"p{chance.randrange(40):02d}")
            if 0.05 < fate < 0.1:
                entry = entry.changed(emotion=chance.choice(EMOTIONS))
            kept.append(entry)
        entries = kept + [
            make_entry(
                f"n{version:02d}-{n}",
                chance.choice(EMOTIONS),
                f"p{speaker:02d}",
                source=f"q{speaker:02d}",
            )
            for n in range(20)
            for speaker in [chance.randrange(45)]
        ]
        chance.shuffle(entries)
        following = divide_clips(entries, SplitSettings(), as_parent(last))
        before = {entry.clip_id: entry.fold for entry in last.entries}
        for entry in following.entries:
            assert entry.fold in (before.get(entry.clip_id, entry.fold), None)
        for key in ("speaker", "source_id"):
            assert all(len(folds) == 1 for folds in folds_of(following.entries, key).values())
        last = following
    assert len(last.held) < 0.2 * len(entries)


def test_other_folds_need_resplit(forty):
    parent = as_parent(divide_clips(forty, SplitSettings(folds="5")))
    assert divide_clips(forty, SplitSettings(folds="5"), parent).folds == 5
    with pytest.raises(ConfigurationError, match=r"has 5 folds; .* --folds 4 --resplit"):
        divide_clips(forty, SplitSettings(folds="4"), parent)
    with pytest.raises(ConfigurationError, match="has no folds"):
        divide_clips(
            forty, SplitSettings(folds="4"), as_parent(divide_clips(forty, SplitSettings()))
        )


def test_too_few_groups_are_reported(make_entry):
    entries = [make_entry(f"c{n}", speaker=f"p{n % 3}", source=f"q{n % 3}") for n in range(12)]
    with pytest.raises(DataError, match="3 groups can't fill 5 folds"):
        divide_clips(entries, SplitSettings(folds="5"))
    alone = [make_entry(f"c{n}", speaker="p") for n in range(4)]
    with pytest.raises(DataError, match="1 group is too few for a fold each"):
        divide_clips(alone, SplitSettings(folds="speakers"))


def test_two_speakers_get_no_fold_each_since_a_third_would_make_train_val(make_entry):
    entries = [make_entry(f"c{n}", speaker=f"p{n % 2}", source=f"q{n % 2}") for n in range(12)]
    with pytest.raises(DataError, match=r"2 groups are too few for a fold each; .* --folds 2"):
        divide_clips(entries, SplitSettings(folds="speakers"))
    assert divide_clips(entries, SplitSettings(folds="2")).folds == 2


def test_val_stays_val_when_a_third_speaker_withdraws(make_entry):
    entries = [make_entry(f"c{n}", speaker=f"p{n % 3}", source=f"q{n % 3}") for n in range(12)]
    first = divide_clips(entries, SplitSettings(folds="speakers"))
    left = [entry for entry in first.entries if entry.fold != 3]
    rest = Partition(first.by, first.ratios, left, folds=3, requested_folds="speakers")
    second = divide_clips(left, SplitSettings(), as_parent(rest))
    assert [entry.split for entry in second.entries] == [entry.split for entry in left]


def test_imported_splits_do_not_end_folds(filled):
    filled.build(SplitSettings(folds="5"))
    new = filled.add("s10", "sad", "f10")
    with pytest.raises(ConfigurationError, match="v1 has folds"):
        filled.build(given={new: "test"})
    filled.build()
    entries = load_manifest(filled.root / "manifests" / "v2").entries
    assert {entry.fold for entry in entries} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("said", ["99999999999", "\x1b[2J", [5], 0])
def test_invalid_folds_in_a_header_are_refused(make_entry, said):
    entries = [make_entry(f"c{n}", speaker=f"p{n}") for n in range(6)]
    parent = as_parent(
        replace(divide_clips(entries, SplitSettings(folds="3")), requested_folds=said)
    )
    with pytest.raises(DataError, match="has invalid folds"):
        divide_clips(entries, SplitSettings(), parent)


@pytest.mark.parametrize("value", ["1", "0", "five", "", True, 2.5, "2000"])
def test_an_invalid_number_of_folds_is_refused(value):
    with pytest.raises(ValueError, match="from 2 to 1000"):
        SplitSettings(folds=value)


def test_a_version_with_folds_records_and_keeps_them(filled):
    outcome = filled.build(SplitSettings(folds="5"))
    folder = filled.root / "manifests" / "v1"
    manifest = load_manifest(folder)
    assert {entry.fold for entry in manifest.entries} == {1, 2, 3, 4, 5}
    assert manifest.header.params["split"]["folds"] == "5"
    assert sum(outcome.details["manifest"]["folds"][3].values()) == 12
    assert "| fold |" in (folder / "card.md").read_text(encoding="utf-8")
    again = filled.build()
    assert any("has exactly this content already" in warning for warning in again.warnings)
    filled.build(resplit=True)
    assert "fold" not in load_manifest(filled.root / "manifests" / "v2").entries[0].row()
