"""Recall and false alarms of the repeat search on openings in constructed episodes.

Five constructed episodes, an hour in all. Each recording is in only one of them, so that only the
insert is repeated; the same speakers say the same sentences in all of them. The same 60 s are
inserted into a pause of each, at different places and levels, and each episode is encoded
differently; then the planner cuts the decoded episodes. A clip is *repeated* if more than half of
its speech is the insert's, *other* if none is; clips with less of it count for neither.

    python benchmarks/segmentation/repeats.py ../shared/data/nemo

The bars: at least 95 % of the repeated clips of episodes 2 to 5 are found over all seeds, and no
other clip counts as a repeat. The peers get the same clips: equal samples (sha256), and chromaprint
if ffmpeg has it, each clip against all earlier ones (`--peers`; its threshold was set on the
development speakers). Finally the search is timed on 20,000 clips: speech at many speeds, with the
same opening every 20 minutes.
"""

import argparse
import itertools
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from benchmarks.common.constructed import DEV, MEASURED, NEMO, RATE, read_utterances
from benchmarks.segmentation.repeat_episodes import ENCODINGS, encode, repeat_episodes, row_of
from benchmarks.segmentation.repeat_peers import chromaprint_repeats, equal_samples, has_chromaprint
from corpus_tools.media.samples import Samples
from corpus_tools.segmentation.repeats.fingerprint import Hashes, fingerprint
from corpus_tools.segmentation.repeats.search import find_repeats
from corpus_tools.segmentation.source import preview_clips

LEAST_FOUND, MOST_SECONDS = 0.95, 60.0
CHROMAPRINT_ERRORS = 0.15


@dataclass
class Clips:
    """The clips of one run over five episodes.

    Attributes:
        samples: samples of each clip by name, in the order of episodes and time.
        repeated: share of the insert in the speech of each clip.
        episode: number of the episode of each clip, from 1.
        seconds: duration of the episodes without the inserts.
        cutting: processor seconds for decoding and cutting.
    """

    samples: dict[str, Samples] = field(default_factory=dict)
    repeated: dict[str, float] = field(default_factory=dict)
    episode: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    cutting: float = 0.0


def main() -> int:
    options = arguments()
    speakers, first = (DEV, 100) if options.dev else (MEASURED, 0)
    seeds, share = (1, 0.1) if options.quick else (options.seeds, 1.0)
    found: dict[str, Counter[str]] = {}
    for seed in range(first, first + seeds):
        clips = cut_episodes(options.corpus, speakers, seed, share)
        hashes = fingerprinted(clips)
        answers = {"ours": find_repeats(list(hashes.items()))}
        answers["equal samples"] = equal_samples(clips.samples)
        if options.peers and seed == first and has_chromaprint():
            answers["chromaprint"] = chromaprint_repeats(clips.samples, CHROMAPRINT_ERRORS)
        for name, repeats in answers.items():
            found[name] = found.get(name, Counter()) + counted(clips, repeats)
    held = report(found)
    return 0 if in_time(options.corpus, options.scale) and held else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", default=NEMO, help="folder of nEMO")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scale", type=int, default=20_000, help="clips to time")
    parser.add_argument(
        "--peers", action="store_true", help="chromaprint too, on the first seed; takes minutes"
    )
    parser.add_argument("--dev", action="store_true", help="speakers and seeds to set weights on")
    parser.add_argument("--quick", action="store_true", help="one seed, a tenth of the speech")
    return parser.parse_args()


def cut_episodes(corpus: Path, speakers: tuple[str, ...], seed: int, share: float) -> Clips:
    """Return the clips that the planner cuts from the encoded episodes."""
    clips = Clips()
    with tempfile.TemporaryDirectory() as folder:
        for number, episode in enumerate(
            repeat_episodes(corpus, speakers, seed, share=share), start=1
        ):
            encoding = ENCODINGS[number - 1]
            path = Path(folder) / f"{number}.{encoding.suffix}"
            encode(episode.samples, encoding, path)
            clips.seconds += (len(episode.samples) - np.diff(episode.inserted).item()) / RATE
            started = time.process_time()
            cuts = list(preview_clips(path))
            clips.cutting += time.process_time() - started
            for cut, samples in cuts:
                name = f"{number}-{cut.start_ms:08}-{cut.end_ms:08}"
                clips.samples[name] = samples
                clips.repeated[name] = episode.share_repeated(cut.start_ms, cut.end_ms)
                clips.episode[name] = number
    return clips


