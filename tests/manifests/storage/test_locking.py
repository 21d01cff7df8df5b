import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import filelock
import pytest

from manifests.base.errors import CorpusError
from manifests.storage.locking import FolderLock


@pytest.fixture
def left(tmp_path):
    """Write the lock file of some process."""

    def leave(pid=2**22 + 1, host=None, at=0.0):
        owner = {"host": host or socket.gethostname(), "pid": pid, "time": at}
        (tmp_path / ".corpus.lock").write_text(json.dumps(owner))

    return leave


@pytest.fixture(params=["locks", "no locks"])
def file_system(request, monkeypatch):
    """Run a test with and without the locks of the file system."""
    if request.param == "no locks":

        def refuse(*_):
            raise OSError(errno.ENOTSUP, "no locks here")

        monkeypatch.setattr(filelock.FileLock, "_acquire", refuse)


@pytest.mark.usefixtures("file_system")
def test_second_holder_is_refused(tmp_path):
    with (
        FolderLock(tmp_path),
        pytest.raises(CorpusError, match=f"in use by process {os.getpid()} on .*, or end it"),
        FolderLock(tmp_path),
    ):
        pass
    assert not list(tmp_path.iterdir())
    with FolderLock(tmp_path) as lock:
        assert lock.broken is None


def test_a_killed_holder_blocks_nobody_and_is_reported(tmp_path):
    code = "import sys, pathlib; from manifests.storage.locking import FolderLock\n"
    code += "with FolderLock(pathlib.Path(sys.argv[1])): print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        with pytest.raises(CorpusError, match=f"process {holder.pid} "):
            FolderLock(tmp_path).__enter__()
        holder.send_signal(signal.SIGKILL)
    with FolderLock(tmp_path) as lock:
        assert "stale lock" in lock.broken
    assert not list(tmp_path.iterdir())


def test_a_later_process_of_the_same_number_does_not_keep_a_lock_alive(tmp_path, left):
    left(pid=os.getpid())
    with FolderLock(tmp_path) as lock:
        assert "stale lock" in lock.broken


def test_lock_of_another_host_is_respected_while_fresh(tmp_path, left):
    left(host="elsewhere", at=time.time() - 3600)
    with pytest.raises(CorpusError, match=r"on 'elsewhere'; .* or delete \.corpus\.lock"):
        FolderLock(tmp_path).__enter__()
    assert "elsewhere" in (tmp_path / ".corpus.lock").read_text()


def test_lock_of_another_host_is_broken_when_old(tmp_path, left):
    left(host="elsewhere", at=time.time() - 7 * 3600)
    with FolderLock(tmp_path) as lock:
        assert "stale lock" in lock.broken


def test_a_marker_of_another_host_is_broken_only_when_old(tmp_path, left, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOTSUP, "no locks here")

    monkeypatch.setattr(filelock.FileLock, "_acquire", refuse)
    marker, long_ago = tmp_path / ".corpus.marker", time.time() - 7 * 3600
    marker.write_text("7\nelsewhere\n")
    left(host="elsewhere", at=time.time())
    with pytest.raises(CorpusError, match=r"delete \.corpus\.marker and \.corpus\.lock"):
        FolderLock(tmp_path).__enter__()
    left(host="elsewhere", at=long_ago)
    os.utime(marker, (long_ago, long_ago))
    with FolderLock(tmp_path) as lock:
        assert lock.broken
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["symlink_to", "hardlink_to", "mkdir"])
def test_a_link_or_folder_is_no_lock_file(tmp_path, kind):
    other, path = tmp_path / "other", tmp_path / ".corpus.lock"
    other.write_text("kept")
    getattr(path, kind)(*([] if kind == "mkdir" else [other]))
    with pytest.raises(CorpusError, match=r"\.corpus\.lock: is no lock file of corpus-tools"):
        FolderLock(tmp_path).__enter__()
    assert other.read_text() == "kept"


def test_a_lock_file_of_another_user_is_explained(tmp_path, left, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(filelock.FileLock, "_acquire", refuse)
    left()
    with pytest.raises(CorpusError, match="another user's; delete it if their run has ended"):
        FolderLock(tmp_path).__enter__()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "7",
        '{"host": "a", "pid": "x", "time": 1}',
        '{"host": "a", "pid": 1, "time": Infinity}',
        '{"host": "' + socket.gethostname() + '", "pid": 1.5, "time": 1}',
        '{"host": "a", "pid": 1, "time": 1' + "0" * 400 + "}",
        "[" * 100_000,
    ],
    ids=range(8),
)
def test_a_lock_file_that_names_nobody_is_replaced(tmp_path, text):
    path = tmp_path / ".corpus.lock"
    path.write_text(text)
    with FolderLock(tmp_path) as lock:
        assert lock.broken
        path.write_text(text)
        with pytest.raises(CorpusError, match="starting here"):
            FolderLock(tmp_path).__enter__()


@pytest.mark.usefixtures("file_system")
def test_one_of_many_concurrent_threads_gets_the_folder(tmp_path, left):
    inside, most = [], []

    def come(_):
        try:
            with FolderLock(tmp_path):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()
        except CorpusError:
            return

    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            left()
            list(pool.map(come, range(8)))
    assert set(most) == {1}


def test_a_lock_removed_meanwhile_is_not_taken_from_its_new_holder(tmp_path):
    path = tmp_path / ".corpus.lock"
    with FolderLock(tmp_path):
        path.unlink()
        path.write_text("{}")
    assert path.read_text() == "{}"


def test_a_full_disk_is_reported(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(CorpusError, match="no space left"):
        FolderLock(tmp_path).__enter__()
