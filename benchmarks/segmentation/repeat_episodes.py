"""Constructed episodes that share one minute and no other recording."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from benchmarks.common.constructed import RATE, Utterance, read_utterances

__all__ = ["ENCODINGS", "RepeatEpisode", "encode", "repeat_episodes", "row_of"]

Signal = NDArray[np.float32]


@dataclass(frozen=True)
class Encoding:
    """Encoding of an episode."""

    codec: str
    suffix: str
    rate: int
    kilobits: int

    def __str__(self) -> str:
        return f"{self.codec.removeprefix('lib')} {self.kilobits} kbit/s, {self.rate} Hz"


ENCODINGS = (
    Encoding("aac", "m4a", 44_100, 128),
    Encoding("aac", "m4a", 48_000, 48),
    Encoding("libmp3lame", "mp3", 44_100, 64),
    Encoding("libopus", "ogg", 48_000, 32),
    Encoding("libmp3lame", "mp3", 22_050, 32),
)
"""Encoding of each episode."""


@dataclass(frozen=True, eq=False)
class RepeatEpisode:
    """An episode before it is encoded.

    Attributes:
        samples: float32 mono at `RATE`.
        speech: whether somebody speaks at each sample.
        inserted: [start, end) of the insert, in samples.
    """

    samples: Signal
    speech: NDArray[np.bool_]
    inserted: tuple[int, int]

    def share_repeated(self, start_ms: int, end_ms: int) -> float:
        """Return the share of the insert in a cut's speech; 0 without speech."""
        start, end = (ms * RATE // 1000 for ms in (start_ms, end_ms))
        spoken = np.flatnonzero(self.speech[start:end]) + start
        first, last = self.inserted
        return float(np.mean((spoken >= first) & (spoken < last))) if len(spoken) else 0.0


def repeat_episodes(
    folder: Path, speakers: tuple[str, ...], seed: int, seconds: float = 60, share: float = 1.0
) -> list[RepeatEpisode]:
    """Return an episode for each encoding, each recording of the speakers in one of them.

    Args:
        folder: corpus folder.
        speakers: speakers of the recordings.
        seed: random seed.
        seconds: length of the insert.
        share: share of the recordings to use.
    """
    rng = np.random.default_rng([seed, 7])
    utterances = read_utterances(folder, speakers)
    dealt = [utterances[at] for at in rng.permutation(len(utterances))]
    insert, used = row_of(dealt, rng, seconds)
    rest = dealt[used : max(round(share * len(dealt)), used + 2 * len(ENCODINGS))]
    return [
        _with_insert(rest[number :: len(ENCODINGS)], insert, rng)
        for number in range(len(ENCODINGS))
    ]


def row_of(
    utterances: Sequence[Utterance], rng: np.random.Generator, seconds: float | None = None
) -> tuple[tuple[Signal, NDArray[np.bool_]], int]:
    """Return utterances separated by pauses over room tone, and the number of utterances used.

    Args:
        utterances: utterances, in this order.
        rng: source of pauses (log-uniform, 0.15 to 3 s), levels and room tone.
        seconds: length to reach; default: until all utterances are used.
    """
    samples, speech, length, used = [], [], 0, 0
    for utterance in utterances:
        pause = round(RATE * float(np.exp(rng.uniform(*np.log(_PAUSE)))))
        gain = 10 ** ((_LEVEL_DB + rng.uniform(-3, 3)) / 20)
        samples += [gain * utterance.samples, np.zeros(pause)]
        mask = np.zeros(len(utterance.samples) + pause, dtype=np.bool_)
        mask[utterance.onset : utterance.end] = True
        speech.append(mask)
        length, used = length + len(mask), used + 1
        if seconds is not None and length >= seconds * RATE:
            break
    whole = np.concatenate(samples) + rng.normal(0, 10 ** (_ROOM_DB / 20), length)
    cut = length if seconds is None else round(seconds * RATE)
    return (whole[:cut].astype(np.float32), np.concatenate(speech)[:cut]), used


def _with_insert(
    utterances: Sequence[Utterance],
    insert: tuple[Signal, NDArray[np.bool_]],
    rng: np.random.Generator,
) -> RepeatEpisode:
    before = int(rng.integers(1, len(utterances)))
    gain = np.float32(10 ** (rng.uniform(-6, 3) / 20))
    (head, speech_before), _ = row_of(utterances[:before], rng)
    (tail, speech_after), _ = row_of(utterances[before:], rng)
    samples = np.concatenate([head, gain * insert[0], tail])
    speech = np.concatenate([speech_before, insert[1], speech_after])
    return RepeatEpisode(samples, speech, (len(head), len(head) + len(insert[0])))


def encode(samples: Signal, encoding: Encoding, path: Path) -> None:
    """Write an encoded episode, at the encoding's rate."""
    ratio = Fraction(encoding.rate, RATE)
    signal = resample_poly(samples, ratio.numerator, ratio.denominator)
    pcm = np.round(np.clip(signal, -1, 1) * 32767).astype(np.int16)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(encoding.codec, rate=encoding.rate)
        stream.codec_context.layout = "mono"
        stream.bit_rate = encoding.kilobits * 1000
        for frame in _frames(pcm, encoding.rate):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _frames(pcm: NDArray[np.int16], rate: int) -> Iterator[av.AudioFrame]:
    for first in range(0, len(pcm), 4096):
        piece = np.ascontiguousarray(pcm[first : first + 4096]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = first
        yield frame


_PAUSE = (0.15, 3.0)  # s
_LEVEL_DB = -23.0  # dBFS of an utterance, 3 dB either way
_ROOM_DB = -60.0  # dBFS
