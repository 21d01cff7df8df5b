import json
import os
from dataclasses import replace

import pytest

from manifests.base.errors import ConfigurationError, DataError
from manifests.splits.emobox import read_emobox
from manifests.splits.utterances import place_by_lists
from manifests.storage.shards import STAGES, write_shard
from manifests.versions.manifest import Manifest
from tests.factories import make_entry, make_source

FEELINGS = {"angry": "angry", "neutral": "neutral", "sad": "sad"}


def row(path, emo, seconds=2.0, **more):
    name = path.rsplit("/", 1)[-1].removesuffix(".wav")
    return {"key": f"x-{name}", "wav": path, "emo": emo, "length": seconds, **more}


def write_lists(folder, name, folds, suffix="jsonl", joint="_"):
    """Write lists as EmoBox publishes them: of each fold the rows by side."""
    for number, sides in enumerate(folds, start=1):
        own = folder / "data" / name / f"fold_{number}"
        own.mkdir(parents=True, exist_ok=True)
        for side, rows in sides.items():
            path = own / f"{name}_{side}_fold{joint}{number}.{suffix}"
            if suffix == "json":
                path.write_text(json.dumps({one["key"]: one for one in rows}))
            else:
                path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return folder


def version(corpus, files):
    """Return a version with a clip of each file: (path, speaker, class, seconds)."""
    entries = []
    for number, (path, speaker, emotion, seconds) in enumerate(files):
        source = f"{path.rsplit('/', 1)[-1].removesuffix('.wav')}-{number:012x}"
        record = make_source(source, media_path=path, duration=seconds)
        write_shard(corpus, STAGES["sources"], source, [record], {})
        clip = f"{source}-00000000-00002000"
        entries.append(make_entry(clip, emotion, speaker, source=source, end=seconds))
    return Manifest(corpus / "manifests" / "v1", _Header(), entries)


class _Header:
    version = "v1"


def casia(folder, speakers=("wang", "liu"), tested=("wang", "liu")):
    """Write lists in which every speaker has files of the same names, as CASIA has."""
    rows = {
        speaker: [
            row(f"downloads/casia/{speaker}/{emo}/{number}.wav", emo)
            for emo in FEELINGS
            for number in (201, 202)
        ]
        for speaker in speakers
    }
    return write_lists(
        folder,
        "casia",
        [
            {
                "train": [one for own in speakers if own != test for one in rows[own]],
                "test": rows[test],
            }
            for test in tested
        ],
    )


def sides(placement, fold):
    found = {}
    for entry in placement.folds[fold]:
        found.setdefault(entry.split, set()).add(entry.clip_id.split("-0000")[0])
    return found


@pytest.mark.parametrize("folders", [True, False], ids=["paths", "bare names"])
def test_folder_speaker_and_class_tell_files_of_one_name_apart(tmp_path, folders):
    lists = read_emobox("CASIA", casia(tmp_path / "EmoBox"))
    files = [
        (f"{speaker}/{emo}/{number}.wav" if folders else f"{number}.wav", speaker, emo, 2.0)
        for speaker in ("liu", "wang")
        for emo in FEELINGS
        for number in (202, 201)
    ]
    placed = place_by_lists(version(tmp_path / "c", files), lists)
    assert placed.warnings(lists) == []
    for fold, tested in ((1, "wang"), (2, "liu")):
        for entry in placed.folds[fold]:
            assert (entry.split == "test") == (entry.speaker == tested)
        assert len(placed.folds[fold]) == 12


@pytest.mark.parametrize(
    ("name", "suffix", "joint"), [("emo-db", "jsonl", ""), ("EmoDB", "json", "_")]
)
def test_other_spellings_of_names_and_lists(tmp_path, name, suffix, joint):
    one, two = row("downloads/emodb/wav/03a02Wb.wav", "anger"), row("wav\\08a05Fe.WAV", "happiness")
    folder = write_lists(
        tmp_path, "emodb", [{"train": [one], "test": [two]}, {"train": [two], "test": [one]}],
        suffix, joint,
    )  # fmt: skip
    lists = read_emobox(name, folder)
    assert lists.classes == {"angry", "happy"}
    files = [("03a02Wb.wav", "s03", "angry", 2.0), ("08a05Fe.flac", "s08", "happy", 1.0)]
    placed = place_by_lists(version(tmp_path / "c", files), lists)
    assert placed.warnings(lists) == []
    assert {entry.speaker: entry.split for entry in placed.folds[2]} == {
        "s03": "test",
        "s08": "train",
    }


def test_clips_without_their_sources_are_found_by_id(tmp_path):
    lists = read_emobox("a", write_lists(tmp_path, "a", [
        {"train": [row("x/03-01-07.a_b.wav", "sad")], "test": [row("x/E 02.wav", "sad")]}
    ]))  # fmt: skip
    whole = version(
        tmp_path / "c", [("03-01-07.a_b.wav", "m", "sad", 2.0), ("E-02.wav", "m", "sad", 2.0)]
    )
    placed = place_by_lists(replace(whole, folder=tmp_path / "moved" / "manifests" / "v1"), lists)
    assert [entry.split for entry in placed.folds[1]] == ["train", "test"]


