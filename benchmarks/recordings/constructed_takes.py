"""Constructed long takes: real utterances of a script's lines, in order, with pauses and mistakes.

All speakers of a session read the same lines in the same order. Each line is a recording in an
emotion drawn for that speaker and line; where it lies is known as for `constructed`. Of a take's
lines 5 % are skipped and 10 % are read again. A line that is read again has before its last reading
one or two attempts: a whole rendition, or a false start, its first 30 to 65 % broken off at the
weakest place near. The corpus has one rendition of a line in each emotion, so an attempt is always
another emotion's, further from the last reading than a real repetition.

Between two lines lies a pause, log-uniform from 0.5 to 2.5 s; after an attempt from 0.3 to 1.2 s;
at 5 % of the joins of lines only 0.03 to 0.12 s. In 8 % of the lines the reader stops at a weak
place in the middle half for 0.25 to 0.7 s. Levels and room tone are those of `constructed`.

    from benchmarks.constructed_takes import takes
    session = takes(DEV, seed=100)
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import lfilter

from benchmarks.common.constructed import NEMO, RATE, Signal, trimmed

__all__ = ["Reading", "Take", "corrupted", "render", "takes"]


@dataclass(frozen=True)
class Reading:
    """Reading in a take, times in seconds; ``kind`` is kept, retake or false_start."""

    line: int
    kind: str
    start: float
    end: float
    text: str


@dataclass(frozen=True, eq=False)
class Take:
    """Take with int16 mono samples at `RATE`, its readings in order of time, and its script."""

    speaker: str
    samples: NDArray[np.int16]
    readings: list[Reading]
    lines: list[str]

    @property
    def kept(self) -> dict[int, Reading]:
        """Kept reading of each line; a skipped line has none."""
        return {reading.line: reading for reading in self.readings if reading.kind == "kept"}


@dataclass(frozen=True, eq=False)
class _Spoken:
    """Samples with speech of power 1, and the start and end of the speech (samples)."""

    samples: Signal
    onset: int
    end: int


def takes(
    speakers: Sequence[str],
    seed: int,
    lines: int | None = None,
    folder: Path = NEMO,
    retakes: float = 0.1,
    skipped: float = 0.05,
) -> list[Take]:
    """Return a take of each speaker, deterministic for the same arguments.

    Args:
        speakers: speakers of the corpus.
        seed: random seed.
        lines: number of lines of the script, drawn from the corpus's 72; by default all.
        folder: folder of the corpus.
        retakes: share of a take's lines that are read again.
        skipped: share of a take's lines that are left out.
    """
    texts, recordings = _read(folder)
    order = np.random.default_rng([seed, 7]).permutation(sorted(texts, key=int))[:lines]
    found = []
    for number, speaker in enumerate(sorted(speakers)):
        rng = np.random.default_rng([seed, 11, number])
        chosen = rng.permutation(len(order))
        left_out = set(chosen[: round(skipped * len(order))].tolist())
        again = set(chosen[len(left_out) :][: round(retakes * len(order))].tolist())
        parts: list[tuple[int, str, str, _Spoken]] = []
        for line, sentence in enumerate(order):
            if line in left_out:
                continue
            versions = [
                recordings[key] for key in sorted(recordings) if key[::2] == (speaker, sentence)
            ]
            ranks = rng.permutation(len(versions))
            text = texts[sentence]
            for rank in ranks[1 : 1 + (1 + int(rng.random() < 0.15)) * (line in again)]:
                said = _spoken(folder / versions[rank])
                if rng.random() < 0.5:
                    parts.append((line, "retake", text, said))
                else:
                    share, said = _broken_off(said, rng)
                    parts.append((line, "false_start", text[: round(share * len(text))], said))
            said = _spoken(folder / versions[ranks[0]])
            if rng.random() < 0.08:
                said = _with_pause(said, rng)
            parts.append((line, "kept", text, said))
        found.append(render(speaker, [texts[one] for one in order], parts, rng))
    return found


def render(
    speaker: str,
    lines: list[str],
    parts: Sequence[tuple[int, str, str, _Spoken]],
    rng: np.random.Generator,
) -> Take:
    """Return a take made of parts: line, kind, text and sound of each."""
    at = round(rng.uniform(0.5, 2) * RATE)
    placed, readings = [], []
    for line, kind, text, said in parts:
        length = said.end - said.onset
        placed.append((at, said))
        readings.append(Reading(line, kind, at / RATE, (at + length) / RATE, text))
        at += length + round(_pause(kind, rng) * RATE)
    at += RATE // 2
    speech = np.zeros(at, dtype=np.float32)
    for start, said in placed:
        first = start - said.onset
        gain = 10 ** ((-23 + rng.uniform(-3, 3)) / 20)
        speech[first : first + len(said.samples)] += gain * said.samples[: at - first]
    tone = lfilter([1], [1, -0.89], rng.standard_normal(at))
    mix = speech + 10 ** ((-23 - 37) / 20) * (tone / tone.std())
    mix *= min(1.0, 0.99 / float(np.abs(mix).max()))
    return Take(speaker, np.round(mix * 32767).astype(np.int16), readings, lines)


def corrupted(text: str, rate: float, rng: np.random.Generator, alphabet: Sequence[str]) -> str:
    """Return a text with random substitutions (half), deletions and insertions at a rate."""
    out = []
    for character in text:
        luck = rng.random() / rate if rate else 1.0
        if luck >= 1:
            out.append(character)
        elif luck < 0.5:
            out.append(str(rng.choice(alphabet)))
        elif luck < 0.75:
            out += [character, str(rng.choice(alphabet))]
    return "".join(out)


def _pause(kind: str, rng: np.random.Generator) -> float:
    low, high = (0.5, 2.5) if kind == "kept" else (0.3, 1.2)
    if kind == "kept" and rng.random() < 0.05:
        low, high = 0.03, 0.12
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


@lru_cache(maxsize=1)
def _read(folder: Path) -> tuple[dict[str, str], dict[tuple[str, str, str], str]]:
    """Return texts by sentence, and files by speaker, emotion and sentence."""
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    texts = {row["sentence"]: row["text"] for row in rows}
    return texts, {(r["speaker"], r["emotion"], r["sentence"]): r["file"] for r in rows}


@lru_cache(maxsize=4096)
def _spoken(path: Path) -> _Spoken:
    one = trimmed(soundfile.read(path, dtype="float32")[0], "", "")
    return _Spoken(one.samples, one.onset, one.end)


def _weakest(said: _Spoken, low: float, high: float) -> int:
    """Return the quietest place (30 ms) between two shares of the speech."""
    first, last = (said.onset + round(x * (said.end - said.onset)) for x in (low, high))
    smooth = np.convolve(said.samples[first:last] ** 2, np.ones(RATE * 3 // 100), mode="valid")
    return first + int(np.argmin(smooth)) + RATE * 3 // 200


def _faded(samples: Signal, at: int) -> tuple[Signal, Signal]:
    ramp = np.linspace(0, 1, RATE // 100, dtype=np.float32)
    before, after = samples[:at].copy(), samples[at:].copy()
    before[-len(ramp) :] *= ramp[::-1]
    after[: len(ramp)] *= ramp
    return before, after


def _broken_off(said: _Spoken, rng: np.random.Generator) -> tuple[float, _Spoken]:
    wanted = rng.uniform(0.3, 0.65)
    at = _weakest(said, wanted - 0.08, wanted + 0.08)
    share = (at - said.onset) / (said.end - said.onset)
    return share, _Spoken(_faded(said.samples, at)[0], said.onset, at)


def _with_pause(said: _Spoken, rng: np.random.Generator) -> _Spoken:
    before, after = _faded(said.samples, _weakest(said, 0.25, 0.75))
    hush = np.zeros(round(rng.uniform(0.25, 0.7) * RATE), dtype=np.float32)
    samples = np.concatenate([before, hush, after])
    return _Spoken(samples, said.onset, said.end + len(hush))
