"""Voting over several texts of one clip, unit by unit (ROVER), aware of Chinese homophones.

A unit is a character where the script has no spaces between words, else a word. The texts are
aligned one after the other, and in each column the units (or their absence) are voted on. A
character lends half of its weight to those that sound alike, since recognisers confuse these.

Source: Fiscus, "A post-processing system to yield reduced word error rates: Recognizer Output
Voting Error Reduction (ROVER)", 1997; here with weights of texts and homophones.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from manifests.base.letters import plain_letters

__all__ = [
    "Ballot",
    "Unit",
    "Voted",
    "Voter",
    "error_rates",
    "split_units",
    "syllables",
    "vote_weight",
]


@dataclass(frozen=True)
class Voter:
    """One text with its origin; ``share`` is the part of its origin's weight that it has."""

    origin: str
    text: str
    share: float = 1.0


@dataclass(frozen=True)
class Unit:
    """A character or word: its letters for comparison, and as written, with what follows it."""

    letters: str
    written: str


@dataclass(frozen=True)
class Voted:
    """Result of a vote: units and each one's share of the weight, and the mean of all columns."""

    units: list[tuple[Unit, float]]
    confidence: float

    @property
    def text(self) -> str:
        """The units as one text, with the marks and spaces of the texts that they are from."""
        text = ""
        for unit, _ in self.units:
            apart = text and _in_word(text[-1]) and _in_word(unit.written[0])
            text += f" {unit.written}" if apart else unit.written
        return text.strip()


def split_units(text: str) -> list[Unit]:
    """Return the units of a text; what comes before the first is written with it.

    Example:
        >>> [unit.written for unit in split_units("「巴适，OK the end！")]
        ['「巴', '适，', 'OK ', 'the ', 'end！']
    """
    units: list[str] = []
    before = ""
    grows = False
    for character in text:
        kind = unicodedata.category(character)[0]
        if kind not in "LMN":
            grows = grows and character in _APOSTROPHES
            if units:
                units[-1] += character
            else:
                before += character
        elif units and (kind == "M" or (grows and _in_word(character))):
            units[-1] += character
        else:
            units.append(before + character)
            before = ""
            grows = _in_word(character)
    return [Unit(plain_letters(written), written) for written in units]


class Ballot:
    """Aligned texts of one clip, the most trusted first: in a tie the first one decides."""

    def __init__(self, voters: Sequence[Voter]) -> None:
        self.voters = voters
        self.columns: list[tuple[Unit | None, ...]] = []
        for number, voter in enumerate(voters):
            self.columns = _aligned(self.columns, split_units(voter.text), number)

    def vote(self, errors: Mapping[str, float]) -> Voted:
        """Return the units with the most weight, by the rate of errors of each origin."""
        weights = [vote_weight(errors[voter.origin]) * voter.share for voter in self.voters]
        total = sum(weights)
        units, shares = [], []
        for column in self.columns:
            winner, share = _winner(column, weights)
            shares.append(round(share / total, 6))
            if winner is not None:
                units.append((winner, shares[-1]))
        return Voted(units, round(sum(shares) / len(shares), 4) if shares else 0.0)


def error_rates(ballots: Sequence[Ballot], origins: Sequence[str]) -> dict[str, float]:
    """Estimate how often each origin is outvoted, to two decimals, from clips with three texts.

    Starts with equal rates and votes anew with the rates found. Few units, and clips with two
    texts, in which nobody can be outvoted, leave the rate near that of the start.
    """
    rates = dict.fromkeys(origins, _USUAL)
    judging = [ballot for ballot in ballots if len(ballot.voters) > 2]
    for _ in range(_ROUNDS):
        wrong: Counter[str] = Counter()
        seen: Counter[str] = Counter()
        for ballot in judging:
            weights = [vote_weight(rates[voter.origin]) * voter.share for voter in ballot.voters]
            for column in ballot.columns:
                right = _letters(_winner(column, weights)[0])
                for voter, unit in zip(ballot.voters, column, strict=True):
                    if voter.share == 1:
                        seen[voter.origin] += 1
                        wrong[voter.origin] += _letters(unit) != right
        rates = {
            origin: round((wrong[origin] + _USUAL * _PRIOR) / (seen[origin] + _PRIOR), 2)
            for origin in origins
        }
    return rates


