"""Backgrounds for constructed clips: music rendered with sampled instruments, and noises.

Music needs ``fluidsynth`` and a General MIDI sound font; only benchmarks use it. Every piece and
every noise is drawn from a seed. Pieces to set thresholds with and pieces to measure on differ in
seed, key, tempo, chords and in most instruments (`PIECES`).

Backgrounds of whole episodes: consecutive pieces of music or kinds of noise.
"""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.ndimage
import scipy.signal
import soundfile
from numpy.typing import NDArray

__all__ = ["bed"]

RATE = 16_000
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
PROGRESSIONS = ((0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 5, 4), (5, 4, 3, 4), (0, 2, 3, 4), (1, 4, 0, 5))
MAJOR, MINOR, PENTATONIC = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9)
DRUMS = 9
KICK, SNARE, HAT = 36, 38, 42


@dataclass(frozen=True)
class Note:
    """One note of a piece: seconds, General MIDI channel, pitch and velocity."""

    start: float
    seconds: float
    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Piece:
    """A kind of music: its texture, and the instruments (General MIDI programs, from 0)."""

    texture: str
    programs: tuple[int, ...]


PIECES = {
    "dev": {
        "piano": Piece("arpeggio", (0, 0)),
        "strings": Piece("held", (48, 42)),
        "band": Piece("band", (27, 33, 16)),
        "guitar and flute": Piece("arpeggio", (24, 73)),
        "plucked": Piece("melody", (107, 105)),
        "electronic": Piece("band", (81, 38, 89)),
        "choir": Piece("held", (52, 52)),
        "brass": Piece("held", (61, 60)),
    },
    "measured": {
        "piano": Piece("arpeggio", (1, 1)),
        "strings": Piece("held", (49, 40)),
        "band": Piece("band", (29, 34, 4)),
        "guitar and flute": Piece("arpeggio", (25, 75)),
        "plucked": Piece("melody", (106, 46)),
        "electronic": Piece("band", (80, 39, 90)),
        "choir": Piece("held", (53, 53)),
        "brass": Piece("held", (56, 57)),
        "fiddle and zither": Piece("melody", (110, 15)),
    },
}


