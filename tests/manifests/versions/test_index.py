import json

import pytest

from manifests.base.errors import DataError
from manifests.storage.frozen import frozen_clips
from manifests.storage.store import sha256_file
from manifests.versions.diff import diff_manifests
from manifests.versions.index import INDEX, index_problem, open_manifest, placements, write_index
from manifests.versions.manifest import load_manifest
from manifests.versions.verify import verify_manifest


@pytest.fixture
def built(filled):
    filled.build()
    return filled.root / "manifests" / "v1"


def test_index_and_manifest_have_the_same_entries(built):
    opened, whole = open_manifest(built), load_manifest(built)
    assert list(opened.entries) == whole.entries
    assert (opened.entries[0], opened.entries[-1]) == (whole.entries[0], whole.entries[-1])
    assert list(opened.entries[3:5]) == whole.entries[3:5]
    assert (opened.header, opened.corpus) == (whole.header, whole.corpus)
    with pytest.raises(IndexError):
        opened.entries[len(whole.entries)]


def test_a_version_without_an_index_is_read_from_its_entries(built):
    (built / INDEX).unlink()
    assert isinstance(open_manifest(built).entries, list)
    assert len(open_manifest(built).entries) == 60


def test_the_same_entries_give_the_same_bytes(built, tmp_path):
    write_index(tmp_path / INDEX, load_manifest(built).entries)
    assert (tmp_path / INDEX).read_bytes() == (built / INDEX).read_bytes()


def test_a_changed_index_is_not_read(built):
    path = built / INDEX
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"index\.parquet: changed"):
        open_manifest(built)
    assert "v1/index.parquet" in {failure.item for failure in verify_manifest(built).failures}


def test_an_index_with_other_entries_is_reported(built):
    entries = load_manifest(built).entries
    entries[0] = entries[0].changed(emotion="sad", split="train")
    write_index(built / INDEX, entries)
    header = json.loads((built / "manifest.json").read_text())
    header["files"][INDEX] = sha256_file(built / INDEX)  # as a forger would
    (built / "manifest.json").write_text(json.dumps(header))
    reasons = [failure.reason for failure in verify_manifest(built).failures]
    assert any("doesn't match manifest.jsonl" in reason for reason in reasons)


def test_placements_are_those_of_the_entries(built):
    said = {one.clip_id: (one.split, one.fold) for one in load_manifest(built).entries}
    assert placements(open_manifest(built)) == placements(load_manifest(built)) == said


def test_an_unknown_split_is_refused(built):
    entries = load_manifest(built).entries
    entries[1] = entries[1].changed(split="dev")
    write_index(built / INDEX, entries)
    header = json.loads((built / "manifest.json").read_text())
    header["files"][INDEX] = sha256_file(built / INDEX)
    (built / "manifest.json").write_text(json.dumps(header))
    with pytest.raises(DataError, match="unknown split 'dev'"):
        placements(open_manifest(built))


def test_an_unreadable_index_is_reported(built):
    (built / INDEX).write_bytes(b"PAR1")
    assert "not a readable index" in index_problem(built, [])


def test_a_class_outside_the_six_is_refused_when_its_entry_is_read(built):
    entries = load_manifest(built).entries
    entries[1] = entries[1].changed(emotion="bored")
    write_index(built / INDEX, entries)
    header = json.loads((built / "manifest.json").read_text())
    header["files"][INDEX] = sha256_file(built / INDEX)
    (built / "manifest.json").write_text(json.dumps(header))
    with pytest.raises(DataError, match="emotion"):
        list(open_manifest(built).entries)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("angry", "sad", 1),
        lambda text: "".join(text.splitlines(keepends=True)[:-1]),
        lambda text: text.replace("\n", "\r\n"),
    ],
    ids=["cut off", "edited", "a line lost", "other newlines"],
)
def test_a_changed_manifest_is_noticed_by_every_reader_beside_a_whole_index(built, change):
    path = built / "manifest.jsonl"
    path.write_bytes(change(path.read_bytes().decode()).encode())
    corpus = built.parent.parent
    readers = (
        lambda: open_manifest(built),
        lambda: load_manifest(built),
        lambda: diff_manifests(built, built),
        lambda: frozen_clips(corpus),
    )
    for read in readers:
        with pytest.raises(DataError, match=r"manifest\.jsonl: changed since the version was"):
            read()
