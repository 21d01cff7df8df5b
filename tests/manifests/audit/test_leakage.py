from manifests.audit.leakage import find_leakage
from manifests.storage.sections import SplitSettings
from manifests.versions.manifest import load_manifest

LINE = "昨天晚上你到底去了哪里"


def test_texts_across_sides_are_reported_and_not_grouped(make_entry):
    texts = {"a": LINE, "b": f"{LINE}?!", "c": "昨天晚上你到低去了哪里", "d": "好", "e": "好"}
    sides = {"a": "train", "b": "val", "c": "test", "d": "train", "e": "test"}
    entries = [make_entry(name, text=texts[name], split=sides[name]) for name in texts]
    found = find_leakage(entries)["text"]
    assert [(leak.value, leak.counts) for leak in found.leaks] == [
        (LINE, {"train": 1, "val": 1, "test": 1})
    ]
    assert found.exposed == {"val": 1, "test": 1}


def test_texts_of_one_sentence_are_reported_as_the_sentence_only(make_entry):
    entries = [make_entry(side, text=LINE, sentence="s1", split=side) for side in ("train", "test")]
    assert find_leakage(entries)["text"].leaks == []
    film = make_entry("film", text=LINE, split="val")
    found = find_leakage([*entries, film])
    assert found["text"].leaks[0].counts == {"train": 1, "val": 1, "test": 1}
    assert found["sentence"].leaks[0].counts == {"train": 1, "val": 0, "test": 1}


def test_recordings_across_sides_are_reported_but_for_clips_held_out(make_entry):
    entries = [make_entry(name, split=name) for name in ("train", "test", "held")]
    entries.append(make_entry("other", split="val"))
    found = find_leakage(entries, {"train": "train", "test": "train", "held": "train"})["recording"]
    assert [leak.counts for leak in found.leaks] == [{"train": 1, "val": 0, "test": 1}]


def test_clips_of_one_recording_stay_on_one_side(filled):
    ids = [clip.clip_id for clip in filled.clips]
    twins = {ids[0]: ids[0], ids[30]: ids[0], ids[59]: ids[0]}
    outcome = filled.build(repeats=twins)
    entries = load_manifest(filled.root / "manifests" / "v1").entries
    assert len({entry.split for entry in entries if entry.clip_id in twins}) == 1
    assert len({entry.group for entry in entries if entry.clip_id in twins}) == 1
    assert outcome.details["manifest"]["leakage"]["recording"]["shared"] == []


def test_random_split_divides_recordings_and_reports_them(filled):
    ids = [clip.clip_id for clip in filled.clips]
    twins = {ids[number]: ids[number % 30] for number in range(60)}
    outcome = filled.build(SplitSettings(group_by="none"), repeats=twins)
    assert outcome.details["manifest"]["leakage"]["recording"]["shared"]
    assert any("recordings have clips on more than one side" in said for said in outcome.warnings)


def test_recording_found_later_on_two_sides_holds_clips_out_and_moves_none(filled):
    filled.build()
    old = {e.clip_id: e.split for e in load_manifest(filled.root / "manifests" / "v1").entries}
    train = next(name for name, split in old.items() if split == "train")
    test = next(name for name, split in old.items() if split == "test")
    outcome = filled.build(repeats={train: train, test: train})
    new = {e.clip_id: e.split for e in load_manifest(filled.root / "manifests" / "v2").entries}
    held = {name for name in old if new[name] == "held"}
    assert len(held) == 1
    assert held < {train, test}
    assert all(new[name] == old[name] for name in old if name not in held)
    assert outcome.details["manifest"]["leakage"]["recording"]["shared"] == []


def test_values_shared_by_val_and_test_alone_expose_neither(make_entry):
    entries = [
        make_entry("a", speaker="p0", source="q0", split="train"),
        make_entry("b", speaker="p1", source="q1", split="val"),
        make_entry("c", speaker="p1", source="q2", split="test"),
    ]
    found = find_leakage(entries)["speaker"]
    assert found.exposed == {"val": 0, "test": 0}
    assert [leak.value for leak in found.leaks] == ["p1"]