def render_music(piece: Piece, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return a piece as float samples at `RATE`, shape (samples,), of even loudness."""
    notes, programs = _compose(piece, seconds, rng)
    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder) / "song.mid", Path(folder) / "song.wav"
        song.write_bytes(_midi(notes, programs))
        subprocess.run(
            ["fluidsynth", "-ni", "-q", "-g", "0.5", "-r", "48000", "-F", sound, SOUND_FONT, song],
            check=True,
            capture_output=True,
        )
        stereo, _ = soundfile.read(sound, dtype="float32")
    mono = scipy.signal.resample_poly(stereo.mean(axis=1), 1, 3)
    return even(_fitted(mono, seconds))


def _compose(
    piece: Piece, seconds: float, rng: np.random.Generator
) -> tuple[list[Note], dict[int, int]]:
    scale = PENTATONIC if piece.texture == "melody" else (MAJOR, MINOR)[rng.integers(2)]
    tonic = 48 + int(rng.integers(-5, 7))
    beat = 60 / rng.uniform(62, 128)
    chords = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    programs = dict(enumerate(piece.programs))
    notes: list[Note] = []

    def pitch(degree: int, octave: int = 0) -> int:
        return tonic + 12 * (octave + degree // len(scale)) + scale[degree % len(scale)]

    def add(start: float, length: float, channel: int, number: int, loud: int) -> None:
        velocity = int(np.clip(loud + rng.integers(-10, 11), 20, 127))
        notes.append(Note(start + abs(rng.normal(0, 0.006)), length, channel, number, velocity))

    def walk(start: float, bars: float, channel: int, octave: int, loud: int) -> None:
        at, degree = start, int(rng.integers(len(scale)))
        while at < start + bars:
            length = beat * float(rng.choice([0.5, 1, 1, 1.5, 2]))
            if rng.random() < 0.85:
                add(at, length * 0.95, channel, pitch(degree, octave), loud)
            degree = int(np.clip(degree + rng.integers(-2, 3), 0, 2 * len(scale)))
            at += length

    bar = 4 * beat
    for number in range(int(np.ceil(seconds / bar))):
        start, root = number * bar, chords[number % len(chords)]
        triad = (root, root + 2, root + 4)
        if piece.texture == "held":
            for degree in (*triad, root + 7):
                add(start, bar * 1.02, 0, pitch(degree), 80)
            walk(start, bar, 1, 1, 75)
        elif piece.texture == "arpeggio":
            add(start, bar, 0, pitch(root, -1), 80)
            for step in range(8):
                degree = triad[int(rng.integers(3))] + 7 * int(rng.integers(2))
                add(start + step * beat / 2, beat, 0, pitch(degree), 75)
            walk(start, bar, 1, 1, 80)
        elif piece.texture == "melody":
            walk(start, bar, 0, 1, 85)
            walk(start, bar, 1, 0, 60)
        else:
            for step in range(4):
                add(start + step * beat, beat, 1, pitch(root, -1), 85)
                add(start + step * beat, 0.1, DRUMS, (KICK, SNARE)[step % 2], 90)
                for degree in triad:
                    add(start + step * beat, beat * 0.9, 0, pitch(degree), 70)
            for step in range(8):
                add(start + step * beat / 2, 0.1, DRUMS, HAT, 60)
            walk(start, bar, 2, 1, 80)
    return [note for note in notes if note.start < seconds], programs


def _midi(notes: list[Note], programs: dict[int, int]) -> bytes:
    """Return a standard MIDI file of one track: 480 ticks a beat of 0.5 s."""
    events: list[tuple[int, int, bytes]] = [
        (0, 0, bytes([0xC0 | channel, program])) for channel, program in programs.items()
    ]
    for note in notes:
        start, end = (round(960 * at) for at in (note.start, note.start + note.seconds))
        events.append((start, 2, bytes([0x90 | note.channel, note.pitch, note.velocity])))
        events.append((end, 1, bytes([0x80 | note.channel, note.pitch, 0])))
    track, now = b"", 0
    for at, _, message in sorted(events):
        track += _length(at - now) + message
        now = at
    track += b"\x00\xff\x2f\x00"
    head = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x00\x00\x01" + (480).to_bytes(2, "big")
    return head + b"MTrk" + len(track).to_bytes(4, "big") + track


def _length(ticks: int) -> bytes:
    groups = [ticks & 0x7F]
    while ticks := ticks >> 7:
        groups.append(ticks & 0x7F | 0x80)
    return bytes(reversed(groups))


def stationary(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise with a spectrum that falls by 0 to 6 dB an octave."""
    return even(_coloured(seconds, rng.uniform(0, 1), rng))


def level_steps(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise with jumps in level of up to 12 dB every 0.7 to 3 s."""
    noise, at = _coloured(seconds, rng.uniform(0, 1), rng), 0.0
    while at < seconds:
        length = rng.uniform(0.7, 3)
        noise[round(at * RATE) : round((at + length) * RATE)] *= 10 ** (rng.uniform(-12, 0) / 20)
        at += length
    return even(noise)


def footsteps(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return steps on a hard floor, 1.6 to 2.4 a second: a thud and a scrape each."""
    sound = np.zeros(round((seconds + 1) * RATE))
    at, period = 0.0, 1 / rng.uniform(1.6, 2.4)
    while at < seconds:
        for delay, low, high, fade in (
            (0.0, 60, 400, 0.04),
            (rng.uniform(0.06, 0.1), 500, 5000, 0.05),
        ):
            length = round(6 * fade * RATE)
            burst = rng.standard_normal(length) * np.exp(-np.arange(length) / (fade * RATE))
            band = scipy.signal.butter(2, (low, high), "bandpass", fs=RATE, output="sos")
            start = round((at + delay) * RATE)
            piece = scipy.signal.sosfilt(band, burst) * rng.uniform(0.6, 1)
            room = sound[start : start + length]
            room += piece[: len(room)] / max(np.sqrt(np.mean(piece**2)), 1e-9)
        at += period * rng.uniform(0.92, 1.08)
    return even(_fitted(sound, seconds))


def traffic(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return a road: low noise, and cars that swell and fade."""
    sound = _coloured(seconds, 1.8, rng)
    at = rng.uniform(0, 3)
    times = np.arange(len(sound)) / RATE
    while at < seconds:
        swell = np.exp(-0.5 * ((times - at) / rng.uniform(0.6, 1.5)) ** 2)
        sound += 2 * swell * _coloured(seconds, 1.0, rng)
        at += rng.uniform(3, 8)
    return even(sound)


def rain(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return rain: hiss, and drops at random."""
    hiss = _coloured(seconds, 0.0, rng)
    drops = (rng.random(len(hiss)) < 30 / RATE) * rng.exponential(40, len(hiss))
    ring = np.exp(-np.arange(160) / 30) * np.sin(np.arange(160) * rng.uniform(0.6, 1.2))
    return even(hiss + np.convolve(drops, ring)[: len(hiss)])


def babble(utterances: list[np.ndarray], seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return six to ten voices at once, each saying one utterance after another."""
    sound = np.zeros(round(seconds * RATE))
    for _ in range(int(rng.integers(6, 11))):
        at, loudness = -int(rng.integers(2 * RATE)), rng.uniform(0.5, 1)
        while at < len(sound):
            voice = utterances[rng.integers(len(utterances))]
            voice = loudness * voice / np.sqrt(np.mean(voice**2))
            start, first = max(at, 0), max(-at, 0)
            room = sound[start : start + max(len(voice) - first, 0)]
            room += voice[first : first + len(room)]
            at += len(voice) + int(rng.uniform(0, 0.5) * RATE)
    return even(sound)


NOISES = {
    "stationary": stationary,
    "level steps": level_steps,
    "footsteps": footsteps,
    "traffic": traffic,
    "rain": rain,
}


def even(sound: np.ndarray) -> np.ndarray:
    """Return a sound with an RMS of 1 in every 3 s, so that each clip has the stated level."""
    power = scipy.ndimage.uniform_filter1d(sound**2, 3 * RATE, mode="reflect")
    return sound / np.sqrt(np.maximum(power, 1e-4 * power.mean() + 1e-12))


def _coloured(seconds: float, slope: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise with a power spectrum of frequency to the power of ``-slope``."""
    count = round(seconds * RATE)
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count)) * (frequencies > 40)
    sound = np.fft.irfft(spectrum / np.maximum(frequencies, 40) ** (slope / 2), count)
    return sound / sound.std()


def _fitted(sound: np.ndarray, seconds: float) -> np.ndarray:
    count = round(seconds * RATE)
    return np.pad(sound, (0, max(count - len(sound), 0)))[:count]


Signal = NDArray[np.float32]
DEV_SEEDS = 100
"""Seeds from this one on use the music for development, those below the music for measuring."""


def bed(background: str, length: int, seed: int, voices: Sequence[Signal]) -> Signal:
    """Return a deterministic background with a power of 1 in every few seconds.

    Args:
        background: "noise" or "music".
        length: length in samples.
        seed: random seed of order, lengths and sounds.
        voices: utterances, for babble.
    """
    if background == "noise":
        return noise_bed(length, seed, voices)
    if background != "music":
        raise ValueError(f"no background {background!r}; there are noise and music")
    pieces = PIECES["dev" if seed >= DEV_SEEDS else "measured"]
    return _in_turn(
        tuple(pieces),
        length,
        seed,
        lambda kind, seconds, rng: render_music(pieces[kind], seconds, rng),
    )


def noise_bed(length: int, seed: int, voices: Sequence[Signal]) -> Signal:
    """Return all kinds of noise in turn; arguments as for `bed`."""

    def make(kind: str, seconds: float, rng: np.random.Generator) -> Signal:
        if kind == "babble":
            return np.asarray(babble(list(voices), seconds, rng), dtype=np.float32)
        return np.asarray(NOISES[kind](seconds, rng), dtype=np.float32)

    return _in_turn(("babble", *NOISES), length, seed, make)


def _in_turn(
    kinds: Sequence[str],
    length: int,
    seed: int,
    make: Callable[[str, float, np.random.Generator], Signal],
) -> Signal:
    """Return pieces of 20 to 40 s that fade into each other.

    The order of kinds is drawn anew after each round.
    """
    rng = np.random.default_rng([seed, _BED])
    sound = np.zeros(length + _FADE, dtype=np.float32)
    fade = np.sin(np.linspace(0, np.pi / 2, _FADE, dtype=np.float32))
    at = 0
    waiting: list[str] = []
    while at < length:
        waiting = waiting or [kinds[index] for index in rng.permutation(len(kinds))]
        samples = min(int(rng.integers(20, 41)) * RATE, length - at) + _FADE
        piece = np.array(make(waiting.pop(), samples / RATE, rng)[:samples], dtype=np.float32)
        piece[:_FADE] *= fade
        piece[-_FADE:] *= fade[::-1]
        sound[at : at + samples] += piece
        at += samples - _FADE
    return sound[:length]


_BED = 7  # separates the random numbers of a bed from those of its episode
_FADE = RATE // 2
