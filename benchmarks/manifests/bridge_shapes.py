"""Clips that --drop-bridges leaves out of tangled corpora of many shapes, and the time it takes.

    python benchmarks/manifests/bridge_shapes.py [--shape NAME ...]

Only the grouping keys of clips are drawn; no audio is involved. The bar: each shape is divided by
8/1/1 in 10 s of processor time, or found to be indivisible.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator

from manifests.splits.bridges import fewest_bridges
from manifests.splits.groups import Keys

RATIOS = (0.8, 0.1, 0.1)
MOST_SECONDS = 10.0


def repeated(sources: int, clips_of_each: int, copies: int, speakers: int = 0) -> dict[str, Keys]:
    """Return clips of sources, so many of which are copies of clips of any source."""
    rng = random.Random(f"{sources} {copies}")
    names = [(source, place) for source in range(sources) for place in range(clips_of_each)]
    first = rng.sample(names, 2 * copies)
    shared = {clip: f"repeat:{number % copies}" for number, clip in enumerate(first)}
    return {
        f"{source}-{place}": (
            *((f"speaker:{source % speakers}",) if speakers else ()),
            f"source:{source}",
            *((shared[source, place],) if (source, place) in shared else ()),
        )
        for source, place in names
    }


def recaps(sources: int, clips_of_each: int, copies: int) -> dict[str, Keys]:
    """Return clips of sources, each of which begins with clips of the one before."""
    keys: dict[str, Keys] = {}
    for source in range(sources):
        for place in range(clips_of_each):
            opening = (f"repeat:{source}-{place}",) if place < copies else ()
            again = (
                (f"repeat:{source - 1}-{clips_of_each - 1 - place}",)
                if clips_of_each - 1 - place < copies and source
                else ()
            )
            keys[f"{source}-{place}"] = (f"source:{source}", *opening, *again)
    return keys


def casts(sources: int, clips: int, speakers: int, cast: int) -> dict[str, Keys]:
    """Return clips of sources, each with some of all speakers."""
    rng = random.Random(f"{sources} {speakers} {cast}")
    casts = [rng.sample(range(speakers), cast) for _ in range(sources)]
    places = (rng.randrange(sources) for _ in range(clips))
    return {
        f"{number}": (f"speaker:{rng.choice(casts[source])}", f"source:{source}")
        for number, source in enumerate(places)
    }


def unknown(series: int, sources: int, clips_of_each: int, speakers: int) -> dict[str, Keys]:
    """Return clips of series, a tenth of them of unknown speakers, who may be any of the series."""
    rng = random.Random(f"{series} {speakers}")
    keys: dict[str, Keys] = {}
    for one in range(series):
        cast = [f"speaker:{rng.randrange(series * speakers)}" for _ in range(speakers)]
        for source in range(sources):
            for place in range(clips_of_each):
                known = (rng.choice(cast),)
                anyone = (f"series:{one}", *dict.fromkeys(cast))
                keys[f"{one}-{source}-{place}"] = (
                    *(anyone if rng.random() < 0.1 else known),
                    f"source:{one}-{source}",
                )
    return keys


def sentences(speakers: int, lines: int, takes: float) -> dict[str, Keys]:
    """Return clips of speakers who each say most of the same lines, as in nEMO."""
    rng = random.Random(f"{speakers} {lines}")
    return {
        f"{speaker}-{line}": (f"speaker:{speaker}", f"sentence:{line}")
        for speaker in range(speakers)
        for line in range(lines)
        if rng.random() < takes
    }


def mostly_loose(pairs: int) -> dict[str, Keys]:
    """Return clips of sources with a speaker each, a half of which one speaker connects."""
    return {
        f"{pair}-{place}": (
            f"speaker:{pair}" if place or pair % 2 else "speaker:host",
            f"source:{pair}",
        )
        for pair in range(pairs)
        for place in range(4)
    }


SHAPES: dict[str, Callable[[], dict[str, Keys]]] = {
    "200 sources of 67, 1,400 copies": lambda: repeated(200, 67, 1400),
    "300 sources of 67, 1,400 copies": lambda: repeated(300, 67, 1400),
    "300 sources of 67, 150 speakers, 1,400 copies": lambda: repeated(300, 67, 1400, 150),
    "3,000 sources of 7, 1,400 copies": lambda: repeated(3000, 7, 1400),
    "3,000 sources of 7, 6,000 copies": lambda: repeated(3000, 7, 6000),
    "40 sources of 500, 1,400 copies": lambda: repeated(40, 500, 1400),
    "250 sources of 80 with recaps of 6": lambda: recaps(250, 80, 6),
    "60 sources with 2 of 40 speakers": lambda: casts(60, 4500, 40, 2),
    "60 sources with 3 of 40 speakers": lambda: casts(60, 4500, 40, 3),
    "200 sources with 4 of 400 speakers": lambda: casts(200, 20000, 400, 4),
    "3,000 sources with 2 of 1,500 speakers": lambda: casts(3000, 20000, 1500, 2),
    "10 sources with 12 speakers": lambda: casts(10, 5000, 12, 12),
    "40 series of 5 sources, unknown speakers": lambda: unknown(40, 5, 100, 6),
    "9 speakers of 90 sentences": lambda: sentences(9, 90, 0.9),
    "5,000 sources, a host in each second": lambda: mostly_loose(5000),
}


def rows(shapes: list[str]) -> Iterator[tuple[str, int, int, int | None, float]]:
    """Yield of each shape its name, clips, keys, clips left out and seconds."""
    for name in shapes:
        keys = SHAPES[name]()
        began = time.process_time()
        found = fewest_bridges(keys, RATIOS)
        seconds = time.process_time() - began
        number = len({key for shared in keys.values() for key in shared})
        yield name, len(keys), number, None if found is None else len(found), seconds


def main() -> None:
    """Print the table; fail if a shape takes too long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", nargs="*", choices=SHAPES, default=list(SHAPES))
    held = True
    print("| shape | clips | keys | left out | seconds |\n| :--- | ---: | ---: | ---: | ---: |")
    for name, clips, number, lost, seconds in rows(parser.parse_args().shape):
        held &= seconds <= MOST_SECONDS
        found = "can't be divided" if lost is None else f"{lost} ({100 * lost / clips:.1f} %)"
        print(f"| {name} | {clips} | {number} | {found} | {seconds:.1f} |", flush=True)
    sys.exit(not held)


if __name__ == "__main__":
    main()
