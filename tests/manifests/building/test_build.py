import hashlib
import json
import time

import pytest

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import CorpusError, DataError
from manifests.storage.locking import FolderLock
from manifests.storage.records import Label
from manifests.storage.sections import SplitSettings
from manifests.versions.manifest import load_manifest


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_version_is_complete_and_its_numbers_agree(filled):
    outcome = filled.build()
    folder = filled.root / "manifests" / "v1"
    assert outcome.ok
    assert (outcome.items_in, outcome.kept) == (60, 60)
    assert outcome.outputs == [folder]
    manifest = load_manifest(folder)
    counts = manifest.header.counts
    assert sum(sum(row.values()) for row in counts.values()) == len(manifest.entries) == 60
    assert {entry.split for entry in manifest.entries} == {"train", "val", "test"}
    there = files(folder)
    assert there.keys() == manifest.header.files.keys() | {"manifest.json", "SHA256SUMS"}
    for name, sha256 in manifest.header.files.items():
        assert hashlib.sha256(there[name]).hexdigest() == sha256
    first = manifest.entries[0]
    assert (first.speaker, first.gender, first.series) == ("f0", "female", "series0")
    assert (first.text, first.text_source) == ("巴适得板", "subtitle")
    assert first.soft == [1, 0, 0, 0, 0, 0]


