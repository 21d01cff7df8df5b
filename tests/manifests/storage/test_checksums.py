"""Files other than shards that aren't as they were written are refused, however they have it."""

import re
import shutil
import subprocess

import pytest

from manifests.base.errors import DataError
from manifests.storage.checksums import (
    add_checksum,
    checksums_renewed,
    name_by_content,
    read_whole,
    write_checksums,
)
from manifests.storage.store import read_jsonl, sealed_jsonl

ROWS = [{"clip_id": "a", "n": 1}, {"clip_id": "b", "n": 2}, {"clip_id": "c", "n": 3}]
PLAIN = b"".join(sealed_jsonl(ROWS).splitlines(keepends=True)[1:])


def _judgements(folder):
    path = folder / name_by_content(f"20261122T140000Z-{'0' * 16}.jsonl", PLAIN)
    path.write_bytes(PLAIN)
    return path


def _listed(folder):
    path = folder / "batch-0001.json"
    add_checksum(path, PLAIN)
    path.write_bytes(PLAIN)
    return path


def _sealed(folder):
    path = folder / "choices.jsonl"
    path.write_bytes(sealed_jsonl(ROWS))
    return path


@pytest.mark.parametrize("write", [_judgements, _listed, _sealed])
@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [*lines[:-2], lines[-2].replace(b"2", b"7"), lines[-1]],
        lambda lines: lines[:-1],
        lambda lines: [*lines[:-1], lines[-1][:-1]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines, b"\n"],
        lambda lines: [*lines[:-2], lines[-1], lines[-2]],
        lambda lines: [line.replace(b"\n", b"\r\n") for line in lines],
    ],
    ids=["digit", "line cut", "byte cut", "line twice", "blank line", "swapped", "CRLF"],
)
def test_damage(tmp_path, write, damage):
    path = write(tmp_path)
    read = (lambda: list(read_jsonl(path))) if write is _sealed else (lambda: read_whole(path))
    assert read() in (ROWS, PLAIN)
    lines = path.read_bytes().splitlines(keepends=True)
    head = lines[:1] if write is _sealed else []
    path.write_bytes(b"".join([*head, *damage(lines[len(head) :])]))
    expected = f"{path}: changed or cut off after it was written; restore it from a copy"
    with pytest.raises(DataError, match=re.escape(expected)):
        read()


def test_files_without_a_checksum_are_read(tmp_path):
    for name in ("20261122T140000Z-00000000.jsonl", "20261122T140000Z-00000000-2.jsonl", "x.json"):
        (tmp_path / name).write_bytes(PLAIN)
        assert read_whole(tmp_path / name) == PLAIN
        assert name_by_content(name, PLAIN) == name
    assert list(read_jsonl(tmp_path / "x.json")) == ROWS


def test_folders_of_their_own_keep_their_checksums(tmp_path):
    run = tmp_path / "seed-0"
    (run / "plots").mkdir(parents=True)
    (run / "plots" / "loss 图.png").write_bytes(b"png")
    write_checksums(run)
    with checksums_renewed(tmp_path):
        (tmp_path / "series.md").write_text("figures")
    listed = (tmp_path / "SHA256SUMS").read_text()
    assert [line.split("  ")[1] for line in listed.splitlines()] == ["series.md"]
    if tool := shutil.which("sha256sum"):
        for folder in (tmp_path, run):
            subprocess.run([tool, "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True)


@pytest.mark.parametrize(
    "bad",
    [
        *("0" * 63 + "  a\n", "0" * 64 + "  a"),
        *("0" * 64 + f"  {path}\n" for path in ("/etc/passwd", "../a", "a/../../b")),
    ],
)
def test_a_damaged_list(tmp_path, bad):
    path = _listed(tmp_path)
    (tmp_path / "SHA256SUMS").write_text(bad)
    with pytest.raises(DataError, match="SHA256SUMS: changed since it was written"):
        read_whole(path)
