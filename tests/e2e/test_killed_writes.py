"""Commands killed at a write, interrupted, or without room on the disk; the next run mends all.

`python -m benchmarks.storage.kills` and `full_disks` do more, of every command that writes.
"""

import errno
import os
import signal
import sys

import pytest

from benchmarks.storage.commands import CASES, Case
from benchmarks.storage.full_disks import problems_of, strange
from benchmarks.storage.kills import Trials
from benchmarks.storage.runs import Bench, differences
from benchmarks.storage.server import Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

COMMANDS = (
    CASES["export-tasks"],
    CASES["import-annotations"],
    CASES["export-manifest, csv"],
    Case("withdraw", "built", ("withdraw", "--speaker", "EB0")),
)


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    return Trials(Bench(tmp_path_factory.mktemp("kills"), heavy=False), Server())


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case.name)
def test_killed_at_a_write_and_run_again_it_ends_as_an_undisturbed_run(trials, case):
    result = trials.of(case, most=3)
    assert not result.problems
    assert result.kills == result.equal == 3


def test_interrupted_it_says_so_in_one_sentence(trials, monkeypatch):
    monkeypatch.setattr(trials, "signal", signal.SIGTERM)
    result = trials.of(CASES["export-tasks"], most=3)
    assert not result.problems


def no_room():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case.name)
def test_on_a_full_disk_it_says_so_and_leaves_nothing_half_written(trials, case):
    """`benchmarks.storage.full_disks` does it on a real one, which only root can make."""
    bench = trials.bench
    with trials.started(case):
        before = bench.tree()
        wanted, writes = bench.run(case.command)
        undisturbed = bench.tree()
    with trials.started(case):
        code, _ = bench.run(case.command, writes // 2, no_room, lasting=True)
        assert problems_of(code, wanted, bench.said()) == []
        assert code == 1
        assert strange(bench.tree(), before, undisturbed) == []
        assert bench.run(case.command)[0] == wanted
        assert differences(bench.tree(), undisturbed) == []
