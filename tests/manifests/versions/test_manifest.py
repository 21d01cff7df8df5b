import json

import pytest

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.storage.store import read_jsonl, sha256_file, write_jsonl
from manifests.versions.manifest import (
    ENTRIES,
    HEADER,
    content_digest,
    find_manifest,
    load_manifest,
    newest,
    next_version,
    read_manifest_header,
)


@pytest.fixture
def v1(filled):
    filled.build()
    return filled.root / "manifests" / "v1"


def forge(folder, change_header=None, change_entry=None):
    """Change a version and update its digests."""
    header = json.loads((folder / HEADER).read_text())
    if change_entry:
        rows = list(read_jsonl(folder / ENTRIES))
        change_entry(rows[1])
        write_jsonl(folder / ENTRIES, rows)
        header["files"][ENTRIES] = sha256_file(folder / ENTRIES)
        header["digest"] = content_digest(header["files"][ENTRIES], header["params"])
    if change_header:
        change_header(header)
    (folder / HEADER).write_text(json.dumps(header))


def test_opened_manifest_knows_its_corpus_and_clips(v1, filled):
    manifest = load_manifest(v1)
    assert manifest.corpus == filled.root
    assert len(manifest.entries) == 60
    assert all(manifest.audio(entry).is_file() for entry in manifest.entries)
    assert [e.clip_id for e in manifest.entries] == sorted(e.clip_id for e in manifest.entries)


def test_any_changed_byte_is_noticed(v1):
    path = v1 / ENTRIES
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"manifest\.jsonl: changed since"):
        load_manifest(v1)


def test_changed_params_are_noticed(v1):
    forge(v1, lambda header: header["params"]["split"].update(seed=7))
    with pytest.raises(DataError, match=r"manifest\.json: its params or digest changed"):
        load_manifest(v1)


def test_newer_schema_is_refused_by_name(v1):
    forge(v1, lambda header: header.update(schema=99, news="unheard of"))
    with pytest.raises(DataError, match=r"manifest\.json: written by a newer .* \(schema 99"):
        load_manifest(v1)


@pytest.mark.parametrize(
    "params",
    [
        '{"x": NaN}',
        r'{"x": "\ud800"}',
        '{"x": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"split": [1]}',
    ],
)
def test_invalid_params_are_refused(v1, params):
    header = json.loads((v1 / HEADER).read_text()) | {"params": "HERE"}
    (v1 / HEADER).write_text(json.dumps(header).replace('"HERE"', params))
    with pytest.raises(DataError, match=r"manifest\.json"):
        read_manifest_header(v1)


def test_counts_missing_from_a_header_are_zero(v1):
    forge(v1, lambda header: header.update(counts={"val": {"sad": 3}}))
    counts = read_manifest_header(v1).counts
    assert counts["val"] == dict.fromkeys(EMOTIONS, 0) | {"sad": 3}
    assert counts["held"] == dict.fromkeys(EMOTIONS, 0)


def test_class_outside_the_six_is_named_with_its_line(v1):
    forge(v1, change_entry=lambda row: row.update(emotion="bored"))
    with pytest.raises(DataError, match=r"line 2: manifestentry field 'emotion': .*angry"):
        load_manifest(v1)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', "\xff", "[" * 100_000])
def test_broken_header_is_one_sentence(v1, text):
    (v1 / HEADER).write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"manifest\.json: "):
        load_manifest(v1)


def test_missing_entries(v1):
    (v1 / ENTRIES).unlink()
    with pytest.raises(DataError, match="missing"):
        load_manifest(v1)


def test_path_out_of_the_corpus_is_refused(v1):
    forge(v1, change_entry=lambda row: row.update(path="../../secret.wav"))
    manifest = load_manifest(v1)
    with pytest.raises(DataError, match="refused"):
        manifest.audio(manifest.entries[1])


def test_versions_are_found_by_number(tmp_path):
    with pytest.raises(DataError, match="run: corpus build-manifest"):
        find_manifest(tmp_path)
    assert newest(tmp_path) is None
    assert next_version(tmp_path) == "v1"
    for name in ("v2", "v10", "v1", "vx", ".v11.partial"):
        (tmp_path / "manifests" / name).mkdir(parents=True)
        (tmp_path / "manifests" / name / HEADER).touch()
    (tmp_path / "manifests" / "v12").mkdir()  # somebody's half a copy
    assert find_manifest(tmp_path).name == "v10"
    assert find_manifest(tmp_path, "2").name == find_manifest(tmp_path, "v2").name == "v2"
    assert next_version(tmp_path) == "v13"
    with pytest.raises(DataError, match="no manifest version '3'; there is: v1, v2, v10"):
        find_manifest(tmp_path, "3")
