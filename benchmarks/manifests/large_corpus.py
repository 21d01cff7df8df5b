"""Processor time of why, status and build-manifest on a corpus of 20,000 clips.

    python -m benchmarks.manifests.large_corpus [--sources 300] [--copies 1400]

The corpus is generated: 67 clips of each source, two annotators' answers to each clip, and clips of
10 ms. With copies, so many clips have the fingerprint of any other clip, so that sources repeat
each other, and build-manifest divides them by --drop-bridges. Each command is a whole process and
loads everything anew; the least of three runs counts, user and system added. ``--help`` is the cost
of starting. Exit code 0 if the bars are held.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.common.generated_corpus import add_judgements, write_corpus
from benchmarks.common.processes import CORPUS, measure

CLIPS_OF_EACH = 67
BARS = {"why": 0.5, "status": 2.0, "build-manifest": 20.0}  # seconds of processor time


def least(arguments: list[str], times: int = 3) -> float:
    return min(measure([*CORPUS, *arguments]).processor for _ in range(times))


def measure_corpus(folder: Path, sources: int, copies: int) -> dict[str, float]:
    ids = write_corpus(folder, sources, CLIPS_OF_EACH, copies=copies)
    add_judgements(folder, ids, "batch", annotators=2)
    there = ["--corpus", str(folder)]
    parting = ["--drop-bridges", "0.9"] if copies else []
    return {
        "--help": least(["--help"]),
        "build-manifest": least(["build-manifest", *there, *parting], times=1),
        "why": least(["why", ids[len(ids) // 2], *there]),
        "status": least(["status", *there]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=300)
    parser.add_argument("--copies", type=int, default=1400)
    given = parser.parse_args()
    held = True
    print("| copies | command | processor time | bar |\n|---|---|---|---|")
    for copies in (0, given.copies):
        with tempfile.TemporaryDirectory() as folder:
            for name, seconds in measure_corpus(Path(folder), given.sources, copies).items():
                bar = BARS.get(name)
                held &= bar is None or seconds <= bar
                print(f"| {copies:,} | {name} | {seconds:.2f} s | {bar or ''} |", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
