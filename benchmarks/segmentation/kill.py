"""Kill `corpus segment` at random moments, run it again, and compare with an undisturbed run.

    python benchmarks/segmentation/kill.py
    python benchmarks/segmentation/kill.py --times 10 --workers 1 --seconds 15      as the tests do

Each trial starts from an empty corpus, or from one cut with other settings, of which the clips must
be replaced; with one worker or two. The process gets SIGKILL at a moment drawn uniformly from the
duration of an undisturbed run (and is drawn again if it ends before); then the command is run
again. Corpora are equal if they have the same files with the same bytes, including hidden files.
Exit code 0 if all trials are equal.
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
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "examples" / "episodes"
OTHER = ("--max-seconds", "4")
STARTS = ("empty", "cut differently")
KILLED = -9
LOCK = ".corpus"  # first part of the names of locks

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "corpus_tools.cli.segment",
        "corpus_tools.segmentation.segment",
        "corpus_tools.workspace.workspace",
    ]
)


def run_command(log: Path, arguments: Sequence[str]) -> None:
    """Run the command `corpus` with its output in a file."""
    from corpus_tools.cli import main

    with log.open("w", encoding="utf-8") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        sys.argv = ["corpus", *arguments]
        main()


@dataclass
class Trials:
    """Folders and results of the trials.

    Attributes:
        folder: folder for all files.
        films: media files.
        rng: source of the random moments.
    """

    folder: Path
    films: Sequence[Path]
    rng: random.Random
    rows: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Make the initial corpora and the expected one, and time an undisturbed run."""
        for start, options in zip(STARTS, (None, OTHER), strict=True):
            self._init(self._start(start))
            if options:
                assert self._segment(self._start(start), 1, *options) == 0, self._log_tail()
        undisturbed = self.folder / "undisturbed" / "corpus"
        self._init(undisturbed)
        self._seconds = {}
        for workers in (2, 1):
            shutil.rmtree(undisturbed)
            self._init(undisturbed)
            began = time.monotonic()
            assert self._segment(undisturbed, workers) == 0, self._log_tail()
            self._seconds[workers] = time.monotonic() - began
        self._whole = tree(undisturbed)

    def run(self, start: str, workers: int) -> bool:
        """Kill one run, run again, compare, and return whether it was killed in time."""
        row = self.rows.setdefault((start, workers), dict.fromkeys(COLUMNS, 0))
        corpus = self.folder / "trial" / "corpus"
        shutil.rmtree(corpus, ignore_errors=True)
        shutil.copytree(self._start(start), corpus)
        moment = self.rng.uniform(0, self._seconds[workers])
        if self._segment(corpus, workers, after=moment) != KILLED:
            self._seconds[workers] = min(self._seconds[workers], moment)
            return False
        half = tree(corpus)
        row["kills"] += 1
        locks = [path for path in half if path.startswith(LOCK)]
        row["lock left"] += bool(locks)
        row["half-written files left"] += any(".partial" in path for path in half)
        half = {path: half[path] for path in half if path not in locks}
        row["caught half done"] += half not in (tree(self._start(start)), self._whole)
        code = self._segment(corpus, workers)
        equal = code == 0 and tree(corpus) == self._whole
        row["equal after the next run"] += equal
        if not equal:
            different = set(tree(corpus).items()) ^ set(self._whole.items())
            names = sorted({path for path, _ in different})
            self.problems.append(
                f"{start}, {workers} workers, killed after {moment:.3f} s: exit code {code}, "
                f"different: {', '.join(names[:5])}; {self._log_tail()}"
            )
        return True

    def _segment(
        self, corpus: Path, workers: int, *options: str, after: float | None = None
    ) -> int | None:
        """Run the command, kill it after some seconds, and return its exit code."""
        films = [str(film) for film in self.films]
        flags = ["--quiet", "--workers", str(workers), "--corpus", str(corpus), *options]
        process = PROCESSES.Process(
            target=run_command, args=(self._log, ["segment", *films, *flags])
        )
        process.start()
        process.join(after)
        process.kill()
        process.join()
        return process.exitcode

    def _init(self, corpus: Path) -> None:
        process = PROCESSES.Process(target=run_command, args=(self._log, ["init", str(corpus)]))
        process.start()
        process.join()

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _log_tail(self) -> str:
        return self._log.read_text("utf-8").strip()[-500:]

    def _start(self, start: str) -> Path:
        return self.folder / start / "corpus"


COLUMNS = (
    "kills",
    "lock left",
    "half-written files left",
    "caught half done",
    "equal after the next run",
)


def tree(corpus: Path) -> dict[str, bytes]:
    """Return every file of a corpus with its bytes."""
    files = {}
    for path in sorted(corpus.rglob("*")):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            files[path.relative_to(corpus).as_posix()] = path.read_bytes()
    return files


def write_films(folder: Path, seconds: float) -> list[Path]:
    """Write three films: the sound of episodes of the sample, as WAV."""
    import soundfile

    from corpus_tools.media.decode import decode_whole
    from corpus_tools.media.resample import SAMPLE_RATE

    folder.mkdir()
    films = []
    for episode in ("harbour/E01.mp4", "harbour/E03.m4a", "teahouse/E02.mkv"):
        films.append(folder / f"{episode.replace('/', '-')}.wav")
        samples = decode_whole(SAMPLE / episode)[: round(seconds * SAMPLE_RATE)]
        soundfile.write(films[-1], samples, SAMPLE_RATE)
    return films


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50, help="kills in all (default: 50)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="default: 1 2")
    parser.add_argument("--seconds", type=float, default=45, help="of each film (default: 45)")
    arguments = parser.parse_args()
    os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"
    with tempfile.TemporaryDirectory(prefix="kill-") as folder:
        films = write_films(Path(folder) / "films", arguments.seconds)
        trials = Trials(Path(folder), films, random.Random(arguments.seed))
        trials.prepare()
        for number in range(arguments.times):
            kinds = [(start, workers) for workers in arguments.workers for start in STARTS]
            while not trials.run(*kinds[number % len(kinds)]):
                pass
    print(f"| start | workers | {' | '.join(COLUMNS)} |")
    print(f"| --- | --- | {' | '.join('---' for _ in COLUMNS)} |")
    for (start, workers), row in trials.rows.items():
        print(f"| {start} | {workers} | {' | '.join(str(row[name]) for name in COLUMNS)} |")
    for problem in trials.problems:
        print(problem)
    return 1 if trials.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
