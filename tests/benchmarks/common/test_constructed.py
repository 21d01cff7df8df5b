import itertools

import numpy as np
import pytest

from benchmarks.common.constructed import RATE, Episode, Utterance, construct, trimmed

PAUSE = (0.15, 3.0)


@pytest.fixture(scope="module")
def utterances() -> list[Utterance]:
    """Two emotions of three speakers who say tones, eight each, of 1 to 2 s."""
    rng = np.random.default_rng(0)
    return [
        trimmed(tone(rng.uniform(1, 2)), speaker, emotion)
        for speaker, emotion in itertools.product("ABC", ("angry", "sad"))
        for _ in range(8)
    ]


def tone(seconds: float, before: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(1)
    samples = 1e-4 * rng.standard_normal(round((seconds + before + 0.3) * RATE))
    spoken = np.arange(round(seconds * RATE))
    samples[round(before * RATE) : round((before + seconds) * RATE)] += 0.3 * np.sin(spoken / 8)
    return samples.astype(np.float32)


def test_trimming_finds_where_the_speech_lies_and_keeps_a_little_around_it() -> None:
    one = trimmed(tone(1.5, before=0.4), "A", "sad")
    assert one.seconds == pytest.approx(1.5, abs=0.011)
    assert one.onset == pytest.approx(0.075 * RATE, abs=1)
    assert len(one.samples) - one.end == pytest.approx(0.075 * RATE, abs=1)
    assert np.mean(one.samples[one.onset : one.end] ** 2) == pytest.approx(1, rel=0.01)


def test_a_click_before_the_speech_is_no_speech() -> None:
    samples = tone(1.0, before=0.5)
    samples[800:900] = 0.5
    assert trimmed(samples, "A", "sad").seconds == pytest.approx(1.0, abs=0.011)


@pytest.mark.parametrize("background", [None, "noise"])
def test_the_same_seed_makes_the_same_episode(
    utterances: list[Utterance], background: str | None
) -> None:
    one, same, other = (construct(utterances, seed, 0.5, 0.5, background, 10) for seed in (3, 3, 4))
    assert np.array_equal(one.samples, same.samples)
    assert one.utterances == same.utterances
    assert one.utterances != other.utterances


def test_utterances_do_not_depend_on_the_background(utterances: list[Utterance]) -> None:
    clean, noisy = (
        construct(utterances, 3, 0.5, 0.5),
        construct(utterances, 3, 0.5, 0.5, "noise", 5),
    )
    assert clean.utterances == noisy.utterances


def test_pauses_and_speaker_changes_are_as_requested(utterances: list[Utterance]) -> None:
    one = construct(utterances, 0, 10, 1.0)
    assert one.seconds >= 600
    pairs = list(itertools.pairwise(one.utterances))
    pauses = np.array([after[0] - before[1] for before, after in pairs])
    assert pauses.min() >= PAUSE[0] - 1e-3
    assert pauses.max() <= PAUSE[1] + 1e-3
    assert np.median(pauses) == pytest.approx(np.sqrt(PAUSE[0] * PAUSE[1]), rel=0.2)
    assert all(before[2] != after[2] for before, after in pairs)
    half = construct(utterances, 0, 10, 0.5)
    changes = [before[2] != after[2] for before, after in itertools.pairwise(half.utterances)]
    assert np.mean(changes) == pytest.approx(0.5, abs=0.1)


def test_background_has_the_requested_level(utterances: list[Utterance]) -> None:
    noisy = construct(utterances, 5, 1, 0.5, "noise", 10)
    spoken = mask(noisy)
    level = noisy.samples.astype(float) ** 2
    above = level[spoken].mean() / level[~spoken].mean() - 1
    assert 10 * np.log10(above) == pytest.approx(10, abs=1)


def mask(episode: Episode) -> np.ndarray:
    spoken = np.zeros(len(episode.samples), dtype=bool)
    for start, end, _ in episode.utterances:
        spoken[round(start * RATE) : round(end * RATE)] = True
    return spoken
