"""A disk that fills up while films are cut."""

import errno
import io
import os
import subprocess

import pytest
from typer.testing import CliRunner

import corpus_tools.media.samples
import manifests.storage.store
from corpus_tools.cli.app import app
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.records import Clip
from manifests.storage.shards import STAGES, read_stage


@pytest.fixture(scope="module")
def films(tmp_path_factory, make_scene, make_media):
    folder = tmp_path_factory.mktemp("films")
    for number in (1, 2):
        scene = make_scene([(3.4, 0.8), (3.4, 0.8), (3.4, 0.8)], seed=number)
        make_media(folder / f"E{number}.wav", scene)
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, films):
    corpus = Workspace.create(tmp_path_factory.mktemp("whole") / "corpus", "c").root
    assert segment(films, corpus).exit_code == 0
    assert sum(path.endswith(".wav") for path in tree(corpus)) == 6
    return tree(corpus)


@pytest.fixture
def corpus(tmp_path):
    return Workspace.create(tmp_path / "corpus", "c").root


def segment(films, corpus):
    return CliRunner().invoke(app, ["segment", str(films), "--corpus", str(corpus)])


def tree(corpus):
    return {
        path.relative_to(corpus).as_posix(): path.read_bytes()
        for path in sorted(corpus.rglob("*"))
        if path.is_file()
    }


def check_failed_whole(corpus, result):
    """Assert that a run failed with messages about the full disk and left nothing incomplete."""
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    errors = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert errors
    for line in errors:
        assert "no space left" in line
        assert str(corpus) in line
        assert "free some and run again" in line
    assert not [path for path in corpus.rglob(".*") if path.is_file()]
    named = {clip.path for clip in read_stage(corpus, STAGES["segments"], Clip)}
    assert {path for path in tree(corpus) if path.endswith(".wav")} == named


@pytest.mark.parametrize("writes", range(0, 17, 2))
def test_a_disk_that_is_full_after_some_files_leaves_whole_ones_only(
    corpus, films, undisturbed, monkeypatch, writes
):
    done = []
    sync = manifests.storage.store._sync

    def syncing(path):
        if path.is_file():
            done.append(path)
            if len(done) > writes:
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(path)

    with monkeypatch.context() as patched:
        patched.setattr(manifests.storage.store, "_sync", syncing)
        check_failed_whole(corpus, segment(films, corpus))
    assert segment(films, corpus).exit_code == 0
    assert tree(corpus) == undisturbed


class FullFile(io.FileIO):
    """A file on a disk with room for two seconds of sound."""

    def write(self, data):
        if self.tell() + len(data) > 64_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def test_a_disk_without_room_for_the_decoded_sound_is_named(
    corpus, films, undisturbed, monkeypatch, tmp_path
):
    def full_file(dir):
        return FullFile(tmp_path / "unnamed", "w+")

    with monkeypatch.context() as patched:
        patched.setattr(corpus_tools.media.samples.tempfile, "TemporaryFile", full_file)
        check_failed_whole(corpus, segment(films, corpus))
    assert segment(films, corpus).exit_code == 0
    assert tree(corpus) == undisturbed


@pytest.fixture
def small_disk(tmp_path):
    """A disk of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.name != "posix" or os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can make a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_small_disk_fills_up_and_goes_on_once_there_is_room(small_disk, films, undisturbed):
    corpus = Workspace.create(small_disk / "corpus", "c").root
    filling = small_disk / "filling"
    failures = 0
    for kilobytes in (0, 100, 430, 500, 700, 900):
        filling.write_bytes(b"")
        room = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        filling.write_bytes(bytes(max(room - kilobytes * 1024, 0)))
        result = segment(films, corpus)
        if result.exit_code:
            failures += 1
            check_failed_whole(corpus, result)
    assert failures
    filling.unlink()
    result = segment(films, corpus)
    assert result.exit_code == 0, result.output
    assert tree(corpus) == undisturbed
