"""Constructed episodes: real utterances with known times, pauses, speaker changes, backgrounds.

The truth of an utterance is where its own level says that it is spoken: recordings begin and end
with silence, so each is trimmed to the first and the last 30 ms that are louder than 30 dB below
its 95th percentile (frames of 10 ms). Pauses within an utterance belong to it. Up to 75 ms of the
recording on either side stay, faded, so that no onset is cut.

An episode is a row of scenes of 6 to 18 utterances, with one emotion and two or three speakers
each. Of the utterances, 90 % last 0.8 to 2.5 s; the rest are longer or shorter. Between two lies a
pause, log-uniform from 0.15 to 3 s; after it another speaker has the word with a given probability,
also from scene to scene. Each utterance is at -23 dBFS, 3 dB up or down. Under all lies a room tone
37 dB below the speech. A background, if any, lies under the whole episode; its kind changes every
20 to 40 s, each at the same level below that of the speech (mean squares, the utterances' over all
of their time).

    from benchmarks.constructed import DEV, episode
    one = episode(DEV, seed=100, minutes=10, change_probability=0.5, background="noise", snr_db=10)
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

__all__ = ["DEV", "MEASURED", "NEMO", "RATE", "Episode", "Utterance", "construct", "episode"]

RATE = 16_000
Signal = NDArray[np.float32]
NEMO = Path(__file__).resolve().parents[3] / "shared" / "data" / "nemo"
DEV = ("EB0", "IC0", "KS0")
"""To set weights and thresholds on, with seeds from 100 on."""
MEASURED = ("KD0", "SM0", "TP0")
"""To measure on, with seeds 0, 1, 2."""


@dataclass(frozen=True, eq=False)
class Utterance:
    """A recording with speech from ``onset`` to ``end`` (samples); power 1 in there."""

    speaker: str
    emotion: str
    samples: Signal
    onset: int
    end: int
    text: str = ""

    @property
    def seconds(self) -> float:
        return (self.end - self.onset) / RATE


@dataclass(frozen=True, eq=False)
class Episode:
    """Int16 mono at `RATE`, who speaks from when to when (s) in order of time, and what."""

    samples: NDArray[np.int16]
    utterances: list[tuple[float, float, str]]
    texts: Sequence[str] = ()

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


def episode(
    speakers: Sequence[str],
    seed: int,
    minutes: float,
    change_probability: float,
    background: str | None = None,
    snr_db: float | None = None,
    folder: Path = NEMO,
) -> Episode:
    """Return an episode of some of the corpus's speakers; the same for the same arguments.

    Args:
        speakers: at least two.
        seed: of everything random; the utterances are the same with any background.
        minutes: it lasts at least this long, and ends with an utterance.
        change_probability: that another speaker follows, from 0 to 1.
        background: "noise" or "music", or none.
        snr_db: level of the speech above the background.
        folder: of the corpus.
    """
    utterances = read_utterances(folder, tuple(speakers))
    return construct(utterances, seed, minutes, change_probability, background, snr_db)


@lru_cache(maxsize=4)
def read_utterances(folder: Path, speakers: tuple[str, ...]) -> tuple[Utterance, ...]:
    """Return the trimmed utterances of some speakers, in the order of metadata.csv."""
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["speaker"] in speakers]
    return tuple(
        trimmed(
            soundfile.read(folder / row["file"], dtype="float32")[0],
            row["speaker"],
            row["emotion"],
            row["text"],
        )
        for row in rows
    )


def trimmed(samples: Signal, speaker: str, emotion: str, text: str = "") -> Utterance:
    """Return a recording as an utterance: its edges found, the rest faded, its power made 1."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
    loud = level > np.percentile(level, 95) - _AUDIBLE_DB
    steady = np.flatnonzero(np.convolve(loud, np.ones(_STEADY), mode="valid") == _STEADY)
    onset, end = int(steady[0]) * _FRAME, (int(steady[-1]) + _STEADY) * _FRAME
    first, last = max(onset - _AROUND, 0), min(end + _AROUND, len(samples))
    kept = samples[first:last] / np.sqrt(_power(samples[onset:end]))
    kept[: onset - first] *= np.linspace(0, 1, onset - first, dtype=np.float32)
    kept[len(kept) - (last - end) :] *= np.linspace(1, 0, last - end, dtype=np.float32)
    return Utterance(speaker, emotion, kept, onset - first, end - first, text)


