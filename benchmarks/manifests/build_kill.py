"""Kill `corpus build-manifest` at random moments; the state must be the old or the new one.

    python benchmarks/manifests/build_kill.py
    python benchmarks/manifests/build_kill.py --times 10 --clips 240      what the tests do

Each trial starts from a corpus with a version and new answers, of which the next version is to be
made. The process gets SIGKILL at a moment drawn uniformly from the length of a quiet run (of those
that end before, the trial is drawn again). Counted as whole: the first version is unchanged, and
there is either no second one or one that verify-manifest finds nothing wrong with. Then the command
is run again, which must end with the second version of a quiet run, byte for byte but for pictures,
and with nothing half-written left. A kill while the lock was made leaves it unsigned; for the next
five seconds the lock refuses a run, which is then repeated. Exit code 0 if all of this holds
for all trials.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common.generated_corpus import add_judgements, write_corpus
from manifests.versions.verify import verify_manifest

KILLED = -9
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["corpus_tools.cli.build_manifest", "corpus_tools.assembly.manifest", "matplotlib.pyplot"]
)
COLUMNS = (
    "kills",
    "old",
    "new",
    "folder left half-written",
    "whole",
    "refused by the lock",
    "equal after the next run",
)
LOCK_IS_STALE = 5.5  # seconds after which a lock that nobody signed is


def run_command(log: Path, arguments: list[str]) -> None:
    """Be the command `corpus`; its output goes to a file."""
    from corpus_tools.cli import main

    with log.open("w", encoding="utf-8") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        sys.argv = ["corpus", *arguments]
        main()


def build(corpus: Path, log: Path, after: float | None = None) -> int | None:
    """Run the command, kill it after some seconds, and return its exit code."""
    arguments = ["build-manifest", "--quiet", "--corpus", str(corpus)]
    process = PROCESSES.Process(target=run_command, args=(log, arguments))
    process.start()
    process.join(after)
    process.kill()
    process.join()
    return process.exitcode


def content(corpus: Path) -> dict[str, bytes]:
    """Return the files of all versions with their bytes, pictures left out."""
    found = {}
    for path in sorted((corpus / "manifests").rglob("*")):
        if path.suffix not in (".png",) and not path.name.endswith(".lock"):
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                found[path.relative_to(corpus).as_posix()] = path.read_bytes()
    return found


def is_whole(corpus: Path) -> bool:
    """Return whether all versions are intact."""
    versions = sorted(path for path in (corpus / "manifests").glob("v*"))
    return bool(versions) and all(verify_manifest(version).ok for version in versions)


def trials(folder: Path, times: int, clips: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Kill the command repeatedly; return the counts and the problems."""
    log, start, trial = folder / "log", folder / "start" / "c", folder / "trial" / "c"
    ids = write_corpus(start, sources=12, clips_of_each=clips // 12)
    half = len(ids) * 2 // 3
    add_judgements(start, ids[:half], "first")
    assert build(start, log) == 0, log.read_text()
    add_judgements(start, ids[half:], "second")
    quiet = folder / "quiet" / "c"
    shutil.copytree(start, quiet)
    began = time.monotonic()
    assert build(quiet, log) == 0, log.read_text()
    seconds = time.monotonic() - began
    old, new = content(start), content(quiet)
    counts, problems = dict.fromkeys(COLUMNS, 0), []
    rng = random.Random(seed)
    while counts["kills"] < times:
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(start, trial)
        moment = rng.uniform(0, seconds)
        if build(trial, log, moment) != KILLED:
            seconds = min(seconds, moment)
            continue
        counts["kills"] += 1
        left = list((trial / "manifests").glob(".*.partial"))
        counts["folder left half-written"] += bool(left)
        counts["new" if (trial / "manifests" / "v2").exists() else "old"] += 1
        whole = is_whole(trial)
        counts["whole"] += whole
        code = build(trial, log)
        if code == 1 and "another process is starting here; run again" in log.read_text("utf-8"):
            counts["refused by the lock"] += 1
            time.sleep(LOCK_IS_STALE)
            code = build(trial, log)
        equal = code == 0 and content(trial) == new
        counts["equal after the next run"] += equal
        if not (whole and equal):
            different = sorted({path for path, _ in set(content(trial).items()) ^ set(new.items())})
            problems.append(
                f"killed after {moment:.3f} s: whole {whole}, exit code {code}, different: "
                f"{', '.join(different[:5])}; {log.read_text('utf-8').strip()[-300:]}"
            )
    assert old.items() <= new.items()
    return counts, problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50, help="kills (default: 50)")
    parser.add_argument("--clips", type=int, default=2400, help="of the corpus (default: 2400)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    os.environ |= {"PYTHONWARNINGS": "ignore:resource_tracker", "SOURCE_DATE_EPOCH": "1767225600"}
    with tempfile.TemporaryDirectory(prefix="build-kill-") as folder:
        counts, problems = trials(Path(folder), arguments.times, arguments.clips, arguments.seed)
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"| {' | '.join('---' for _ in COLUMNS)} |")
    print(f"| {' | '.join(str(counts[name]) for name in COLUMNS)} |")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
