"""Backgrounds of whole episodes: consecutive pieces of music or kinds of noise."""

from collections.abc import Callable, Sequence

import numpy as np
from backgrounds import NOISES, PIECES, RATE, babble, render_music
from numpy.typing import NDArray

__all__ = ["DEV_SEEDS", "Signal", "bed", "noise_bed"]

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
