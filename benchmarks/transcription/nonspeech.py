"""Stretches of 2 to 6 s in which nobody speaks, of 24 or 25 kinds, for the guards of transcription.

Music is rendered with sampled instruments (fluidsynth). Room tone is cut from the beginnings and
ends of RAVDESS's recordings, where nobody speaks yet or any more, and amplified. All else is
constructed: noises, and what people do without words (laughter, breath, sobs, a crowd of voices
played backwards, applause).
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from benchmarks.common.constructed import Utterance
from benchmarks.segmentation.backgrounds import NOISES, PIECES, RATE, babble, render_music

__all__ = ["stretches"]

Sound = NDArray[np.float64]


def stretches(
    part: str, each: int, voices: Sequence[Utterance], pauses: Sequence[Sound]
) -> list[tuple[str, NDArray[np.float32]]]:
    """Return kind and samples (16 kHz) of ``each`` stretches of every kind.

    ``part`` is "dev" or "measured": they differ in seed and in instruments. ``voices`` are for the
    crowd, ``pauses`` without speech are for room tone.
    """
    made = []
    for index, (kind, make) in enumerate(_kinds(part, voices, pauses).items()):
        rng = np.random.default_rng([part == "dev", index])
        lengths = rng.uniform(2, 6, each)
        whole = make(lengths.sum() + 1, rng)
        for end, seconds in zip(np.cumsum(lengths), lengths, strict=True):
            sound = whole[round((end - seconds) * RATE) : round(end * RATE)]
            level = 10 ** (rng.uniform(-38, -20) / 20)
            sound = level * sound / np.sqrt(np.mean(sound**2) + 1e-12)
            tone = 10 ** (-65 / 20) * rng.standard_normal(len(sound))
            made.append((kind, np.clip(sound + tone, -1, 1).astype(np.float32)))
    return made


def _kinds(
    part: str, voices: Sequence[Utterance], pauses: Sequence[Sound]
) -> dict[str, Callable[[float, np.random.Generator], Sound]]:
    def crowd(seconds: float, rng: np.random.Generator) -> Sound:
        backwards = [one.samples[::-1].astype(np.float64) for one in voices]
        return babble(backwards, seconds, rng) + babble(backwards, seconds, rng)

    def room_tone(seconds: float, rng: np.random.Generator) -> Sound:
        return np.concatenate([pauses[at] for at in rng.permutation(len(pauses))])

    def silence(seconds: float, rng: np.random.Generator) -> Sound:
        return np.zeros(round(seconds * RATE))

    music = {f"music: {name}": partial(render_music, piece) for name, piece in PIECES[part].items()}
    people = {"laughter": laughter, "breath": breath, "sobs": sobs, "crowd": crowd}
    things = {"applause": applause, "hum": hum, "ringing": ringing, "wind": wind, "clock": clock}
    return music | people | things | {"room tone": room_tone, "silence": silence} | dict(NOISES)


def laughter(seconds: float, rng: np.random.Generator) -> Sound:
    """Return laughs: rows of voiced bursts with breath, four to six a second, falling in pitch."""
    sound, at = np.zeros(round(seconds * RATE)), 0.0
    pitch, formants = rng.uniform(150, 380), rng.uniform(0.85, 1.2) * np.array([750, 1300, 2700])
    while at < seconds:
        for number in range(int(rng.integers(4, 9))):
            length = rng.uniform(0.07, 0.13)
            burst = _voiced(length, pitch * (1.15 - 0.04 * number), formants, rng)
            _add(sound, burst * 0.85**number, at)
            at += length
            puff = _band(rng.standard_normal(round(0.08 * RATE)), 500, 4000)
            _add(sound, 0.3 * 0.85**number * puff * np.hanning(len(puff)), at)
            at += rng.uniform(0.07, 0.12)
        at += rng.uniform(0.2, 0.8)
    return sound


def sobs(seconds: float, rng: np.random.Generator) -> Sound:
    """Return long voiced sounds that tremble, each after a drawn breath."""
    sound, at = np.zeros(round(seconds * RATE)), 0.0
    pitch, formants = rng.uniform(200, 400), rng.uniform(0.85, 1.2) * np.array([500, 1100, 2500])
    while at < seconds:
        inhaled = _band(rng.standard_normal(round(0.35 * RATE)), 600, 5000)
        _add(sound, 0.4 * inhaled * np.hanning(len(inhaled)), at)
        at += 0.4
        for _ in range(int(rng.integers(2, 5))):
            length = rng.uniform(0.15, 0.5)
            _add(sound, _voiced(length, pitch * rng.uniform(0.9, 1.1), formants, rng), at)
            at += length * rng.uniform(0.9, 1.2)
        at += rng.uniform(0.2, 0.6)
    return sound


def breath(seconds: float, rng: np.random.Generator) -> Sound:
    """Return breathing: noise through a mouth, in and out."""
    sound, at = np.zeros(round(seconds * RATE)), rng.uniform(0, 0.3)
    while at < seconds:
        for low, high, loud in ((700, 5500, 1.0), (300, 2500, 0.7)):
            length = rng.uniform(0.4, 1.1)
            air = _band(rng.standard_normal(round(length * RATE)), low, high)
            _add(sound, loud * air * np.hanning(len(air)), at)
            at += length + rng.uniform(0.05, 0.4)
    return sound


def applause(seconds: float, rng: np.random.Generator) -> Sound:
    """Return the claps of 10 to 60 people, each with a hollow of its own."""
    sound = np.zeros(round(seconds * RATE))
    for _ in range(int(rng.integers(10, 60))):
        middle, period = rng.uniform(700, 2200), rng.uniform(0.2, 0.35)
        for at in np.arange(rng.uniform(0, period), seconds, period):
            clap = rng.standard_normal(400) * np.exp(-np.arange(400) / 60)
            muffled = _band(clap, 0.6 * middle, 1.6 * middle)
            _add(sound, rng.uniform(0.3, 1) * muffled, at + rng.normal(0, 0.015))
    return sound


def hum(seconds: float, rng: np.random.Generator) -> Sound:
    """Return the hum of mains or an engine: harmonics of 40 to 120 Hz that wobble."""
    times = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(rng.uniform(40, 120) + 2 * np.sin(2 * np.pi * 0.7 * times)) / RATE
    tones = [rng.uniform(0, 1) / order * np.sin(order * phase) for order in range(1, 13)]
    return np.sum(tones, axis=0) + 0.1 * rng.standard_normal(len(times))


def ringing(seconds: float, rng: np.random.Generator) -> Sound:
    """Return a bell or telephone: decaying partials, struck again and again."""
    sound, pitch = np.zeros(round(seconds * RATE)), rng.uniform(400, 1500)
    times = np.arange(RATE) / RATE
    ratios, fade = (1, 2.0, 2.76, 5.4), rng.uniform(0.1, 0.6)
    strike = np.sum([np.sin(2 * np.pi * pitch * one * times) / one for one in ratios], axis=0)
    for at in np.arange(rng.uniform(0, 0.3), seconds, rng.uniform(0.1, 1.2)):
        _add(sound, strike * np.exp(-times / fade), at)
    return sound


def wind(seconds: float, rng: np.random.Generator) -> Sound:
    """Return wind: low noise in gusts, with a whistle."""
    count = round(seconds * RATE)
    gusts = 1 + np.interp(
        np.arange(count),
        np.arange(0, count + RATE, RATE),
        rng.uniform(-0.8, 2, len(np.arange(0, count + RATE, RATE))),
    )
    whistle = rng.uniform(400, 900)
    air = _band(rng.standard_normal(count), 50, 500)
    return gusts * (air + 0.5 * _band(rng.standard_normal(count), whistle, 1.1 * whistle))


def clock(seconds: float, rng: np.random.Generator) -> Sound:
    """Return a ticking clock or typing: short clicks."""
    sound = np.zeros(round(seconds * RATE))
    even_ticks, period = rng.random() < 0.5, rng.uniform(0.15, 1)
    at = 0.1
    while at < seconds:
        tick = rng.standard_normal(320) * np.exp(-np.arange(320) / rng.uniform(15, 50))
        _add(sound, rng.uniform(0.6, 1) * tick, at)
        at += period if even_ticks else rng.exponential(period) + 0.03
    return sound


def _voiced(
    seconds: float, pitch: float, formants: Sequence[float], rng: np.random.Generator
) -> Sound:
    count = max(round(seconds * RATE), 64)
    phase = np.cumsum(pitch * (1 + 0.03 * rng.standard_normal() * np.linspace(-1, 1, count))) / RATE
    source = np.diff(np.floor(phase), prepend=0.0) + 0.02 * rng.standard_normal(count)
    for middle in formants:
        radius, angle = np.exp(-np.pi * 120 / RATE), 2 * np.pi * middle / RATE
        source = scipy.signal.lfilter(
            [1 - radius], [1, -2 * radius * np.cos(angle), radius**2], source
        )
    voice = source * np.hanning(count)
    return voice / (np.sqrt(np.mean(voice**2)) + 1e-9)


def _band(noise: Sound, low: float, high: float) -> Sound:
    sos = scipy.signal.butter(2, (low, min(high, 7500)), "bandpass", fs=RATE, output="sos")
    band = scipy.signal.sosfilt(sos, noise)
    return band / (np.sqrt(np.mean(band**2)) + 1e-9)


def _add(sound: Sound, piece: Sound, at: float) -> None:
    start = max(round(at * RATE), 0)
    room = sound[start : start + len(piece)]
    room += piece[: len(room)]