def test_same_input_in_any_order_is_the_same_bytes(filled, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    filled.build()
    folder = filled.root / "manifests" / "v1"
    first = files(folder)
    folder.rename(filled.root / "elsewhere")
    filled.clips.reverse()
    for name in ("labels", "texts", "speakers", "sources"):
        setattr(filled, name, dict(reversed(getattr(filled, name).items())))
    filled.build()
    assert files(folder) == first


def test_nothing_new_makes_no_version(filled):
    filled.build()
    before = files(filled.root / "manifests" / "v1")
    for options in ({}, {"resplit": True}):
        outcome = filled.build(**options)
        assert outcome.ok
        assert outcome.warnings == ["v1 has exactly this content already; no new version was made"]
        assert not outcome.details["manifest"]["new"]
    assert [path.name for path in (filled.root / "manifests").iterdir()] == ["v1"]
    assert files(filled.root / "manifests" / "v1") == before


def test_next_version_keeps_the_old_one_and_the_splits_of_its_clips(filled):
    filled.build()
    before = files(filled.root / "manifests" / "v1")
    for emotion in EMOTIONS:
        filled.add("s10", emotion, "f10")
    bridge = filled.add("s2", "sad", "f3")
    outcome = filled.build()
    assert files(filled.root / "manifests" / "v1") == before
    old, new = (load_manifest(filled.root / "manifests" / name) for name in ("v1", "v2"))
    assert new.header.parent == "v1"
    sides = {entry.clip_id: entry.split for entry in new.entries}
    assert all(sides[entry.clip_id] == entry.split for entry in old.entries)
    side = {entry.speaker: entry.split for entry in old.entries}
    expected = side["f2"] if side["f2"] == side["f3"] else "held"
    assert sides[bridge] == expected
    assert outcome.details["manifest"]["held"] == ([bridge] if expected == "held" else [])


def test_held_clip_stays_out_until_resplit(filled):
    filled.build()
    side = {e.speaker: e.split for e in load_manifest(filled.root / "manifests" / "v1").entries}
    test = next(speaker for speaker in side if side[speaker] == "test")
    train = next(speaker for speaker in side if side[speaker] == "train")
    bridge = filled.add(f"s{test[1:]}", "sad", train)
    outcome = filled.build()
    assert outcome.details["manifest"]["held"] == [bridge]
    assert any("1 clip is held out" in warning for warning in outcome.warnings)
    assert not filled.build().details["manifest"]["new"]
    outcome = filled.build(resplit=True)
    assert outcome.details["manifest"]["version"] == "v3"
    assert outcome.details["manifest"]["held"] == []
    assert load_manifest(filled.root / "manifests" / "v3").header.params["split"]["drawn"] == "v3"
    assert not filled.build().details["manifest"]["new"]


def test_left_out_clips_are_counted_by_reason(filled):
    ids = [clip.clip_id for clip in filled.clips]
    filled.label(ids[0], None)
    del filled.labels[ids[1]]
    filled.clips[2] = filled.clips[2].changed(duplicate_of=ids[3])
    filled.clips[4] = filled.clips[4].changed(superseded_by=ids[5])
    outcome = filled.build()
    assert outcome.rejected == {"tie": 1, "not_labelled": 1, "duplicate": 1, "superseded": 1}
    assert (outcome.items_in, outcome.kept) == (60, 56)
    held = {e.clip_id for e in load_manifest(filled.root / "manifests" / "v1").entries}
    assert held == set(ids) - {ids[0], ids[1], ids[2], ids[4]}


def test_one_repeat_with_a_class_is_kept(filled):
    ids = [clip.clip_id for clip in filled.clips]
    del filled.labels[ids[3]]
    for number in (2, 5):
        marked = filled.clips[number].changed(duplicate_of=ids[3])
        filled.clips[number] = marked
    outcome = filled.build()
    assert outcome.rejected == {"not_labelled": 1, "duplicate": 1}
    held = {e.clip_id for e in load_manifest(filled.root / "manifests" / "v1").entries}
    assert held == set(ids) - {ids[3], ids[5]}


def test_missing_and_changed_clips_are_named_and_no_version_is_written(filled):
    gone, changed, homeless = (filled.clips[number].clip_id for number in (7, 20, 40))
    filled.path(gone).unlink()
    filled.path(changed).write_bytes(b"other")
    del filled.sources[filled.clips[40].source_id]
    outcome = filled.build()
    reasons = {failure.item: failure.reason for failure in outcome.failures}
    assert "is missing; restore it" in reasons[gone]
    assert "changed since it was cut" in reasons[changed]
    assert "not in stages/sources" in reasons[homeless]
    assert not list((filled.root / "manifests").iterdir())
    assert "no version was written" in outcome.warnings[0]


def test_clip_path_out_of_the_corpus_is_a_failure(filled):
    filled.clips[0] = filled.clips[0].changed(path="../outside.wav")
    outcome = filled.build()
    assert "refused" in outcome.failures[0].reason


@pytest.mark.parametrize("stage", ["write_card", "draw_splits", "sha256_file"])
def test_an_interrupted_build_leaves_the_old_state(filled, monkeypatch, stage):
    filled.build()
    filled.add("s11", "sad", "f11")
    before = files(filled.root / "manifests" / "v1")

    def break_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"manifests.building.write.{stage}", break_off)
        with pytest.raises(KeyboardInterrupt):
            filled.build()
    assert [path.name for path in (filled.root / "manifests").iterdir()] == ["v1"]
    assert files(filled.root / "manifests" / "v1") == before
    assert filled.build().details["manifest"]["version"] == "v2"


def test_remains_of_a_killed_build_are_removed(filled):
    left = filled.root / "manifests" / ".0123.partial"
    left.mkdir(parents=True)
    (left / "manifest.jsonl").write_text("half")
    filled.build()
    assert [path.name for path in (filled.root / "manifests").iterdir()] == ["v1"]


def test_second_build_at_once_is_refused(filled):
    with (
        FolderLock(filled.root / "manifests", "build"),
        pytest.raises(CorpusError, match="in use by process"),
    ):
        filled.build()


def test_damaged_parent_stops_the_next_build(filled):
    filled.build()
    path = filled.root / "manifests" / "v1" / "manifest.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    filled.add("s0", "sad", "f0")
    with pytest.raises(DataError, match=r"v1/manifest\.jsonl: changed"):
        filled.build()


def test_a_single_speaker_is_reported(corpus):
    for number in range(12):
        corpus.add(f"s{number % 4}", EMOTIONS[number % 6], "m1")
    [failure] = corpus.build().failures
    assert "12 of 12 clips (100 %) are connected" in failure.reason
    outcome = corpus.build(SplitSettings(largest_group=1.0))
    assert outcome.ok
    assert set(outcome.details["manifest"]["shares"].values()) == {1.0, 0.0}
    assert any(w.startswith("no clip in val and test: 1 group") for w in outcome.warnings)


