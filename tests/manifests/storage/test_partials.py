"""Partial files and folders: removed once their writer is gone, and never before."""

import os
import signal
import subprocess
import sys
import time

import pytest

from manifests.access.lock import CorpusLock
from manifests.base.errors import CorpusError
from manifests.storage import partials
from manifests.storage.locking import FolderLock
from manifests.storage.partials import clear_partials, partial_path
from manifests.storage.store import atomic_folder, atomic_path, write_text

WRITER = """
import sys, time
from pathlib import Path
from manifests.storage.store import atomic_folder, atomic_path
where = Path(sys.argv[1])
with atomic_folder(where / "exports" / "v1") as folder, atomic_path(where / "x.csv") as file:
    (folder / "clip.wav").write_bytes(b"RIFF")
    file.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """Process in the middle of writing a folder and a file."""
    with subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=-1) as process:
        process.stdout.readline()
        yield process
        process.kill()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def hidden(folder):
    return [path for path in folder.rglob(".*") if "partial" in path.name]


def test_what_a_live_process_writes_is_left_alone_until_it_is_killed(writer, tmp_path):
    clear_partials(tmp_path, below=True)
    assert len(hidden(tmp_path)) == 2
    assert [path.read_bytes() for path in tmp_path.rglob("clip.wav")] == [b"RIFF"]
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    clear_partials(tmp_path, below=True)
    assert hidden(tmp_path) == []


def test_beside_a_live_process_others_write_and_finish(writer, tmp_path):
    write_text(tmp_path / "y.csv", "whole")
    with atomic_folder(tmp_path / "exports" / "v2"):
        pass
    assert names(tmp_path / "exports")[1:] == ["v2"]
    assert len(hidden(tmp_path)) == 2


def test_the_lock_of_a_corpus_clears_all_of_it_and_another_its_folder(tmp_path):
    left = [
        "exports/.0123456789abcdef.partial/audio/a.wav",
        "runs/.00.partial/model.safetensors",
        "runs/.unfinished/ab/.0f.partial.safetensors",
        ".cache/features/kind/.0f.partial.safetensors",
        "annotations/.0f.partial.csv",
        "clips/E01/context/.0f.partial.wav",
        ".0f.partial",
    ]
    for name in left:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("voice")
    with FolderLock(tmp_path / "runs", "train-x"):
        assert not (tmp_path / left[1]).exists()
        assert (tmp_path / left[2]).exists()
    with CorpusLock(tmp_path, "segment"):
        assert hidden(tmp_path) == []
    assert (tmp_path / "runs" / ".unfinished" / "ab").is_dir()


def test_only_names_of_partial_files_are_removed_and_no_link_is_followed(tmp_path):
    corpus, other = tmp_path / "corpus", tmp_path / "other"
    kept = [
        ".notes.partial",
        "x.partial.csv",
        ".0123456789abcdef.csv",
        ".0123456789abcdef.partials",
        ".git/.0f.partial",
    ]
    for name in kept:
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_text("text")
    other.mkdir()
    (other / ".0f.partial.wav").write_text("another corpus")
    (corpus / "clips").symlink_to(other)
    (corpus / ".00000000000000aa.partial.csv").symlink_to(corpus / kept[0])
    (corpus / ".00000000000000bb.partial").symlink_to(other)
    clear_partials(corpus, below=True)
    assert names(corpus) == sorted([".git", "clips", *kept[:4]])
    assert names(other) == [".0f.partial.wav"]
    assert (corpus / kept[4]).exists()
    clear_partials(tmp_path / "missing", below=True)


def test_without_locks_of_folders_only_old_ones_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(partials, "fcntl", None)
    new, old = tmp_path / ".0a.partial", tmp_path / ".0b.partial"
    grown = tmp_path / ".0c.partial"
    for folder in (new, old, grown):
        folder.mkdir()
        (folder / "clip.wav").touch()
    long_ago = time.time() - 2 * 24 * 3600
    for path in (old / "clip.wav", old, grown):
        os.utime(path, (long_ago, long_ago))
    clear_partials(tmp_path)
    assert names(tmp_path) == [new.name, grown.name]


@pytest.mark.parametrize("write", [atomic_path, atomic_folder])
def test_a_failed_writer_leaves_nothing(write, tmp_path):
    with pytest.raises(CorpusError, match="stop"), write(tmp_path / "v1.x"):
        raise CorpusError("stop")
    assert names(tmp_path) == []


def test_a_path_that_was_renamed_is_kept(tmp_path):
    with partial_path(tmp_path / "new", ".csv") as path:
        path.write_text("whole")
        path.rename(tmp_path / "new" / "x.csv")
    assert names(tmp_path / "new") == ["x.csv"]