def test_utterance_with_times_is_the_clips_within_them(tmp_path):
    folder = write_lists(tmp_path, "m3ed", [{
        "train": [row("ep1.wav", "sad", start_time=0.0, end_time=4.0)],
        "test": [row("ep1.wav", "sad", start_time=4.0, end_time=8.0)],
    }])  # fmt: skip
    source = "ep1-000000000001"
    entries = [
        make_entry(f"{source}-{start:08d}", "sad", "m", source=source, start=start, end=start + 3.0)
        for start in (0, 4)
    ]
    whole = Manifest(tmp_path / "c" / "manifests" / "v1", _Header(), entries)
    placed = place_by_lists(whole, read_emobox("m3ed", folder))
    assert [entry.split for entry in placed.folds[1]] == ["train", "test"]


def test_losses_and_other_classes_are_said(tmp_path):
    folder = casia(tmp_path)
    calm = row("downloads/casia/wang/calm/9.wav", "calm")
    path = folder / "data" / "casia" / "fold_1" / "casia_test_fold_1.jsonl"
    path.write_text(path.read_text() + json.dumps(calm) + "\n")
    lists = read_emobox("casia", folder)
    files = [
        (f"{number}.wav", speaker, emo, 2.0)
        for speaker in ("liu", "wang")
        for emo in FEELINGS
        for number in (202, 201)
    ]
    files = [*files[1:], ("500.wav", "wang", "sad", 2.0)]
    lost, unlisted, classes = place_by_lists(version(tmp_path / "c", files), lists).warnings(lists)
    assert lost == (
        "2 of 13 utterances in the lists of casia have no clip here (angry 1, calm 1): "
        "downloads/casia/liu/angry/202.wav, downloads/casia/wang/calm/9.wav"
    )
    assert unlisted.startswith("1 clip is in no list of casia, so left out: 500-")
    assert classes == (
        "the lists of casia have 4 classes, and this corpus 3 (not calm): its figures aren't "
        "comparable with published ones for all classes"
    )


def test_clip_of_another_speaker_is_not_taken_for_a_missing_one(tmp_path):
    lists = read_emobox("casia", casia(tmp_path, ("wang", "liu", "zhao"), ("wang", "liu")))
    files = [
        (f"{n}.wav", speaker, emo, 2.0)
        for speaker in ("liu", "wang")
        for emo in FEELINGS
        for n in (201, 202)
    ]
    placed = place_by_lists(version(tmp_path / "c", files), lists)
    assert {one.path.split("/")[2] for one in placed.missing} == {"zhao"}
    assert {entry.speaker for entry in placed.folds[1] if entry.split == "test"} == {"wang"}


def test_names_that_nothing_tells_apart_are_ambiguous(tmp_path):
    lists = read_emobox("casia", casia(tmp_path))
    files = [(f"{n}.wav", own, emo, 2.0) for own in "ab" for emo in FEELINGS for n in (201, 202)]
    with pytest.raises(DataError, match=r"none of the 12 utterances in .* by name; the lists"):
        place_by_lists(version(tmp_path / "c", files), lists)


def test_other_corpus_is_refused_with_both_names(tmp_path):
    lists = read_emobox("casia", casia(tmp_path))
    files = [("scene-7.wav", "f01", "sad", 4.0)]
    with pytest.raises(DataError, match=r"downloads/casia/liu/angry/201.wav, and .* scene-7.wav"):
        place_by_lists(version(tmp_path / "c", files), lists)


def test_clip_on_two_sides_of_a_fold_is_refused(tmp_path):
    one, two = row("a.wav", "sad"), row("b.wav", "sad")
    folder = write_lists(tmp_path, "x", [{"train": [one, two], "test": [one]}])
    files = [("a.wav", "m", "sad", 2.0), ("b.wav", "m", "sad", 2.0)]
    with pytest.raises(DataError, match="is a train and a test clip of fold 1"):
        place_by_lists(version(tmp_path / "c", files), read_emobox("x", folder))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("{\n", "casia_test_fold_1.jsonl, line 1: isn't JSON; copy the lists again"),
        ("[" * 100_000, "isn't JSON"),
        ('"a.wav"\n', "line 1: names no file under 'wav'"),
        ('{"wav": 7}\n', "line 1: names no file under 'wav'"),
        ("", "its train or test list is empty"),
        (None, "fold_1: has no test list"),
    ],
)
def test_damaged_lists_are_refused(tmp_path, change, message):
    path = casia(tmp_path) / "data" / "casia" / "fold_1" / "casia_test_fold_1.jsonl"
    path.unlink() if change is None else path.write_text(change)
    with pytest.raises(DataError, match=message):
        read_emobox("casia", tmp_path)


def test_list_that_links_elsewhere_or_is_no_file_is_refused(tmp_path):
    secret = tmp_path / "secret.jsonl"
    secret.write_text("{}\n")
    path = casia(tmp_path / "l") / "data" / "casia" / "fold_1" / "casia_test_fold_1.jsonl"
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(DataError, match="leaves"):
        read_emobox("casia", tmp_path / "l")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DataError, match="has no test list"):
        read_emobox("casia", tmp_path / "l")


@pytest.mark.parametrize(
    ("name", "folder", "message"),
    [
        ("savee", ".", "has no lists of 'savee'; there are casia; --protocol-path takes a copy"),
        ("casia", "nowhere", "no such folder; --protocol-path takes a copy of github.com/emo-box"),
        ("casia", "data/casia/fold_1", "has no lists of 'casia'; there are no lists"),
    ],
)
def test_missing_lists_say_what_there_is(tmp_path, name, folder, message):
    casia(tmp_path)
    with pytest.raises(ConfigurationError, match=message):
        read_emobox(name, tmp_path / folder)
    assert read_emobox("casia", tmp_path / "data" / "casia").folds.keys() == {1, 2}