def vote_weight(error_rate: float) -> float:
    """Return the weight of a text: the log odds that it is right against one certain wrong unit.

    Errors scatter over many units, so two texts that agree outweigh a better one.

    Example:
        >>> [round(vote_weight(rate), 1) for rate in (0.1, 0.3)]
        [4.5, 3.1]
    """
    rate = min(max(error_rate, _LEAST), _MOST)
    return math.log(_WRONG_UNITS * (1 - rate) / rate)


_USUAL = 0.2  # rate of errors until it is estimated
_PRIOR = 50  # units that this rate counts as
_ROUNDS = 3
_LEAST, _MOST = 0.02, 0.6
_WRONG_UNITS = 10  # among which errors scatter
_LENT = 0.5  # of the weight, to units that sound alike
_APOSTROPHES = "'’"
_NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003134f]"
)


def _in_word(character: str) -> bool:
    """Return whether a character is part of a word with spaces around it."""
    return unicodedata.category(character)[0] in "LMN" and _NO_SPACES.fullmatch(character) is None


def _letters(unit: Unit | None) -> str | None:
    return None if unit is None else unit.letters


def _winner(column: Sequence[Unit | None], weights: Sequence[float]) -> tuple[Unit | None, float]:
    """Return the unit with the most weight, from the heaviest text that has it, and the weight."""
    best: tuple[Unit | None, float] = None, -1.0
    heaviest_first = sorted(range(len(column)), key=lambda number: -weights[number])
    for number in heaviest_first:
        weight = sum(
            other * _likeness(column[number], unit)
            for unit, other in zip(column, weights, strict=True)
        )
        if weight > best[1] + 1e-9:
            best = column[number], weight
    return best


def _likeness(one: Unit | None, other: Unit | None) -> float:
    if one is None or other is None:
        return float(one is other)
    if one.letters == other.letters:
        return 1.0
    return _LENT if sound_alike(one.letters, other.letters) else 0.0


def sound_alike(one: str, other: str) -> bool:
    """Return whether two Chinese characters may be one syllable, whatever its tone.

    Example:
        >>> sound_alike("在", "再"), sound_alike("在", "好")
        (True, False)
    """
    return len(one) == len(other) == 1 and not syllables(one).isdisjoint(syllables(other))


@lru_cache(maxsize=30_000)
def syllables(character: str) -> frozenset[str]:
    """Return the syllables that a Chinese character may be, without tones; else nothing."""
    from pypinyin import Style, pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
    return frozenset(syllable for readings in found for syllable in readings)


def _aligned(
    columns: Sequence[tuple[Unit | None, ...]], units: Sequence[Unit], others: int
) -> list[tuple[Unit | None, ...]]:
    """Return the columns with a further text, at the least cost; ``others`` texts are in them."""
    if not others:
        return [(unit,) for unit in units]
    width = len(units) + 1
    costs = [[float(place) for place in range(width)]]
    for number, column in enumerate(columns, start=1):
        known = {unit.letters: unit for unit in column if unit is not None}
        row = [float(number)]
        before = costs[-1]
        for place, unit in enumerate(units):
            change = before[place] + _difference(known, unit)
            row.append(min(change, before[place + 1] + 1, row[place] + 1))
        costs.append(row)
    found: list[tuple[Unit | None, ...]] = []
    nobody = (None,) * others
    number, place = len(columns), len(units)
    while number or place:
        cost = costs[number][place]
        column = columns[number - 1] if number else nobody
        if number and place:
            known = {unit.letters: unit for unit in column if unit is not None}
            if cost == costs[number - 1][place - 1] + _difference(known, units[place - 1]):
                number, place = number - 1, place - 1
                found.append((*column, units[place]))
                continue
        if number and cost == costs[number - 1][place] + 1:
            number -= 1
            found.append((*column, None))
        else:
            place -= 1
            found.append((*nobody, units[place]))
    return found[::-1]


def _difference(known: Mapping[str, Unit], unit: Unit) -> float:
    if unit.letters in known:
        return 0.0
    return 1 - _LENT * any(sound_alike(one, unit.letters) for one in known)
