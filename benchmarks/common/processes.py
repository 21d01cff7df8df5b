"""Run a command as a whole process: its time, and the most memory it and its children hold."""

import resource
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CORPUS", "Run", "measure"]

CORPUS = [str(Path(sys.executable).with_name("corpus"))]
"""The `corpus` command of this environment."""


@dataclass(frozen=True)
class Run:
    """Cost of a command; memory is the sum over its processes of what only they hold.

    Attributes:
        seconds: wall time.
        processor: seconds that processors spent on it and its children, in user and system.
        mebibytes: peak of resident memory, pages that processes share counted once (PSS).
    """

    seconds: float
    processor: float
    mebibytes: float


def measure(command: Sequence[str | Path], folder: Path | None = None) -> Run:
    """Run a command to its end.

    Raises:
        subprocess.CalledProcessError: if it fails, with what it printed to stderr.
    """
    start, spent = time.perf_counter(), _spent()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    peak = _Peak(process.pid)
    with peak:
        _, said = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), stderr=said)
    return Run(seconds, _spent() - spent, peak.bytes / 2**20)


def _spent() -> float:
    """Return the processor time of all children that have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Peak:
    """Watches a process and its children, ten times a second."""

    def __init__(self, process: int) -> None:
        self.bytes = 0
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "_Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            family = sum(_held(process) for process in _family(self._process))
            self.bytes = max(self.bytes, family)


def _family(process: int) -> list[int]:
    children = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children[int(fields[1])].append(int(status.parent.name))
    found, waiting = [], [process]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children[one]
    return found


def _held(process: int) -> int:
    try:
        rows = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    sizes = [int(row.split()[1]) for row in rows if row.startswith("Pss:")]
    return 1024 * sum(sizes)
