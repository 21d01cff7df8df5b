"""Recall and precision of the search for repeated recordings and near-duplicate texts.

Recordings: all utterances of three speakers, who say the same sentences in six emotions, and of
a third for each codec constructed copies: encoded at a low bitrate, decoded, 12 dB softer to 3 dB
louder, and cut up to 0.5 s earlier or later. A copy is found if it is tied to its original, among
all of them; a wrong tie joins two recordings. The peer: equal samples (sha256).

Texts: lines of drama dialogue (CPED, Chinese) and sentences of nEMO (Polish), none of which comes
twice, with constructed copies: other punctuation and case, slips as of OCR (one character in eight
replaced), one word changed, an exclamation before. A copy is found if it is tied to its line. The
peer: equal texts after the same normalisation. Lines that are tied although nobody copied them are
listed, for drama repeats itself.

    python benchmarks/segmentation/near_duplicates.py ../shared/data

The bars: 95 % of the copies of each codec, 1 wrong tie per 1,000 clips, 90 % of the texts, and
300,000 texts within 60 s.
"""

import argparse
import csv
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.common.constructed import DEV, MEASURED, NEMO, RATE
from benchmarks.segmentation.repeat_episodes import Encoding, encode
from corpus_tools.media.decode import decode_whole
from corpus_tools.segmentation.repeats.fingerprint import fingerprint
from corpus_tools.segmentation.repeats.search import find_shared
from manifests.audit.near_duplicates import MOST_TEXTS, near_duplicate_texts
from manifests.base.letters import plain_letters

Samples = NDArray[np.int16]
CODECS = (
    Encoding("libmp3lame", "mp3", 22_050, 24),
    Encoding("libmp3lame", "mp3", 44_100, 64),
    Encoding("libopus", "ogg", 48_000, 12),
    Encoding("libopus", "ogg", 48_000, 24),
    Encoding("aac", "m4a", 44_100, 32),
    Encoding("aac", "m4a", 48_000, 64),
)
LEAST_FOUND, MOST_WRONG, LEAST_TEXTS, MOST_SECONDS = 0.95, 1.0, 0.9, 60.0
IDEOGRAPHS = re.compile("[\u4e00-\u9fff]")
EACH = 3  # a codec is tried on a third of the recordings
PAUSE, SHIFT = 0.6, 0.5


def main() -> int:
    options = arguments()
    speakers, seed = (DEV, 100) if options.dev else (MEASURED, 0)
    rng = np.random.default_rng(seed)
    held = recordings(options.data / "nemo", speakers, rng, 5 if options.quick else 1)
    held &= texts(options.data, options.dev, rng)
    return 0 if in_time(options.data, 50_000 if options.quick else MOST_TEXTS) and held else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "data", type=Path, nargs="?", default=NEMO.parent, help="folder of nemo/ and cped/"
    )
    parser.add_argument("--dev", action="store_true", help="what thresholds were set on")
    parser.add_argument("--quick", action="store_true", help="a fifth of it")
    return parser.parse_args()


def recordings(
    folder: Path, speakers: tuple[str, ...], rng: np.random.Generator, each: int
) -> bool:
    """Print how many copies are found of each codec, and return whether the bars were held."""
    clips = [soundfile.read(path, dtype="int16")[0] for path in paths(folder, speakers)][::each]
    seconds = time.process_time()
    originals = [(f"o{number:05}", fingerprint(clip)) for number, clip in enumerate(clips)]
    seconds = time.process_time() - seconds
    hours = sum(map(len, clips)) / RATE / 3600
    print(f"{len(clips)} recordings of {', '.join(speakers)}, {hours * 60:.0f} minutes; ", end="")
    print(f"fingerprints take {seconds / hours:.1f} s of processor time for an hour.\n")
    print("| encoded as | copies found | equal samples | wrong ties among clips |")
    print("| --- | ---: | ---: | ---: |")
    _, wrong = tied(find_shared(originals))
    held = 1000 * wrong / len(clips) <= MOST_WRONG
    print(f"| (originals alone) | | | {wrong} of {len(clips)} |", flush=True)
    for place, codec in enumerate(CODECS):
        numbers = range(place % EACH, len(clips), EACH)
        copies = copied([clips[number] for number in numbers], codec, rng)
        hashes = [
            (f"c{number:05}", fingerprint(clip))
            for number, clip in zip(numbers, copies, strict=True)
        ]
        found, wrong = tied(find_shared([*originals, *hashes]))
        equal = {clip.tobytes() for clip in clips} & {clip.tobytes() for clip in copies}
        held &= found >= LEAST_FOUND * len(copies)
        held &= 1000 * wrong / (len(clips) + len(copies)) <= MOST_WRONG
        print(
            f"| {codec} | {found / len(copies):.1%} of {len(copies)} | "
            f"{len(equal) / len(copies):.1%} | {wrong} of {len(clips) + len(copies)} |",
            flush=True,
        )
    return held


def paths(folder: Path, speakers: tuple[str, ...]) -> Iterator[Path]:
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["speaker"] in speakers:
                yield folder / row["file"]


