"""Votes of three simulated recognisers: error rate against the best of them, and confidence.

Each recogniser errs in 10, 20 or 30 % of the characters of lines of CPED: 70 % of the errors are
other characters, half of these of the same syllable; 15 % are left out and 15 % put in. The most
trusted one in the ballot is the worst, so the weights have to be found.

    python -m benchmarks.transcription.voting --lines 500
"""

import argparse
import csv
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
from sklearn.metrics import roc_auc_score

from corpus_tools.transcription.compare import TextPair, clip_errors, total
from corpus_tools.transcription.vote import Ballot, Voted, Voter, error_rates, syllables
from manifests.base.letters import plain_letters

CPED = Path(__file__).parents[2] / ".." / "shared" / "data" / "cped" / "test_split.csv"
RATES = {"poor": 0.3, "fair": 0.2, "good": 0.1}
"""Simulated recognisers in the order of the ballots, with their rates of errors."""

SEEDS = 20
LEAST_AUC = 0.8


@dataclass(frozen=True)
class Votes:
    """Error rates of the recognisers and the vote, and the AUC of confidence for wrong ones."""

    rates: Mapping[str, float]
    voted: float
    auc: float

    @property
    def good(self) -> bool:
        """Whether the vote is better than each recogniser, and confidence finds its errors."""
        return self.voted < min(self.rates.values()) and self.auc >= LEAST_AUC


class Simulation:
    """Simulated recognisers that put in characters of some lines."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._letters = sorted(set(plain_letters("".join(lines))))
        self._alike = defaultdict(list)
        for letter in self._letters:
            for syllable in syllables(letter):
                self._alike[syllable].append(letter)

    def transcribe(self, line: str, rate: float, chance: random.Random) -> str:
        """Return a line with errors."""
        letters = ""
        for letter in line:
            kind = chance.random() / rate
            if kind >= 1:
                letters += letter
            elif kind < 0.7:
                letters += self._other(letter, chance)
            elif kind < 0.85:
                letters += letter + chance.choice(self._letters)
        return letters

    def _other(self, letter: str, chance: random.Random) -> str:
        alike = [
            other
            for syllable in sorted(syllables(letter))
            for other in self._alike[syllable]
            if other != letter
        ]
        return chance.choice(alike if alike and chance.random() < 0.5 else self._letters)

    def run(self, seed: int, number: int) -> Votes:
        """Vote on some of the lines."""
        chance = random.Random(seed)
        lines = chance.sample(self.lines, number)
        ballots = [
            Ballot(
                [Voter(name, self.transcribe(line, rate, chance)) for name, rate in RATES.items()]
            )
            for line in lines
        ]
        errors = error_rates(ballots, list(RATES))
        voted = [ballot.vote(errors) for ballot in ballots]
        rates = {
            name: _rate(lines, [ballot.voters[place].text for ballot in ballots])
            for place, name in enumerate(RATES)
        }
        return Votes(
            rates,
            _rate(lines, [one.text for one in voted]),
            float(roc_auc_score(*letter_errors(lines, voted))),
        )


def _rate(lines: Sequence[str], texts: Sequence[str]) -> float:
    pairs = [TextPair("", "", line, text) for line, text in zip(lines, texts, strict=True)]
    return total(clip_errors(pairs)).rate or 0.0


def letter_errors(lines: Sequence[str], voted: Sequence[Voted]) -> tuple[list[bool], list[float]]:
    """Return which letters of the votes are wrong, and their shares, negative."""
    wrong: list[bool] = []
    shares: list[float] = []
    for line, one in zip(lines, voted, strict=True):
        letters = "".join(unit.letters for unit, _ in one.units)
        if not letters:
            continue
        flags = np.ones(len(letters), dtype=bool)
        for part in jiwer.process_characters(plain_letters(line), letters).alignments[0]:
            if part.type == "equal":
                flags[part.hyp_start_idx : part.hyp_end_idx] = False
        wrong += flags.tolist()
        shares += [-share for unit, share in one.units for _ in unit.letters]
    return wrong, shares


def _read_lines() -> list[str]:
    with CPED.open(encoding="utf-8-sig", newline="") as stream:
        lines = {row["Utterance"] for row in csv.DictReader(stream)}
    return sorted(line for line in lines if 4 <= len(line) <= 30)


def main() -> int:
    """Print a row for each seed; return 1 if the vote isn't good in one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=500)
    simulation = Simulation(_read_lines())
    number = parser.parse_args().lines
    print(f"| seed | {' | '.join(RATES)} | vote | AUC |\n|{' --- |' * (len(RATES) + 3)}")
    bad = 0
    for seed in range(SEEDS):
        found = simulation.run(seed, number)
        rates = " | ".join(f"{100 * rate:.1f} %" for rate in found.rates.values())
        print(f"| {seed} | {rates} | {100 * found.voted:.1f} % | {found.auc:.3f} |", flush=True)
        bad += not found.good
    print(f"\nbetter than the best, with an AUC of {LEAST_AUC}: {SEEDS - bad} of {SEEDS}")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
