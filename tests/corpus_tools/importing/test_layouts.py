"""Class, speaker and split by the names of folders and files, in the layouts of known corpora."""

import itertools

import pytest

from corpus_tools.importing.labels import LabelMapping, split_named
from corpus_tools.importing.layouts import layout_cells


def cells_of(names):
    return layout_cells(names, LabelMapping().knows, split_named)


def paths(pattern, *values):
    """All combinations of values in a pattern, with a number ``{n}``."""
    combined = enumerate(itertools.product(*values))
    return [pattern.format(*chosen, n=number) for number, chosen in combined]


PEOPLE, CLASSES, SIDES = ("0011", "0012"), ("Angry", "Sad"), ("train", "test")


@pytest.mark.parametrize(
    ("names", "emotion", "speaker", "split"),
    [
        (paths("{0}/{1}/{2}/{n}.wav", PEOPLE, CLASSES, SIDES), "Angry", "0011", "train"),
        (paths("{2}/{1}/{0}/{n}.wav", PEOPLE, CLASSES, SIDES), "Angry", "0011", "train"),
        (paths("{0}/{1}/{n}.wav", ("liuchanhg", "wangzhe"), ("angry", "sad")), "angry",
         "liuchanhg", None),
        (paths("CASIA/data/{0}/{1}/{n}.wav", ("甲", "乙"), ("愤怒", "悲伤")), "愤怒", "甲", None),
        (paths("{1}_{0}/{n}.wav", PEOPLE, CLASSES, "ab"), "Angry", "0011", None),
        (paths("{0}_{1}/{0}_word_{1}.wav", ("OAF", "YAF"), ("angry", "sad")), "angry", "OAF", None),
        (paths("{0}/{0}_{1}_{n}.opus", ("EB0", "IC0"), ("anger", "sadness")), "anger", "EB0", None),
        (paths("AudioWAV/{0}_DFA_{1}_XX.wav", ("1001", "1002"), ("ANG", "DIS", "HAP")), "ANG",
         "1001", None),
        (paths("Actor_{0}/03-01-{1}-01-01-01-{0}.wav", ("01", "02"), ("05", "04", "02")), "angry",
         "01", None),
        (paths("wav/{0}a01{1}b.wav", ("03", "08"), "WTN"), "anger", "03", None),
        (paths("{0}/{n}.wav", ("sad", "happy"), "ab"), "sad", None, None),
        (paths("{0}/{n}/audio.wav", ("sad", "happy"), "ab"), "sad", None, None),
        (paths("Devel/{0}/{n}.wav", ("fear",), "ab"), "fear", None, "Devel"),
    ],
)  # fmt: skip
def test_names_of_folders_and_files_tell_class_and_speaker(names, emotion, speaker, split):
    (first, side), *others = cells_of(names)
    assert (first.get("emotion"), first.get("speaker"), side) == (emotion, speaker, split)
    assert all("emotion" in cells for cells, _ in others)
    assert len({cells.get("speaker") for cells, _ in others}) == (2 if speaker else 1)


def test_classes_that_nobody_knows_are_those_of_the_nearest_folder():
    found = cells_of(paths("{0}/{1}/{n}.wav", ("wav", "flac"), ("Wut", "Freude")))
    assert [cells["emotion"] for cells, _ in found] == ["Wut", "Freude", "Wut", "Freude"]


def test_sessions_are_sources_and_no_speakers():
    (cells, _), *_ = cells_of(paths("Session{0}/{1}/{n}.wav", "12", ("angry", "sad")))
    assert cells["source"] == "Session1"
    assert "speaker" not in cells


def test_files_without_a_class_in_their_names_have_none():
    assert [cells for cells, _ in cells_of(["1.wav", "2.wav"])] == [
        {"file": "1.wav"}, {"file": "2.wav"}
    ]  # fmt: skip
