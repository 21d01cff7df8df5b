"""Kill each command that writes before, or amid, every n-th write; the next run must mend all.

    python -m benchmarks.storage.kills
    python -m benchmarks.storage.kills --points 5 screen withdraw       some commands, fewer points

A command runs on a copy of a small corpus and gets SIGKILL at a write: before it begins, or when
half of a buffer is written. The points are spread evenly over all writes of an undisturbed run.
Then the same command runs again. It must exit as an undisturbed run does, and the corpus, with all
that lies beside it and the server's content, must be the same, byte for byte, without another file.
`--signal INT` or `TERM` interrupt instead, at points spread evenly between the first write and the
last, which must end with one sentence, exit code 1, 130 or 143, and no traceback (for INT that of a
second Ctrl-C, since `train` ends with its epoch at the first); with both they take turns. It needs
Linux.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.storage.commands import CASES, Case, prepare
from benchmarks.storage.runs import Bench, Tree, differences
from benchmarks.storage.server import Server

__all__ = ["Result", "Trials", "chosen_cases", "points", "ready"]


@dataclass
class Result:
    """Kills of a command: writes of an undisturbed run, kills, equal trees afterwards.

    ``repeated`` is the exit code of a second undisturbed run, which may say that all is done.
    """

    writes: int = 0
    repeated: int = 0
    kills: int = 0
    left: int = 0
    equal: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


class Trials:
    """Kills of commands on a bench, by ``signals`` in turn."""

    def __init__(self, bench: Bench, server: Server) -> None:
        self.bench, self.server = bench, server
        self.signals: tuple[int, ...] = (signal.SIGKILL,)

    def of(self, case: Case, most: int) -> Result:
        """Kill a command at so many points at most, run it again, and compare."""
        began = time.monotonic()
        result = Result()
        command = case.command
        with self.started(case):
            wanted, result.writes = self.bench.run(command)
            said = self.bench.said()
            undisturbed, content = self.found(case)
            result.repeated, _ = self.bench.run(command)
        if wanted not in (0, 1) or "Traceback" in said:
            result.problems.append(f"undisturbed: exit code {wanted}: {said.strip()[-600:]}")
            return result
        for turn, at in enumerate(self._points(result.writes, most)):
            number = self.signals[turn % len(self.signals)]
            with self.started(case):
                code, _ = self.bench.run(command, at, partial(_end, number))
                if number == signal.SIGKILL and code == wanted:
                    continue  # with fewer writes than before, some of which depend on the time
                half, _ = self.found(case)
                problem = self._problem_of_the_end(code, number)
                result.kills += 1
                result.left += any(".partial" in path for path in half)
                code, _ = self.bench.run(command)
                again = self.bench.said()
                mended, held = self.found(case)
            different = differences(mended, undisturbed)
            if held != content:
                different.append("~the server")
            done = code == result.repeated and not differences(_unlocked(half), undisturbed)
            if code != wanted and not done and not problem:
                problem = f"then exit code {code}: {again.strip()[-300:]}"
            if different and not problem:
                problem = f"then different: {', '.join(different[:6])} ({len(different)})"
            result.equal += not problem
            if problem:
                result.problems.append(f"at write {at}: {problem}")
        result.seconds = time.monotonic() - began
        return result

    def _points(self, writes: int, most: int) -> list[int]:
        if signal.SIGKILL in self.signals:
            return points(writes, most)
        return points(writes, most + 2)[1:-1]  # something is done, and something left to do

    def started(self, case: Case) -> AbstractContextManager[None]:
        """Make the folder that a case starts from, and run its server."""
        prepare(self.bench, self.server, case.start)
        self.bench.begin(case.start)
        if not case.server:
            return nullcontext()
        return self.server.fresh(self.server.saved() if case.start == "pushed" else None)

    def found(self, case: Case) -> tuple[Tree, Any]:
        """Return what is in the trial's folder and on the server."""
        files = self.bench.tree()
        return files, _without_numbers(self.server.state()) if case.server else None

    def _problem_of_the_end(self, code: int, number: int) -> str:
        if number == signal.SIGKILL:
            return "" if code == -signal.SIGKILL else f"ended with {code}, not by the signal"
        said = self.bench.said()
        errors = [line for line in said.splitlines() if line.startswith("error:")]
        good = code in (1, 130, 143) and len(errors) == 1 and "interrupted" in errors[0]
        if "Traceback" in said or not good:
            return f"interrupted, exit code {code}, it said: {said.strip()[-300:]}"
        return ""


def _end(number: int) -> None:
    """End this process by a signal."""
    os.kill(os.getpid(), number)
    if number == signal.SIGINT:
        signal.default_int_handler(signal.SIGINT, None)


def _unlocked(files: Tree) -> Tree:
    return {name: what for name, what in files.items() if not name.endswith(".lock")}


def _without_numbers(state: dict[str, Any]) -> Any:
    return {
        "projects": sorted(str(row["title"]) for row in state["projects"].values()),
        "tasks": sorted(
            sorted(str(task["data"]) for task in tasks) for tasks in state["tasks"].values()
        ),
        "storages": sorted(len(rows) for rows in state["storages"].values()),
        "snapshots": len(state["snapshots"]),
    }


def points(writes: int, most: int) -> list[int]:
    """Return at most so many numbers of writes, from the first to the last, evenly spread.

    >>> points(3, 20), points(100, 5)
    ([1, 2, 3], [1, 26, 51, 75, 100])
    """
    if writes <= most:
        return list(range(1, writes + 1))
    return sorted({1 + round(place * (writes - 1) / (most - 1)) for place in range(most)})


def ready(folder: Path) -> Trials:
    """Return trials in an empty folder."""
    return Trials(Bench(folder), Server())


def chosen_cases(names: Sequence[str]) -> list[Case]:
    """Return the cases of these names, or that begin so where none has the name; without, all."""
    chosen = [
        case
        for name, case in CASES.items()
        if any(name == one or (one not in CASES and name.startswith(one)) for one in names)
    ]
    return chosen if names else list(CASES.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", help="default: all")
    parser.add_argument("--points", type=int, default=24, help="of each command (default: 24)")
    parser.add_argument("--signal", action="append", choices=("KILL", "INT", "TERM"))
    arguments = parser.parse_args()
    chosen = chosen_cases(arguments.commands)
    failed = False
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        trials = ready(Path(folder))
        if arguments.signal:
            trials.signals = tuple(signal.Signals[f"SIG{name}"] for name in arguments.signal)
        print("| command | writes | kills | half-written left | equal after the next run |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for case in chosen:
            row = trials.of(case, arguments.points)
            print(f"| {case.name} | {row.writes} | {row.kills} | {row.left} | {row.equal} |")
            print(f"{case.name}: {row.seconds:.1f} s", file=sys.stderr)
            for problem in row.problems:
                print(f"    {problem}", file=sys.stderr)
            sys.stdout.flush()
            failed |= bool(row.problems)
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
