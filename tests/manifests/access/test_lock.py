import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import product

import filelock
import pytest

from manifests.access.lock import CorpusLock, commands_at_work
from manifests.access.table import ACCESS
from manifests.base.errors import CorpusError
from manifests.storage.locking import FolderLock
from manifests.storage.tombstones import Tombstone, put_tombstone
from tests.together import OtherProcess

USERS = {"export-manifest", "train", "compare", "evaluate", "predict", "serve", "suspects"}
"""Commands that change nothing that others read: they run beside all but withdraw."""
ANSWERS = {"push-tasks", "pull-annotations", "import-annotations"}
TEXTS = {"transcribe", "import-transcripts", "combine-transcripts"}
BESIDE_PAGES = ANSWERS | TEXTS | {"export-tasks", "build-manifest"}


def run_beside(first, second):
    """Return what the table of pairs in docs/explanation/together.md says, in other words."""
    pair = {first, second}
    if "withdraw" in pair:
        return False
    if pair & USERS:
        return True
    if "label-studio start" in pair:
        return len(pair) == 2
    if "review" in pair:
        return bool(pair & BESIDE_PAGES)
    return bool(pair & TEXTS and pair & ANSWERS)


@pytest.fixture(scope="module")
def other():
    with OtherProcess() as process:
        yield process


@pytest.fixture(params=["locks", "no locks"])
def file_system(request, monkeypatch):
    """Run a test with and without the locks of the file system."""
    if request.param == "no locks":

        def refuse(*_):
            raise OSError(errno.ENOTSUP, "no locks here")

        monkeypatch.setattr(filelock.FileLock, "_acquire", refuse)


@pytest.mark.parametrize(("first", "second"), product(ACCESS, ACCESS))
def test_each_pair_of_commands(first, second, other, tmp_path):
    other.enter(tmp_path, first)
    if run_beside(first, second):
        with CorpusLock(tmp_path, second):
            assert len(list(tmp_path.iterdir())) == 2
    else:
        with pytest.raises(CorpusError) as caught:
            CorpusLock(tmp_path, second).__enter__()
        assert f"{second} can't run beside {first} (process {other.pid} on" in str(caught.value)
        assert str(caught.value).endswith("; wait for it to end, or end it")
    other.leave()
    with CorpusLock(tmp_path, second) as lock:
        assert lock.broken is None
    assert not list(tmp_path.iterdir())


def test_a_message_says_since_when(other, tmp_path):
    other.enter(tmp_path, "segment")
    with pytest.raises(CorpusError, match=r"since 20\d\d-\d\d-\d\d \d\d:\d\d\); wait"):
        CorpusLock(tmp_path, "screen").__enter__()
    other.leave()


@pytest.mark.parametrize("command", ["withdraw", "train"])
def test_a_killed_command_is_no_obstacle(command, tmp_path):
    with OtherProcess() as process:
        process.enter(tmp_path, command)
        process.kill()
    assert list(tmp_path.iterdir())
    with CorpusLock(tmp_path, "withdraw") as lock:
        assert "removed the stale lock of a process that has ended" in lock.broken
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("file_system")
def test_threads_of_one_process_are_kept_apart_too(tmp_path):
    with CorpusLock(tmp_path, "train"), CorpusLock(tmp_path, "evaluate"):
        with pytest.raises(CorpusError, match=r"withdraw can't run beside (train|evaluate) "):
            CorpusLock(tmp_path, "withdraw").__enter__()
        assert {worker.command for worker in commands_at_work(tmp_path)} == {"train", "evaluate"}
    assert not list(tmp_path.iterdir())


def test_a_disk_without_locks_is_reported(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "no locks here")

    monkeypatch.setattr(filelock.FileLock, "_acquire", refuse)
    with CorpusLock(tmp_path, "segment") as lock:
        assert "this disk has no locks; if a command is killed on another machine" in lock.broken
        assert len(list(tmp_path.iterdir())) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("file_system")
def test_of_many_writers_at_once_one_is_inside(tmp_path):
    inside, most, refused = [], [], []

    def come():
        try:
            with CorpusLock(tmp_path, "segment"):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.002)
                inside.pop()
        except CorpusError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert len(most) + len(refused) == 8
    assert not [one for one in refused if "segment can't run beside segment (process" not in one]
    assert not list(tmp_path.iterdir())


