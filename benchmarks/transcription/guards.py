"""Recall of the guards on reported hallucinations, and their false alarms on drama dialogue.

Reads the reported texts of tests/ (divided as in their README) and CPED's drama dialogue. Lines
with an even sha256 were used for development; those measured are drawn by seed from the odd ones,
plus the 50 most frequent lines of up to four characters. Each clip counts as 30 s, without
probabilities, so only the text is judged. Exits with 1 if a bar is missed.
"""

import argparse
import csv
import hashlib
import json
import random
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus_tools.configuration.transcribe import EMPTYING
from corpus_tools.transcription.guards.flags import flag_text
from corpus_tools.transcription.guards.hallucinations import repeated_texts

ROOT = Path(__file__).parents[2]
REPORTED = ROOT / "tests" / "corpus_tools" / "transcription" / "hallucinations"
LEAST_RECALL = 0.9
MOST_FALSE = 0.005
MAX_REPEATS = 4

Guard = Callable[[str], bool]


def ours(text: str) -> bool:
    """Return whether the guards empty a text."""
    return bool({*EMPTYING} & {*flag_text(text, 30.0)})


def whispers(text: str) -> bool:
    """Return whether a text is too repetitive by Whisper's own threshold."""
    data = text.encode()
    return not data or len(data) / len(zlib.compress(data)) > 2.4


def recall(guard: Guard, rows: Sequence[dict[str, str]]) -> str:
    found = sum(guard(row["text"]) for row in rows)
    return f"{found}/{len(rows)}" if rows else "–"


def is_odd(text: str) -> bool:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 == 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "dialogue",
        nargs="?",
        type=Path,
        default=ROOT.parent / "shared" / "data" / "cped" / "test_split.csv",
        help="CPED's table of utterances",
    )
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="name the misses and false alarms")
    args = parser.parse_args()

    halves = {
        half: [
            json.loads(line)
            for line in (REPORTED / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for half in ("development", "held_out")
    }
    guards: dict[str, Guard] = {"ours": ours, "Whisper's compression ratio": whispers}
    heads = [f"{name}, {half}" for half in halves for name in guards]
    print(f"| kind | {' | '.join(heads)} |\n| --- |{' ---: |' * len(heads)}")
    kinds = sorted({row["kind"] for rows in halves.values() for row in rows})
    groups = {kind: {kind} for kind in kinds}
    groups["all but ordinary words"] = {*kinds} - {"ordinary"}
    groups["all"] = {*kinds}
    for name, members in groups.items():
        cells = [
            recall(guard, [row for row in rows if row["kind"] in members])
            for rows in halves.values()
            for guard in guards.values()
        ]
        print(f"| {name} | {' | '.join(cells)} |")

    with args.dialogue.open(encoding="utf-8-sig", newline="") as stream:
        utterances = list(csv.DictReader(stream))
    said = [row["Utterance"] for row in utterances]
    counts = Counter(line for line in said if len(line) <= 4)
    frequent = sorted(counts, key=lambda line: (-counts[line], line))[:50]
    drawn = random.Random(args.seed).sample(sorted(filter(is_odd, {*said})), args.lines)
    print(
        "\n| dialogue | lines | ours | Whisper's compression ratio |\n| --- | ---: | ---: | ---: |"
    )
    for name, lines in (("drawn by seed", drawn), ("most frequent short ones", frequent)):
        alarms = [str(sum(map(guard, lines))) for guard in guards.values()]
        print(f"| {name} | {len(lines)} | {' | '.join(alarms)} |")
    sources = {row["TV_ID"]: {} for row in utterances}
    for row in utterances:
        sources[row["TV_ID"]][row["Utterance_ID"]] = row["Utterance"]
    repeated = sum(len(repeated_texts(texts, MAX_REPEATS)) for texts in sources.values())
    print(f"| the same in a series ({len(sources)}) | {len(said)} | {repeated} | – |")

    telling = [row for row in halves["held_out"] if row["kind"] != "ordinary"]
    found = sum(ours(row["text"]) for row in telling) / len(telling)
    false = sum(map(ours, [*drawn, *frequent])) / (len(drawn) + len(frequent))
    print(f"\nheld-out recall {found:.3f} (least {LEAST_RECALL}), ", end="")
    print(f"false alarms {false:.2%} (most {MOST_FALSE:.1%})")
    if args.show:
        misses = [row["text"] for row in halves["development"] if not ours(row["text"])]
        print("not found (development half):", *misses, sep="\n  ")
        print("false alarms:", *filter(ours, [*drawn, *frequent]), sep="\n  ")
    return 0 if found >= LEAST_RECALL and false <= MOST_FALSE else 1


if __name__ == "__main__":
    sys.exit(main())
