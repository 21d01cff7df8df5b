import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corpus_tools.runner import run_each
from manifests.errors import DataError
from manifests.outcome import Outcome


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
def test_results_come_in_the_order_of_the_items_and_failures_cost_one_sentence(workers):
    outcome, told = Outcome(), []
    done = list(
        run_each(
            [6, 4, 3, 2, 0],
            half,
            outcome,
            workers=workers,
            progress=lambda *seen: told.append(seen),
        )
    )
    assert done == [(6, 3), (4, 2), (2, 1), (0, 0)]
    assert [(f.item, f.reason) for f in outcome.failures] == [
        ("3", "3 is odd; give an even number")
    ]
    assert told == [(n, 5, str(item)) for n, item in enumerate([6, 4, 3, 2, 0], start=1)]


def test_a_process_that_dies_costs_only_its_item():
    outcome = Outcome()
    done = [found for _, found in run_each([1, 2, 3, 4], die_at_two, outcome, workers=2)]
    assert done == [1, 3, 4]
    assert [failure.item for failure in outcome.failures] == ["2"]
    assert "fewer --workers" in outcome.failures[0].reason


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_processes_end_with_the_run_that_started_them(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        "from pathlib import Path\n"
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_runner import note_process\n"
        "from corpus_tools.runner import run_each\n"
        "from manifests.outcome import Outcome\n"
        "if __name__ == '__main__':\n"
        f"    places = [Path({str(tmp_path)!r}) / name for name in 'ab']\n"
        "    list(run_each(places, note_process, Outcome(), workers=2))\n"
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

from corpus_tools.runner import run_each
from manifests.outcome import Outcome

if __name__ == "__main__":
    try:
        list(run_each([1.5, 1.5], time.sleep, Outcome(), workers=2))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals to processes")
@pytest.mark.parametrize("everybody", [False, True])
def test_ctrl_c_reaches_no_process_that_still_imports_and_ends_the_run(tmp_path, everybody):
    script = tmp_path / "run.py"
    script.write_text(SLOW_TO_IMPORT)
    run = subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, start_new_session=True
    )
    wait_until(lambda: any(tmp_path.glob("*.started")))
    time.sleep(0.2)
    if everybody:
        os.killpg(run.pid, signal.SIGINT)
    else:
        for started in tmp_path.glob("*.started"):
            os.kill(int(started.stem), signal.SIGINT)
    _, complaints = run.communicate(timeout=30)
    assert (run.returncode, complaints.decode()) == (130 if everybody else 0, "")


def wait_until(holds) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