def test_commands_on_two_corpora_run_beside_each_other(other, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    other.enter(one, "withdraw")
    with CorpusLock(two, "withdraw"):
        assert list(two.iterdir())
    other.leave()


def test_one_corpus_by_two_names_is_one(other, tmp_path):
    corpus, link = tmp_path / "corpus", tmp_path / "link"
    corpus.mkdir()
    link.symlink_to(corpus)
    other.enter(link, "segment")
    with pytest.raises(CorpusError, match="beside segment"):
        CorpusLock(corpus, "build-manifest").__enter__()
    other.leave()


def test_a_result_waits_for_a_withdrawal(other, tmp_path):
    said, entered = [], []
    other.enter(tmp_path, "withdraw")

    def publish():
        with CorpusLock(tmp_path, "train", wait=True, announce=said.append):
            entered.append(time.monotonic())

    thread = threading.Thread(target=publish)
    thread.start()
    while not said:
        time.sleep(0.01)
    assert not entered
    other.leave()
    thread.join(10)
    assert entered
    (sentence,) = said
    assert sentence.startswith(f"train waits for the end of withdraw (process {other.pid} on ")
    assert sentence.endswith("; Ctrl-C stops waiting")


def test_waiting_ends_with_ctrl_c_and_leaves_nothing(other, tmp_path):
    other.enter(tmp_path, "withdraw")
    code = (
        "import sys, pathlib; from manifests.access.lock import CorpusLock\n"
        "try: CorpusLock(pathlib.Path(sys.argv[1]), 'train', wait=True, announce="
        "lambda text: print(text, flush=True)).__enter__()\n"
        "except KeyboardInterrupt: print('interrupted')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True
    ) as waiting:
        assert "waits for the end of withdraw" in waiting.stdout.readline()
        waiting.send_signal(signal.SIGINT)
        assert waiting.stdout.read() == "interrupted\n"
    assert len(list(tmp_path.iterdir())) == 1  # that of the withdrawal
    other.leave()
    assert not list(tmp_path.iterdir())


def left(corpus, name="corpus-0a", **fields):
    """Write the lock file of a command on another machine, with a lock that can't be seen here."""
    row = {"command": "segment", "host": "elsewhere", "pid": 7, "time": time.time(), **fields}
    (corpus / f".{name}.lock").write_text(json.dumps(row))


def test_a_command_of_another_machine_is_respected_while_fresh(tmp_path):
    left(tmp_path)
    with pytest.raises(CorpusError, match=r"on 'elsewhere'.*, or delete \.corpus-0a\.\* if it is"):
        CorpusLock(tmp_path, "screen").__enter__()
    with CorpusLock(tmp_path, "train"):
        assert commands_at_work(tmp_path)
    left(tmp_path, time=time.time() - 7 * 3600)
    with CorpusLock(tmp_path, "screen") as lock:
        assert lock.broken


@pytest.mark.parametrize("command", ["dance", ["segment"], "\x1b[31m", None], ids=range(4))
def test_an_unknown_command_of_another_machine_keeps_out_all(tmp_path, command):
    left(tmp_path, command=command, time=1e300)
    with pytest.raises(CorpusError) as caught:
        CorpusLock(tmp_path, "train").__enter__()
    assert "train can't run beside another command (process 7 on 'elsewhere'); wait" in str(
        caught.value
    )


def test_a_file_that_names_nobody_is_removed(tmp_path):
    (tmp_path / ".corpus-zz.lock").write_text("[" * 100_000)
    (tmp_path / ".corpus-yy.lock").write_text("")
    with CorpusLock(tmp_path, "withdraw"):
        assert len(list(tmp_path.iterdir())) == 1
    assert not list(tmp_path.iterdir())


def test_a_link_is_no_lock_file(tmp_path):
    corpus, secret = tmp_path / "corpus", tmp_path / "secret"
    corpus.mkdir()
    secret.write_text("kept")
    (corpus / ".corpus-0a.lock").symlink_to(secret)
    with pytest.raises(CorpusError, match="is no lock file of corpus-tools; delete it"):
        CorpusLock(corpus, "train").__enter__()
    assert secret.read_text() == "kept"


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_corpus_that_nobody_can_write_into_may_be_used(tmp_path, monkeypatch, number):
    def refuse(self):
        raise OSError(number, os.strerror(number), str(self.path))

    monkeypatch.setattr(FolderLock, "__enter__", refuse)
    with CorpusLock(tmp_path, "evaluate"):
        assert not list(tmp_path.iterdir())
    with pytest.raises(OSError, match=os.strerror(number)):
        CorpusLock(tmp_path, "segment").__enter__()
    assert commands_at_work(tmp_path) == []


@pytest.mark.parametrize("command", [name for name in ACCESS if name != "withdraw"])
def test_an_interrupted_withdrawal_comes_first(tmp_path, command):
    put_tombstone(tmp_path, Tombstone(kind="speaker", id="f01", created="2026-11-22T14:00:00Z"))
    with pytest.raises(CorpusError, match="finish it first: corpus withdraw --speaker f01"):
        CorpusLock(tmp_path, command).__enter__()
    assert [path.name for path in tmp_path.iterdir()] == ["withdrawn.jsonl"]
    with CorpusLock(tmp_path, "withdraw"):
        assert commands_at_work(tmp_path)[0].host == socket.gethostname()


def test_a_withdrawal_at_work_is_not_called_interrupted(other, tmp_path):
    put_tombstone(tmp_path, Tombstone(kind="speaker", id="f01", created="2026-11-22T14:00:00Z"))
    other.enter(tmp_path, "withdraw")
    with pytest.raises(CorpusError, match="segment can't run beside withdraw"):
        CorpusLock(tmp_path, "segment").__enter__()
    other.leave()
