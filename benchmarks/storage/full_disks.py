"""Run each command that writes on a disk that gets full, then again with room for all.

    python -m benchmarks.storage.full_disks          as root, since it makes small disks (tmpfs)

A command runs on a copy of a small corpus on a disk with no room, or with a third or two thirds of
the room that an undisturbed run takes. It must end by itself with exit code 1 and one sentence that
names the place and says what to do, or else as an undisturbed run does; it must leave no file that
wasn't there and isn't after an undisturbed run, but for what `train` continues from, and `corpus
verify` must find nothing wrong. Then the disk gets more room and the command runs again: all must
be as after an undisturbed run, but that features may be missing, which are made when needed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.storage.commands import Case
from benchmarks.storage.kills import Trials, chosen_cases, ready
from benchmarks.storage.runs import Tree, differences

__all__ = ["Room", "problems_of", "strange"]

_SPARE = 64 << 20  # bytes
_FEATURES, _UNFINISHED = "/.cache/features/", "/runs/.unfinished/"
_LEAST = 3 * 4096  # bytes; commands that write as much as they delete need room in between


@dataclass
class Room:
    """Runs of a command on full disks: how many failed, with how many sentences, and problems."""

    bytes: int = 0
    runs: int = 0
    failed: int = 0
    equal: int = 0
    problems: list[str] = field(default_factory=list)


def trial_of(trials: Trials, case: Case) -> Room:
    """Run a command at three sizes of the disk, and once more with room."""
    bench, row = trials.bench, Room()
    with _disk(bench.trial, _SPARE), trials.started(case):
        before, used = trials.found(case)[0], _used(bench.trial)
        wanted, _ = bench.run(case.command)
        undisturbed, content = trials.found(case)
        row.bytes = max(_used(bench.trial) - used, _LEAST)
        repeated, _ = bench.run(case.command)
    for share in (0, 1, 2):
        row.runs += 1
        with _disk(bench.trial, _SPARE), trials.started(case):
            _resize(bench.trial, _used(bench.trial) + row.bytes * share // 3)
            first, _ = bench.run(case.command)
            said = bench.said()
            half = bench.tree()
            row.failed += first != wanted
            problems = problems_of(first, wanted, said)
            problems += [f"left {name}" for name in strange(half, before, undisturbed)[:5]]
            corpus = "trial/new" if case.name == "init" else "trial/corpus"
            if first != wanted and f"{corpus.removeprefix('trial/')}/corpus.toml" in half:
                code, _ = bench.run(["verify", "--corpus", corpus])
                if code:
                    problems.append(f"verify: {bench.said().strip()[-200:]}")
            _resize(bench.trial, _SPARE)
            code, _ = bench.run(case.command)
            again = bench.said()
            mended, held = trials.found(case)
        if code != wanted and (first, code) != (wanted, repeated):
            problems.append(f"then exit code {code}: {again.strip()[-300:]}")
        different = [
            change
            for change in differences(mended, undisturbed)
            if not (change.startswith("-") and _FEATURES in change)
        ]
        different += ["~the server"] * (held != content)
        if different:
            problems.append(f"then different: {', '.join(different[:6])} ({len(different)})")
        row.equal += not problems
        row.problems += [f"{share}/3 of the room: {problem}" for problem in problems]
    return row


def problems_of(code: int, wanted: int, said: str) -> list[str]:
    """Return what is wrong with the end of a command that may have found a disk full."""
    if code == wanted:
        return [f"a traceback: {said[-300:]}"] * ("Traceback" in said)
    errors = [line for line in said.splitlines() if line.startswith("error:")]
    if code != 1 or "Traceback" in said or not errors:
        return [f"exit code {code}, it said: {said.strip()[-300:]}"]
    poor = [line for line in errors if "no space left" not in line or "run again" not in line]
    return poor + [f"{len(errors)} sentences: {errors[:3]}"] * (len(errors) > 1)


def strange(half: Tree, before: Tree, undisturbed: Tree) -> list[str]:
    """Return the files that were neither there before nor are after an undisturbed run.

    The state that an unfinished training continues from isn't strange.
    """
    known = before.keys() | undisturbed.keys()
    return [
        name
        for name, what in half.items()
        if name not in known and what != "folder" and _UNFINISHED not in name
    ]


def _used(folder: Path) -> int:
    room = os.statvfs(folder)
    return (room.f_blocks - room.f_bfree) * room.f_frsize


def _resize(folder: Path, size: int) -> None:
    size = max(-(-size // 4096), 1) * 4096
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


@contextmanager
def _disk(folder: Path, size: int) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", help="default: all")
    arguments = parser.parse_args()
    chosen = chosen_cases(arguments.commands)
    failed = False
    with tempfile.TemporaryDirectory(prefix="full-") as folder:
        trials = ready(Path(folder))
        print("| command | kilobytes | runs | failed | whole, and equal with room |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for case in chosen:
            row = trial_of(trials, case)
            size = f"{row.bytes / 1024:.0f}"
            print(f"| {case.name} | {size} | {row.runs} | {row.failed} | {row.equal} |")
            for problem in row.problems:
                print(f"    {problem}", file=sys.stderr)
            sys.stdout.flush()
            failed |= bool(row.problems)
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