def test_three_clips_of_three_speakers_fill_three_sides(corpus):
    for number in range(3):
        corpus.add(f"s{number}", "fear", f"m{number}")
    outcome = corpus.build()
    sizes = {side: row["fear"] for side, row in outcome.details["manifest"]["counts"].items()}
    assert sizes == {"train": 1, "val": 1, "test": 1, "held": 0}
    assert "no clip is labelled angry" in outcome.warnings
    assert any(
        "hold 33.3/33.3/33.3 % of the clips instead of 80/10/10 %" in warning
        for warning in outcome.warnings
    )


def test_no_labels_at_all(corpus):
    corpus.label(corpus.add("s", "sad"), None)
    outcome = corpus.build()
    assert outcome.ok
    assert "nothing to build" in outcome.warnings[0]
    assert not list((corpus.root / "manifests").iterdir())


def test_twenty_thousand_clips_take_seconds(corpus):
    for number in range(200):
        corpus.add(f"s{number}", "sad", f"f{number}")
    template = corpus.clips
    corpus.clips, corpus.labels = [], {}
    votes = [("a01", "sad")]
    for number in range(20_000):
        clip = template[number % 200]
        clip_id = f"{clip.source_id}-{number:08d}"
        corpus.clips.append(clip.changed(clip_id=clip_id))
        emotion = EMOTIONS[number * 7 % 6]
        corpus.labels[clip_id] = Label(
            clip_id=clip_id, emotion=emotion, reason=None, soft=None, votes=votes, agreement=1.0
        )
    started = time.process_time()
    outcome = corpus.build(SplitSettings(), check_files=False)
    assert outcome.kept == 20_000
    assert time.process_time() - started < 8


def test_leakage_is_reported_never_hidden(corpus):
    for number in range(60):
        speaker = number % 10
        corpus.add(f"s{speaker}", EMOTIONS[number % 6], f"f{speaker}", "x", f"line{number // 10}")
    outcome = corpus.build()
    leakage = json.loads((corpus.root / "manifests" / "v1" / "leakage.json").read_text())
    assert leakage == outcome.details["manifest"]["leakage"]
    assert leakage["speaker"]["shared"] == leakage["source"]["shared"] == []
    assert len(leakage["sentence"]["shared"]) == 6
    assert leakage["sentence"]["exposed"] == {"val": 6, "test": 6}
    assert any(warning.startswith("6 sentences have clips") for warning in outcome.warnings)
    assert any(warning.startswith("1 series has clips") for warning in outcome.warnings)


def test_unknown_speakers_of_a_series_on_two_sides_are_reported(corpus):
    for number in range(60):
        speaker = f"f{number % 10}" if number % 3 else None
        corpus.add(f"s{number % 10}", EMOTIONS[number % 6], speaker, "x")
    outcome = corpus.build()
    assert outcome.details["manifest"]["groups"]["by"] == ["known_speaker", "source"]
    unsure = outcome.details["manifest"]["leakage"]["unknown_speaker"]
    assert [leak["value"] for leak in unsure["shared"]] == ["x"]
    assert any(
        warning.startswith("1 series with unknown speakers has") for warning in outcome.warnings
    )


def test_spellings_of_a_speaker_are_one_person_in_a_version(corpus):
    names = ("M03", "m03", "Ｍ０３", "M-3", "unknown")
    for number, name in enumerate(names):
        corpus.add(f"e{number}-{number:012d}", "angry", speaker=name, series="s")
    outcome = corpus.build(SplitSettings(group_by="none"))
    entries = load_manifest(corpus.root / "manifests" / "v1").entries
    assert sorted(str(entry.speaker) for entry in entries) == ["M-3", "M03", "M03", "M03", "None"]
    said = "\n".join(outcome.warnings)
    assert "speakers written in several ways count as one: M03 (also m03, Ｍ０３)" in said
    assert "M-3 and M03 count as different speakers; if they are one person" in said
