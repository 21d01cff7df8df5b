"""Accuracy of matching scripts with long takes, with and without recognised text.

Takes are those of `constructed_takes`: three speakers per session, 72 lines each. A line is right
if its clip begins and ends within 0.3 s of the kept reading, or if it was skipped and is reported
as skipped; it is an unflagged error if it is wrong and has no flag. A retake (or false start) is
found if it and a reported one share more than half of the longer.

The recogniser is simulated: the letters of each reading, with substitutions (half), deletions and
insertions at a given rate, drawn from the letters of the script. "Alone" is one take without the
others of its session, which has no bar.

Exits with 1 if a bar is missed: lines right 98, 97 and 90 % at 0, 15 and 50 % wrong letters; F1 of
retakes 0.9 by sound; at most 0.5 % unflagged errors.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from benchmarks.common.constructed import DEV, MEASURED, NEMO
from benchmarks.recordings.constructed_takes import Take, corrupted, takes
from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.media.decode import Block
from corpus_tools.media.samples import Samples
from corpus_tools.recordings.alignment.aligner import Matcher, TakeSpeech, match_takes
from corpus_tools.recordings.alignment.evidence.voiceprint import SpeechFeatures
from corpus_tools.recordings.takes.matches import LineMatch, line_matches
from corpus_tools.recordings.takes.recognised import TimedText, letters_by_piece
from corpus_tools.recordings.takes.take import speech_pieces
from corpus_tools.segmentation.voice.activity import ActivityMeter
from corpus_tools.segmentation.voice.base import detector_of
from manifests.base.letters import plain_letters

__all__ = ["Score", "score", "simulate_recogniser", "take_speech"]


@dataclass
class Score:
    """Counts of lines, and of retakes with false starts."""

    lines: int = 0
    right: int = 0
    flagged: int = 0
    silent: int = 0
    found: int = 0
    reported: int = 0
    retakes: int = 0

    def __add__(self, other: "Score") -> "Score":
        names = [field.name for field in fields(self)]
        return Score(*(getattr(self, name) + getattr(other, name) for name in names))

    @property
    def f1(self) -> float:
        """F1 of retakes and false starts."""
        return 2 * self.found / max(1, self.reported + self.retakes)


@dataclass(frozen=True)
class _Track:
    """Part of a decoded track that `SpeechFeatures` uses."""

    whole: Samples

    def samples(self, cut: Cut) -> Samples:
        return self.whole[cut.start_ms * 16 : cut.end_ms * 16]


def take_speech(take: Take, texts: Sequence[TimedText] | None) -> TakeSpeech:
    """Return the matcher's input for a take."""
    settings = SegmentSettings()
    meter = ActivityMeter(detector_of(settings), settings)
    meter.add(Block(take.samples))
    pieces = speech_pieces(meter.activity())
    voiced = SpeechFeatures.of(_Track(take.samples), pieces)  # type: ignore[arg-type]
    letters = None if texts is None else letters_by_piece(texts, pieces)
    return TakeSpeech(pieces, voiced, take.lines, take.lines, letters)


def simulate_recogniser(take: Take, error: float, seed: int) -> list[TimedText]:
    """Return each reading's text as of a recogniser with a given error rate."""
    rng = np.random.default_rng([seed, round(100 * error)])
    alphabet = sorted(set(plain_letters("".join(take.lines))))
    return [
        TimedText(one.start, one.end, corrupted(plain_letters(one.text), error, rng, alphabet))
        for one in take.readings
    ]


def score(take: Take, matches: Sequence[LineMatch]) -> Score:
    """Count the lines and retakes of a take that were found."""
    result = Score(lines=len(take.lines))
    for match in matches:
        truth = take.kept.get(match.line)
        if truth is None or match.span is None:
            right = truth is None and match.span is None
        else:
            edges = (match.span[0] / 1000 - truth.start, match.span[1] / 1000 - truth.end)
            right = max(map(abs, edges)) <= _NEAR
        result.right += right
        result.flagged += bool(match.flags)
        result.silent += not right and not match.flags
    tried = [(one.start, one.end) for one in take.readings if one.kind != "kept"]
    reported = [
        (one.start_ms / 1000, one.end_ms / 1000) for match in matches for one in match.attempts
    ]
    result.retakes, result.reported = len(tried), len(reported)
    result.found = sum(any(_same(one, other) for other in reported) for one in tried)
    return result


def _same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared > 0.5 * max(one[1] - one[0], other[1] - other[0])


def _measure(folder: Path, speakers: Sequence[str], seeds: Sequence[int]) -> dict[str, Score]:
    total: dict[str, Score] = {}
    for seed in seeds:
        session = takes(speakers, seed, folder=folder)
        plain = [take_speech(take, None) for take in session]
        settings: dict[str, list[list[LineMatch]]] = {}
        for error in _ERRORS:
            matchers = []
            for number, (take, speech) in enumerate(zip(session, plain, strict=True)):
                letters = letters_by_piece(
                    simulate_recogniser(take, error, 100 * seed + number), speech.pieces
                )
                matchers.append(
                    Matcher(
                        TakeSpeech(
                            speech.pieces, speech.voiced, speech.lines, speech.sentences, letters
                        )
                    )
                )
            settings[f"text, {error:.0%} of letters wrong"] = _matches(matchers)
        settings[_BY_SOUND] = _matches([Matcher(speech) for speech in plain])
        settings["no text, each take alone"] = [_matches([Matcher(speech)])[0] for speech in plain]
        for name, found in settings.items():
            for take, matches in zip(session, found, strict=True):
                total[name] = total.get(name, Score()) + score(take, matches)
        print(f"session {seed} done", file=sys.stderr, flush=True)
    return total


def _matches(matchers: Sequence[Matcher]) -> list[list[LineMatch]]:
    aligned = match_takes(matchers)
    return [line_matches(one, found) for one, found in zip(matchers, aligned, strict=True)]


def _held(name: str, one: Score) -> bool:
    least = dict(
        zip((f"text, {error:.0%} of letters wrong" for error in _ERRORS), _BARS, strict=True)
    )
    good = one.right >= least.get(name, 0) * one.lines
    if name == _BY_SOUND:
        good = good and one.f1 >= _LEAST_F1
    return good and one.silent <= _MOST_SILENT * one.lines


def main() -> int:
    """Print the table and return 1 if a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=NEMO)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--dev", action="store_true", help="use the development speakers")
    parser.add_argument("--quick", action="store_true", help="one session")
    given = parser.parse_args()
    seeds = given.seeds[:1] if given.quick else given.seeds
    total = _measure(given.folder, DEV if given.dev else MEASURED, seeds)
    print("| matched by | lines | right | flagged | wrong, no flag | retakes | F1 | bar |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for name, one in total.items():
        print(
            f"| {name} | {one.lines} | {one.right / one.lines:.1%} | {one.flagged / one.lines:.1%} "
            f"| {one.silent} ({one.silent / one.lines:.2%}) | {one.retakes} | {one.f1:.3f} "
            f"| {'held' if _held(name, one) else 'MISSED'} |"
        )
    return int(not all(_held(name, one) for name, one in total.items()))


_NEAR = 0.3  # seconds
_ERRORS, _BARS = (0.0, 0.15, 0.5), (0.98, 0.97, 0.9)
_BY_SOUND = "no text, three takes together"
_LEAST_F1, _MOST_SILENT = 0.9, 0.005

if __name__ == "__main__":
    sys.exit(main())