def construct(
    utterances: Sequence[Utterance],
    seed: int,
    minutes: float,
    change_probability: float,
    background: str | None = None,
    snr_db: float | None = None,
    pauses: tuple[float, float] | None = None,
) -> Episode:
    """Return an episode made of the utterances given; other arguments as for `episode`.

    ``pauses`` are the shortest and the longest in seconds, at least 0.08.
    """
    rng = np.random.default_rng([seed, round(change_probability * 100)])
    placed, length = _place(
        utterances, rng, round(minutes * 60 * RATE), change_probability, pauses or _PAUSE
    )
    speech = np.zeros(length, dtype=np.float32)
    truth, spoken, spoken_power = [], 0, 0.0
    for at, gain, one in placed:
        first = at - one.onset
        speech[first : first + len(one.samples)] += gain * one.samples
        truth.append((at / RATE, at / RATE + one.seconds, one.speaker))
        spoken += one.end - one.onset
        spoken_power += gain**2 * (one.end - one.onset)
    level = np.sqrt(spoken_power / spoken)
    mix = speech + level * 10 ** (-_ROOM_DB / 20) * _room_tone(length, rng)
    if background is not None and snr_db is not None:
        mix += level * 10 ** (-snr_db / 20) * _bed(background, length, seed, tuple(utterances))
    mix *= min(1.0, 0.99 / float(np.abs(mix).max()))
    texts = [one.text for _, _, one in placed]
    return Episode(np.round(mix * 32767).astype(np.int16), truth, texts)


@lru_cache(maxsize=6)
def _bed(background: str, length: int, seed: int, voices: tuple[Utterance, ...]) -> Signal:
    from benchmarks.segmentation.backgrounds import bed

    return bed(background, length, seed, [one.samples for one in voices])


def _room_tone(length: int, rng: np.random.Generator) -> Signal:
    """Return stationary noise of power 1 that falls by 6 dB an octave above 300 Hz."""
    tone = lfilter([1], [1, -0.89], rng.standard_normal(length))
    return np.asarray(tone / tone.std(), dtype=np.float32)


def _power(signal: Signal) -> float:
    return float(np.mean(np.square(signal, dtype=np.float64)))


class _Decks:
    """Utterances by speaker and emotion, each dealt once before any is dealt again."""

    def __init__(self, utterances: Sequence[Utterance], rng: np.random.Generator) -> None:
        self._utterances, self._rng = utterances, rng
        self._decks: dict[tuple[str, str, bool], list[Utterance]] = {}

    def draw(self, speaker: str, emotion: str) -> Utterance:
        usual = bool(self._rng.random() < _USUAL_SHARE)
        found = self._deal(speaker, emotion, usual) or self._deal(speaker, emotion, not usual)
        if found is None:
            raise ValueError(f"{speaker} has no utterance that is {emotion}")
        return found

    def _deal(self, speaker: str, emotion: str, usual: bool) -> Utterance | None:
        deck = self._decks.setdefault((speaker, emotion, usual), [])
        if not deck:
            found = [
                one
                for one in self._utterances
                if (one.speaker, one.emotion) == (speaker, emotion)
                and (_USUAL[0] <= one.seconds <= _USUAL[1]) == usual
            ]
            deck += [found[at] for at in self._rng.permutation(len(found))]
        return deck.pop() if deck else None


def _place(
    utterances: Sequence[Utterance],
    rng: np.random.Generator,
    length: int,
    change_probability: float,
    pauses: tuple[float, float],
) -> tuple[list[tuple[int, float, Utterance]], int]:
    """Return (first sample of speech, gain, utterance) of each, and the episode's length."""
    speakers = sorted({one.speaker for one in utterances})
    emotions = sorted({one.emotion for one in utterances})
    decks = _Decks(utterances, rng)
    placed: list[tuple[int, float, Utterance]] = []
    at, speaker = _pause(rng, pauses), str(rng.choice(speakers))
    while at < length:
        emotion = str(rng.choice(emotions))
        others = rng.permutation([other for other in speakers if other != speaker])
        cast = [speaker, *(str(other) for other in others[: int(rng.integers(1, 3))])]
        for _ in range(int(rng.integers(6, 19))):
            if at >= length:
                break
            if rng.random() < change_probability:
                speaker = str(rng.choice([other for other in cast if other != speaker]))
            one = decks.draw(speaker, emotion)
            gain = 10 ** ((_LEVEL_DB + rng.uniform(-_VARIES_DB, _VARIES_DB)) / 20)
            placed.append((at, gain, one))
            at += one.end - one.onset + _pause(rng, pauses)
    return placed, at


def _pause(rng: np.random.Generator, pauses: tuple[float, float]) -> int:
    return round(float(np.exp(rng.uniform(*np.log(pauses)))) * RATE)


_FRAME = RATE // 100
_STEADY = 3  # frames
_AUDIBLE_DB = 30.0  # below the loud parts of an utterance
_AROUND = RATE * 75 // 1000  # samples of a recording kept before and after its speech
_USUAL, _USUAL_SHARE = (0.8, 2.5), 0.9  # s
_PAUSE = (0.15, 3.0)  # s
_LEVEL_DB, _VARIES_DB = -23.0, 3.0  # dBFS of an utterance, and either way
_ROOM_DB = 37.0  # below the speech
