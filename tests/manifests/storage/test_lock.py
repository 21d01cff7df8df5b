import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import manifests.storage.locking
from manifests.base.errors import CorpusError
from manifests.storage.locking import FolderLock, is_running, start_time_of


@pytest.fixture
def left(tmp_path):
    """Write a lock of some process."""

    def leave(pid=2**22 + 1, host=None, start=None, at=0.0):
        owner = {"host": host or socket.gethostname(), "pid": pid, "start": start, "time": at}
        (tmp_path / ".corpus.lock").write_text(json.dumps(owner))

    return leave


def test_second_holder_is_refused(tmp_path):
    with (
        FolderLock(tmp_path),
        pytest.raises(CorpusError, match="in use by process"),
        FolderLock(tmp_path),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_lock_of_a_dead_process_is_removed_and_reported(tmp_path):
    owner = {"host": socket.gethostname(), "pid": 2**22 + 1, "time": 0}
    (tmp_path / ".corpus.lock").write_text(json.dumps(owner))
    with FolderLock(tmp_path) as lock:
        assert "left behind" in lock.broken


def test_lock_of_another_host_is_respected_while_fresh(tmp_path):
    path = tmp_path / ".corpus.lock"
    path.write_text(json.dumps({"host": "elsewhere", "pid": os.getpid(), "time": 4e9}))
    with pytest.raises(CorpusError, match="elsewhere"), FolderLock(tmp_path):
        pass


def test_lock_of_another_host_is_broken_when_old(tmp_path, left):
    left(host="elsewhere", at=time.time() - 7 * 3600)
    with FolderLock(tmp_path) as lock:
        assert "left behind" in lock.broken


@pytest.mark.skipif(start_time_of(os.getpid()) is None, reason="the system doesn't tell starts")
def test_a_later_process_of_the_same_number_does_not_keep_a_lock_alive(tmp_path, left):
    left(pid=os.getpid(), start=start_time_of(os.getpid()))
    with pytest.raises(CorpusError, match="in use by process"), FolderLock(tmp_path):
        pass
    left(pid=os.getpid(), start="another boot 123")
    with FolderLock(tmp_path) as lock:
        assert "left behind" in lock.broken


def test_a_zombie_process_does_not_run():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        start = start_time_of(child.pid)
        assert is_running(child.pid, start)
        child.kill()
        if start is not None:
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            assert not is_running(child.pid, start)
    assert not is_running(child.pid, start)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        '{"host": "a", "pid": "x", "time": 1}',
        '{"host": "a", "pid": 1, "time": Infinity}',
        '{"host": "' + socket.gethostname() + '", "pid": 1.5, "time": 1}',
        '{"host": "a", "pid": 1, "time": 1' + "0" * 400 + "}",
        '{"host": "' + socket.gethostname() + '", "pid": 1' + "0" * 40 + ', "time": 1}',
        "[" * 100_000,
    ],
    ids=range(10),
)
def test_a_lock_without_an_owner_is_respected_and_later_removed(tmp_path, text):
    path = tmp_path / ".corpus.lock"
    path.write_text(text)
    with pytest.raises(CorpusError, match="starting here"), FolderLock(tmp_path):
        pass
    os.utime(path, (0, 0))
    with FolderLock(tmp_path) as lock:
        assert lock.broken


def test_a_clock_set_back_keeps_no_empty_lock_alive(tmp_path):
    path = tmp_path / ".corpus.lock"
    path.write_text("")
    os.utime(path, (time.time() + 10**6,) * 2)
    with FolderLock(tmp_path) as lock:
        assert lock.broken


def test_one_of_two_that_find_a_stale_lock_gets_the_folder(tmp_path, left, monkeypatch):
    left()
    first = FolderLock(tmp_path)
    really_alive = manifests.storage.locking._alive
    judged = []

    def alive(owner, stale_after):
        judged.append(owner["pid"])
        if len(judged) == 1:  # the second one has judged; before it acts, the first one comes
            first.__enter__()
            return False
        return really_alive(owner, stale_after)

    monkeypatch.setattr(manifests.storage.locking, "_alive", alive)
    with pytest.raises(CorpusError, match="in use by process"), FolderLock(tmp_path):
        pass
    assert judged[-1] == os.getpid()
    assert json.loads(first.path.read_text())["pid"] == os.getpid()
    first.__exit__()
    assert not list(tmp_path.iterdir())


def test_one_of_many_concurrent_processes_gets_the_folder(tmp_path, left):
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
        for _ in range(20):
            left()
            list(pool.map(come, range(8)))
    assert set(most) == {1}


def test_a_lock_removed_meanwhile_is_not_taken_from_its_new_holder(tmp_path):
    path = tmp_path / ".corpus.lock"
    with FolderLock(tmp_path):
        path.unlink()
        path.write_text("{}")
    assert path.read_text() == "{}"