def copied(clips: list[Samples], codec: Encoding, rng: np.random.Generator) -> list[Samples]:
    """Return the clips again: encoded one after another with pauses, decoded, cut elsewhere."""
    pause = np.zeros(round(PAUSE * RATE), dtype=np.float32)
    parts, starts, at = [pause], [], len(pause)
    for clip in clips:
        starts.append(at)
        parts += [10 ** (rng.uniform(-12, 3) / 20) * clip.astype(np.float32) / 32768, pause]
        at += len(clip) + len(pause)
    row = np.concatenate(parts)
    row += rng.normal(0, 1e-4, len(row)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"row.{codec.suffix}"
        encode(row, codec, path)
        sound = decode_whole(path)
    shifts = (rng.uniform(-SHIFT, SHIFT, len(clips)) * RATE).astype(int)
    return [
        sound[start + shift : start + shift + len(clip)]
        for clip, start, shift in zip(clips, starts, shifts, strict=True)
    ]


def tied(together: Mapping[str, str]) -> tuple[int, int]:
    """Return how many copies are tied to their originals, and how many recordings to others."""
    members: dict[str, list[str]] = {}
    for name, first in together.items():
        members.setdefault(first, []).append(name)
    found = wrong = 0
    for names in members.values():
        clips = Counter(name[1:] for name in names)
        found += sum(count > 1 for count in clips.values())
        wrong += len(clips) - 1
    return found, wrong


def texts(data: Path, dev: bool, rng: np.random.Generator) -> bool:
    """Print how many copies of texts are found, and return whether the bar was held."""
    held = True
    print("\n| texts | copies | found | equal after normalisation | lines tied uncopied |")
    print("| --- | --- | ---: | ---: | ---: |")
    for name, lines in (("CPED", dialogue(data / "cped", dev)), ("nEMO", sentences(data / "nemo"))):
        natural = near_duplicate_texts(dict(enumerate_as("o", lines)))
        for kind, change in CHANGES.items():
            copies = [change(line, lines, rng) for line in lines]
            said = dict(enumerate_as("o", lines)) | dict(enumerate_as("c", copies))
            found = near_duplicate_texts(said)
            right = sum(
                found.get(f"o{number:06}", 0) == found.get(f"c{number:06}", 1)
                for number in range(len(lines))
            )
            equal = sum(map(same, lines, copies))
            held &= right >= LEAST_TEXTS * len(lines)
            print(
                f"| {len(lines)} of {name} | {kind} | {right / len(lines):.1%} | "
                f"{equal / len(lines):.1%} | {len(natural)} |",
                flush=True,
            )
    return held


def same(one: str, other: str) -> bool:
    return plain_letters(one) == plain_letters(other)


def enumerate_as(letter: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    return ((f"{letter}{number:06}", line) for number, line in enumerate(lines))


def dialogue(folder: Path, dev: bool) -> list[str]:
    """Return the lines of one half of CPED that are long enough, each once."""
    with (folder / "test_split.csv").open(encoding="utf-8-sig", newline="") as rows:
        said = [row["Utterance"] for row in csv.DictReader(rows)]
    half = said[: len(said) // 2] if dev else said[len(said) // 2 :]
    once = {plain_letters(line): line for line in half if len(IDEOGRAPHS.findall(line)) >= 8}
    return list(once.values())


def sentences(folder: Path) -> list[str]:
    """Return the sentences of nEMO that are long enough, each once."""
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as rows:
        said = {row["text"] for row in csv.DictReader(rows)}
    return sorted(line for line in said if len(plain_letters(line)) >= 16)


def punctuated(line: str, lines: list[str], rng: np.random.Generator) -> str:
    del lines
    at = int(rng.integers(1, len(line)))
    return f"«{line[:at]}, {line[at:].upper()}!…»"


def slipped(line: str, lines: list[str], rng: np.random.Generator) -> str:
    letters = list(line)
    for at in rng.choice(len(letters), max(1, len(letters) // 8), replace=False):
        other = lines[int(rng.integers(len(lines)))]
        letters[at] = other[int(rng.integers(len(other)))]
    return "".join(letters)


def reworded(line: str, lines: list[str], rng: np.random.Generator) -> str:
    words = line.split()
    if len(words) < 3:  # no spaces: two characters are a word
        words = [line[at : at + 2] for at in range(0, len(line), 2)]
        glue = ""
    else:
        glue = " "
    other = lines[int(rng.integers(len(lines)))]
    words[int(rng.integers(len(words)))] = other.split()[0][:6] if glue else other[:2]
    return glue.join(words)


def exclaimed(line: str, lines: list[str], rng: np.random.Generator) -> str:
    del lines
    return f"{('啊', '那', '喂')[int(rng.integers(3))]}, {line}"


CHANGES = {
    "punctuation, case": punctuated,
    "one character in eight": slipped,
    "one word": reworded,
    "a word before": exclaimed,
}


def in_time(data: Path, count: int) -> bool:
    """Time many texts, two lines of dialogue each; print it, and return whether it was in time."""
    lines = dialogue(data / "cped", True) + dialogue(data / "cped", False)
    rng = np.random.default_rng(0)
    pairs = rng.integers(len(lines), size=(count, 2))
    many = {str(number): lines[a] + lines[b] for number, (a, b) in enumerate(pairs.tolist())}
    started = time.perf_counter()
    found = near_duplicate_texts(many)
    seconds = time.perf_counter() - started
    print(f"\n{count} texts, two lines each: {seconds:.1f} s; {len(found)} are tied.")
    return seconds <= MOST_SECONDS


if __name__ == "__main__":
    raise SystemExit(main())
