"""Commands killed at a write, interrupted, or without room on the disk; the next run mends all.

`python -m benchmarks.storage.kills` and `full_disks` do more, of every command that writes.
"""

import errno
import os
import signal
import sys

import pytest

from benchmarks.storage.commands import CASES, WITHOUT_CASE, Case
from benchmarks.storage.full_disks import problems_of, strange
from benchmarks.storage.kills import Trials
from benchmarks.storage.runs import Bench, differences
from benchmarks.storage.server import Server
from manifests.access.table import ACCESS

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


def test_each_command_that_writes_has_a_case():
    """What stands in the table of commands that register themselves is killed, or says why not."""
    killed = {
        "review --apply" if "--apply" in case.arguments else case.arguments[0]
        for case in CASES.values()
    }
    assert ACCESS.keys() - killed == WITHOUT_CASE.keys()
    assert all(WITHOUT_CASE.values())
    for case in CASES.values():
        assert case.name.startswith(case.arguments[0])


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case.name)
def test_killed_at_a_write_and_run_again_it_ends_as_an_undisturbed_run(trials, case):
    result = trials.of(case, most=3)
    assert not result.problems
    assert result.kills == result.equal == 3


def test_a_corpus_that_was_half_made_is_made_anew(trials):
    result = trials.of(CASES["init"], most=12)
    assert not result.problems
    assert result.left


def test_interrupted_it_says_so_in_one_sentence(trials, monkeypatch):
    monkeypatch.setattr(trials, "signals", (signal.SIGTERM, signal.SIGINT))
    result = trials.of(CASES["export-tasks"], most=3)
    assert not result.problems


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.EROFS, "is on a read-only disk; make it writable, or work on a copy elsewhere"),
        (
            errno.EACCES,
            "may not be written by this user; change its permissions, or work on a copy elsewhere",
        ),
    ],
)
@pytest.mark.parametrize(
    "case",
    [*COMMANDS, CASES["screen"], CASES["build-manifest"], CASES["review"], CASES["segment"]],
    ids=lambda case: case.name,
)
def test_a_corpus_that_cant_be_written_is_one_sentence(trials, case, number, sentence):
    bench = trials.bench
    corpus = bench.trial / "corpus"

    def refuse():
        raise OSError(number, os.strerror(number), str(corpus / ".corpus.lock"))

    with trials.started(case):
        before = bench.tree()
        code, _ = bench.run(case.command, 1, refuse, lasting=True)
        errors = [line for line in bench.said().splitlines() if line.startswith("error:")]
        assert (code, errors) == (1, [f"error: {corpus}: {sentence}"])
        assert differences(bench.tree(), before) == []


@pytest.mark.parametrize(
    "command",
    ["status", "verify", "verify-manifest", "agreement", "diff-manifests v1 v1", "why"],
)
def test_a_corpus_that_cant_be_written_can_be_looked_at(trials, command):
    bench = trials.bench

    def refuse():
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(bench.trial))

    arguments = command.split()
    with trials.started(Case(command, "built", tuple(arguments))):
        if command == "why":
            arguments.append(next(bench.trial.glob("corpus/clips/*/*.wav")).stem)
        code, _ = bench.run([*arguments, "--corpus", "trial/corpus"], 1, refuse, lasting=True)
        assert code == 0, bench.said()
        assert "error" not in bench.said()


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