def fingerprinted(clips: Clips) -> dict[str, Hashes]:
    """Return the hashes of all clips, and print the time they take."""
    started = time.process_time()
    hashes = {name: fingerprint(samples) for name, samples in clips.samples.items()}
    spent = time.process_time() - started
    hours = sum(map(len, clips.samples.values())) / RATE / 3600
    print(
        f"Fingerprints of {len(hashes)} clips: {spent / hours:.2f} s of processor time for an hour "
        f"of clips, {spent / clips.cutting:.3f} of what decoding and cutting took; "
        f"{clips.seconds / 60:.1f} minutes without the inserts.",
        flush=True,
    )
    return hashes


def counted(clips: Clips, repeats: Mapping[str, str]) -> Counter[str]:
    """Return the number of clips of each kind, and of those that count as repeats."""
    counts: Counter[str] = Counter()
    for name, share in clips.repeated.items():
        number = clips.episode[name]
        kind = str(number) if share > 0.5 and number > 1 else "other" if share == 0 else "edge"
        counts[kind] += 1
        counts[f"{kind} found"] += name in repeats
    return counts


def report(found: Mapping[str, Counter[str]]) -> bool:
    """Print the table and return whether the bars were held."""
    numbers = [str(number) for number in range(2, len(ENCODINGS) + 1)]
    heads = [f"{number}: {ENCODINGS[int(number) - 1]}" for number in numbers]
    print("\n| found by | " + " | ".join(heads) + " | episodes 2 to 5 | other clips |")
    print("| --- |" + " ---: |" * (len(heads) + 2))
    for name, counts in found.items():
        counts["all"] = sum(counts[number] for number in numbers)
        counts["all found"] = sum(counts[f"{number} found"] for number in numbers)
        cells = [f"{counts[f'{kind} found']} of {counts[kind]}" for kind in numbers]
        cells.append(f"{counts['all found'] / counts['all']:.1%} of {counts['all']}")
        cells.append(f"{counts['other found']} of {counts['other']}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    ours = found["ours"]
    return ours["all found"] >= LEAST_FOUND * ours["all"] and not ours["other found"]


def in_time(corpus: Path, count: int) -> bool:
    """Time the search among many clips; print it, and return whether it takes a minute at most."""
    clips = many(corpus, count)
    started = time.perf_counter()
    repeats = find_repeats(clips)
    seconds = time.perf_counter() - started
    tracemalloc.start()
    find_repeats(clips)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    openings = [name for name, _ in clips if name.startswith("opening")]
    others = [(name, original) for name, original in repeats.items() if name not in set(openings)]
    alike = sum(same_words(name, original) for name, original in others)
    print(
        f"\n{len(clips)} clips: {seconds:.1f} s, {peak:.0f} MiB; of {len(openings)} of openings "
        f"{sum(name in repeats for name in openings)} are called repeats, of the "
        f"{len(clips) - len(openings)} others {alike} that have the same words at another speed, "
        f"and wrongly {len(others) - alike}."
    )
    return seconds <= MOST_SECONDS


def many(corpus: Path, count: int) -> list[tuple[str, Hashes]]:
    """Return the hashes of many clips: all recordings at many speeds, with repeated openings."""
    rng = np.random.default_rng(0)
    rows = [row_of(read_utterances(corpus, (one,)), rng)[0][0] for one in (*DEV, *MEASURED)]
    opening = (rows[0][: 60 * RATE] * 32767).astype(np.int16)
    rows[0] = rows[0][60 * RATE :]
    clips: list[tuple[str, Hashes]] = []
    for speed, (number, row) in itertools.product(range(70, 200, 5), enumerate(rows)):
        sound = (resample_poly(row, speed, 100) * 32767).clip(-32768, 32767).astype(np.int16)
        clips += cut_at_random(f"opening {len(clips)}", opening, rng)
        clips += cut_at_random(f"speed {number} {speed}", sound, rng)
        if len(clips) >= count:
            break
    return clips[:count]


def same_words(name: str, other: str) -> bool:
    """Return whether two clips of `many` are from the same place in the recordings."""
    if other.startswith("opening"):
        return False
    (row, speed, start), (row_2, speed_2, start_2) = (
        map(int, one.removeprefix("speed ").replace("-", " ").split()) for one in (name, other)
    )
    return row == row_2 and abs(start / speed - start_2 / speed_2) * 70 < 6 * RATE


def cut_at_random(name: str, sound: Samples, rng: np.random.Generator) -> list[tuple[str, Hashes]]:
    """Return the hashes of clips of 3 to 5 s, from a random start."""
    edges = np.cumsum(
        np.concatenate(([rng.uniform(0, 3)], rng.uniform(3, 5, len(sound) // 48_000)))
    )
    edges = (edges[edges * RATE < len(sound)] * RATE).astype(int)
    return [
        (f"{name}-{start}", fingerprint(sound[start:end]))
        for start, end in itertools.pairwise(edges)
    ]


if __name__ == "__main__":
    raise SystemExit(main())
