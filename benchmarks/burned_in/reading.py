"""Texts and times read from the pictures of constructed films, against what is shown in them.

Each film is read by `corpus_tools.burned_in.read.read_film`, as `corpus read-subtitles` does, in a
process of its own. A line that is shown is found if a line that is read covers half of its time and
has half of its letters. Character errors count missing and false lines as a whole; both texts
without punctuation and spaces. Prints a row for each film and the sums, and exits with 1 if a
target is missed.

    python benchmarks/burned_in/reading.py FOLDER [--only NAME …] [--development]
    python benchmarks/burned_in/reading.py FOLDER --minutes 60    # cost of the command, on one film
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmarks.burned_in.films import DEVELOPMENT, LONG, MEASURED, Case, Film, looped, make
from benchmarks.common.processes import CORPUS
from benchmarks.common.processes import measure as run_command
from corpus_tools.burned_in.read import read_film
from corpus_tools.burned_in.reader import load_reader
from manifests.base.letters import plain_letters
from manifests.storage.records import SubtitleLine

EDGE = 0.15  # s
COLUMNS = ("film", "lines", "found", "false", "CER", "edges", "CPU s per s", "MiB")


@dataclass
class Score:
    """Counts of one or more films."""

    lines: int = 0
    found: int = 0
    false: int = 0
    letters: int = 0
    edits: int = 0
    edges: int = 0
    late: list[tuple[str, float, float]] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    film_s: float = 0.0
    processor_s: float = 0.0
    mebibytes: float = 0.0

    def add(self, other: "Score") -> None:
        for name in ("lines", "found", "false", "letters", "edits", "edges"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.film_s += other.film_s
        self.processor_s += other.processor_s
        self.mebibytes = max(self.mebibytes, other.mebibytes)

    @property
    def cer(self) -> float:
        return self.edits / self.letters if self.letters else 0.0

    def row(self, name: str) -> str:
        found = f"{self.found / self.lines:.1%}" if self.lines else ""
        edges = f"{self.edges / (2 * self.found):.1%}" if self.found else ""
        cer = f"{self.cer:.2%}" if self.letters else ""
        cells = (name, self.lines, found, self.false, cer, edges)
        speed = f"{self.processor_s / self.film_s:.2f}" if self.film_s else ""
        return "| " + " | ".join(map(str, (*cells, speed, round(self.mebibytes)))) + " |"


def score(film: Film, lines: Sequence[SubtitleLine]) -> Score:
    """Return the counts of one film."""
    total = Score(film_s=film.case.seconds)
    free = list(lines)
    for shown in film.lines:
        text = plain_letters(shown.text)
        total.lines += 1
        total.letters += len(text)
        best = max(free, key=lambda line: _common(line, shown.start, shown.end), default=None)
        if best is None or _common(best, shown.start, shown.end) < 0.5 * (shown.end - shown.start):
            total.edits += len(text)
            total.wrong.append((shown.text, ""))
            continue
        edits = _edits(text, plain_letters(best.text))
        free.remove(best)
        total.edits += edits
        total.found += edits <= len(text) / 2
        if edits:
            total.wrong.append((shown.text, best.text))
        for name in ("start", "end"):
            off = getattr(best, name) - getattr(shown, name)
            total.edges += abs(off) <= EDGE
            if abs(off) > EDGE:
                total.late.append((shown.text, shown.start, round(off, 2)))
    total.false = len(free)
    total.edits += sum(len(plain_letters(line.text)) for line in free)
    total.wrong += [("", line.text) for line in free]
    return total


def _common(line: SubtitleLine, start: float, end: float) -> float:
    return min(line.end, end) - max(line.start, start)


def _edits(reference: str, text: str) -> int:
    import jiwer

    if not reference or not text:
        return max(len(reference), len(text))
    found = jiwer.process_characters(reference, text)
    return int(found.substitutions + found.deletions + found.insertions)


def measure(case: Case, folder: Path) -> Score:
    """Read a film in this process, and return the counts with its cost."""
    film = make(case, folder)
    reader = load_reader()
    started = time.process_time()
    found = read_film(film.path, "film", reader)
    total = score(film, found.lines)
    total.processor_s = time.process_time() - started
    total.mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("folder", type=Path, help="where the films are, or are made")
    parser.add_argument("--only", nargs="*", default=[], help="names of films")
    parser.add_argument("--development", action="store_true", help="the films to set values on")
    parser.add_argument("--minutes", type=float, help="cost of a film of this length")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    cases = DEVELOPMENT if given.development else MEASURED
    if given.one:
        case = next(case for case in (*DEVELOPMENT, *LONG, *MEASURED) if case.name == given.one)
        print(json.dumps(vars(measure(case, given.folder)), ensure_ascii=False))
        return 0
    if given.minutes:
        return cost(given.folder, given.minutes)
    print("| " + " | ".join(COLUMNS) + " |")
    print("| --- |" + " ---: |" * (len(COLUMNS) - 1))
    sums = {480: Score(), 1080: Score()}
    for case in cases:
        if given.only and case.name not in given.only:
            continue
        command = [sys.executable, __file__, str(given.folder), "--one", case.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
        one = Score(**json.loads(done.stdout.splitlines()[-1]))
        sums[case.height].add(one)
        print(one.row(case.name), flush=True)
        for pair in (*one.wrong, *one.late):
            print("   ", pair, file=sys.stderr)
    for height, total in sums.items():
        print(total.row(f"**all {height}p**"))
    return int(any(missed(sums)))


def cost(folder: Path, minutes: float) -> int:
    """Print the time and memory of `corpus read-subtitles` on a film at 480p."""
    film = make(MEASURED[0], folder)
    each = film.case.seconds + 1
    times = round(minutes * 60 / each)
    path = looped(film, times, folder / "looped.mp4")
    with TemporaryDirectory() as corpus:
        subprocess.run([*CORPUS, "init", corpus], check=True, capture_output=True)
        run = run_command([*CORPUS, "read-subtitles", path, "--corpus", corpus, "-q"])
    hour = 3600 / (times * each)
    print(f"{times * each / 60:.0f} min, {len(film.lines) * times} lines: ", end="")
    print(f"{run.seconds:.0f} s, {run.processor:.0f} s of processors, {run.mebibytes:.0f} MiB")
    print(f"an hour: {run.seconds * hour / 60:.1f} min, {run.processor * hour:.0f} s of processors")
    return int(run.seconds * hour > 600 or run.mebibytes > 800)


def missed(sums: dict[int, Score]) -> list[bool]:
    """Return which targets are missed."""
    both = Score()
    for total in sums.values():
        both.add(total)
    return [
        sums[480].cer > 0.01,
        sums[1080].cer > 0.005,
        both.found < 0.98 * both.lines,
        both.edges < 0.95 * 2 * both.found,
        both.false * 3600 > both.film_s,
    ]


class _Plain(argparse.RawDescriptionHelpFormatter):
    pass


if __name__ == "__main__":
    raise SystemExit(main())
