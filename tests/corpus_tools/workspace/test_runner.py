import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corpus_tools.workspace.runner import run_each
from manifests.base.errors import NOT_TRIED, DataError, FullDiskError
from manifests.base.outcome import Outcome


def half(number: int) -> int:
    if number % 2:
        raise DataError(f"{number} is odd; give an even number")
    time.sleep(0.02 * (4 - number / 2))
    return number // 2


def die_at_two(number: int) -> int:
    if number == 2:
        os._exit(9)
    return number


def note_process(path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(60)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_keep_the_order_and_failures_are_reported(workers):
    outcome, progress = Outcome(), []
    done = list(
        run_each(
            [6, 4, 3, 2, 0],
            half,
            outcome,
            workers=workers,
            progress=lambda *call: progress.append(call),
        )
    )
    assert done == [(6, 3), (4, 2), (2, 1), (0, 0)]
    assert [(f.item, f.reason) for f in outcome.failures] == [
        ("3", "3 is odd; give an even number")
    ]
    assert progress == [(n, 5, str(item)) for n, item in enumerate([6, 4, 3, 2, 0], start=1)]


def full_at_two(number: int) -> int:
    if number == 2:
        raise FullDiskError("clips/a: no space left; free some and run again")
    return number


def full_at_once(number: int) -> int:
    time.sleep(0.01)
    raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "clips/a")


def test_a_full_disk_ends_the_run_and_the_rest_is_not_tried():
    outcome = Outcome()
    results = list(run_each([1, 2, 3, 4], full_at_two, outcome, name=str))
    assert results == [(1, 1)]
    assert [(failure.item, failure.reason) for failure in outcome.failures] == [
        ("2", "clips/a: no space left; free some and run again"),
        ("3", "not tried, since there is no space left"),
        ("4", "not tried, since there is no space left"),
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_with_a_full_disk_few_of_many_are_tried(workers):
    outcome = Outcome()
    assert list(run_each(list(range(50)), full_at_once, outcome, workers=workers)) == []
    assert len(outcome.failures) == 50
    untried = [failure for failure in outcome.failures if failure.reason == NOT_TRIED]
    assert len(untried) >= (49 if workers == 1 else 40)
    assert "no space left on the disk; free some" in outcome.failures[0].reason


def test_dead_process_fails_only_its_item():
    outcome = Outcome()
    done = [value for _, value in run_each([1, 2, 3, 4], die_at_two, outcome, workers=2)]
    assert done == [1, 3, 4]
    assert [failure.item for failure in outcome.failures] == ["2"]
    assert "fewer --workers" in outcome.failures[0].reason


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_workers_end_with_their_parent(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        "from pathlib import Path\n"
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_runner import note_process\n"
        "from corpus_tools.workspace.runner import run_each\n"
        "from manifests.base.outcome import Outcome\n"
        "if __name__ == '__main__':\n"
        f"    paths = [Path({str(tmp_path)!r}) / name for name in 'ab']\n"
        "    list(run_each(paths, note_process, Outcome(), workers=2))\n"
    )
    run = subprocess.Popen([sys.executable, str(script)])
    notes = [tmp_path / name for name in "ab"]
    wait_until(lambda: all(note.exists() and note.read_text() for note in notes))
    run.kill()
    run.wait()
    wait_until(lambda: not any(alive(int(note.read_text())) for note in notes))


SLOW_TO_IMPORT = """
import os, sys, time
from pathlib import Path

if __name__ == "__mp_main__":
    Path(sys.argv[0]).with_name(f"{os.getpid()}.started").touch()
    time.sleep(1)

from corpus_tools.workspace.runner import run_each
from manifests.base.outcome import Outcome

if __name__ == "__main__":
    try:
        list(run_each([1.5, 1.5], time.sleep, Outcome(), workers=2))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals to processes")
@pytest.mark.parametrize("whole_group", [False, True])
def test_ctrl_c_spares_importing_workers_and_ends_the_run(tmp_path, whole_group):
    script = tmp_path / "run.py"
    script.write_text(SLOW_TO_IMPORT)
    run = subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, start_new_session=True
    )
    wait_until(lambda: any(tmp_path.glob("*.started")))
    time.sleep(0.2)
    if whole_group:
        os.killpg(run.pid, signal.SIGINT)
    else:
        for started in tmp_path.glob("*.started"):
            os.kill(int(started.stem), signal.SIGINT)
    _, stderr = run.communicate(timeout=120)
    assert (run.returncode, stderr.decode()) == (130 if whole_group else 0, "")


def wait_until(condition) -> None:
    end = time.monotonic() + 120  # a busy machine imports slowly
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.05)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
