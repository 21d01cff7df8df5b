import hashlib
import json
import shutil
import subprocess

import pytest

from manifests.base.errors import DataError
from manifests.storage.checksums import CHECKSUMS, checksum_lines
from manifests.versions.verify import verify_manifest


@pytest.fixture
def built(filled):
    filled.build()
    return filled.root / "manifests" / "v1"


def flip(path, position=-1):
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


def failed(folder):
    outcome = verify_manifest(folder)
    assert outcome.failed == len({failure.item for failure in outcome.failures})
    return {failure.item for failure in outcome.failures}


def test_an_unchanged_version_passes(built):
    outcome = verify_manifest(built)
    assert outcome.ok
    assert outcome.items_in == outcome.kept == 10 + 60
    assert outcome.details["files"] == 10
    assert outcome.details["clips"] == 60
    assert not outcome.warnings


def test_one_changed_bit_anywhere_is_reported(built):
    for path in sorted(built.iterdir()):
        whole = path.read_bytes()
        for position in (0, len(whole) // 3, len(whole) // 2, len(whole) - 2):
            flip(path, position)
            try:
                failures = verify_manifest(built).failures
                named = [f"{failure.item}: {failure.reason}" for failure in failures]
            except DataError as error:
                named = [str(error)]
            assert any(path.name in sentence for sentence in named), (position, named)
        path.write_bytes(whole)
    assert verify_manifest(built).ok


def test_an_edit_of_the_header_alone_is_reported(built):
    path = built / "manifest.json"
    header = json.loads(path.read_bytes())
    header["created"] = "2001-01-01T00:00:00Z"
    path.write_text(json.dumps(header))
    assert failed(built) == {"v1/manifest.json"}


def test_an_edit_of_the_entries_alone_says_how_to_go_on(built):
    path = built / "manifest.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    (failure,) = verify_manifest(built).failures
    assert failure.item == "v1/manifest.jsonl"
    assert failure.reason == (
        "changed since the version was written; restore it from a copy, or move the version's "
        "folder out of manifests/ and build it anew: corpus build-manifest"
    )


def test_a_withdrawal_without_a_tombstone_is_a_failure(built):
    part = {"kind": "speaker", "id": "f0", "created": "2026-11-01", "clips": 6, "votes": 0}
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built.iterdir()}
    files = {name: sums[name] for name in sums if name not in ("manifest.json", CHECKSUMS)}
    text = json.dumps({"withdrawals": [part], "files": files, "removed": []})
    (built / "withdrawn.json").write_text(text)
    sums["withdrawn.json"] = hashlib.sha256(text.encode()).hexdigest()
    del sums[CHECKSUMS]
    (built / CHECKSUMS).write_text(checksum_lines(sums))
    assert [failure.item for failure in verify_manifest(built).failures] == ["v1/withdrawn.json"]


def test_one_changed_bit_of_a_clip_is_reported_and_the_others_are_checked(built, filled):
    first, second = (filled.root / clip.path for clip in filled.clips[:2])
    flip(first)
    second.unlink()
    outcome = verify_manifest(built)
    reasons = {failure.item: failure.reason for failure in outcome.failures}
    assert reasons.keys() == {clip.path for clip in filled.clips[:2]}
    assert "changed" in reasons[filled.clips[0].path]
    assert "missing" in reasons[filled.clips[1].path]
    assert outcome.details["clips"] == 60


def test_hidden_files_of_file_managers_are_passed_over(built):
    for name in (".DS_Store", "._card.md"):
        (built / name).write_bytes(b"")
    assert verify_manifest(built).ok


def test_missing_and_extra_files_are_named(built):
    (built / "card.md").unlink()
    (built / "notes.txt").write_text("mine")
    assert failed(built) == {"v1/card.md", "v1/notes.txt"}


def test_a_clip_outside_the_corpus_is_not_read(built):
    path = built / "manifest.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0]["path"] = "../../etc/passwd"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    outcome = verify_manifest(built)
    reasons = {failure.item: failure.reason for failure in outcome.failures}
    assert "leaves" in reasons["../../etc/passwd"]


def test_a_file_outside_the_version_is_not_read(built):
    path = built / "manifest.json"
    header = json.loads(path.read_text())
    header["files"]["../../../secret"] = "0" * 64
    path.write_text(json.dumps(header))
    reasons = {failure.item: failure.reason for failure in verify_manifest(built).failures}
    assert "leaves" in reasons["v1/../../../secret"]


def test_an_old_version_without_checksums_is_checked_as_far_as_possible(built):
    (built / CHECKSUMS).unlink()
    outcome = verify_manifest(built)
    assert outcome.ok
    assert CHECKSUMS in outcome.warnings[0]
    flip(built / "classes.png")
    assert failed(built) == {"v1/classes.png"}


def test_a_renamed_version_is_reported(built):
    assert "manifest.json" in next(iter(failed(built.rename(built.with_name("v7")))))


def test_a_folder_without_a_version_is_reported(tmp_path):
    with pytest.raises(DataError, match="no manifest here"):
        verify_manifest(tmp_path)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs coreutils")
def test_other_tools_read_the_checksums(built):
    done = subprocess.run(["sha256sum", "--check", "--strict", CHECKSUMS], cwd=built, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    listed = (built / CHECKSUMS).read_text().splitlines()
    assert len(listed) == len(list(built.iterdir())) - 1
    sha256 = hashlib.sha256((built / "manifest.json").read_bytes()).hexdigest()
    assert f"{sha256}  manifest.json" in listed
