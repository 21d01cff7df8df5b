import itertools

import numpy as np
import pytest
from scipy.signal import lfilter

from corpus_tools.media.mel import BANDS, BandMeter, decibels_of
from corpus_tools.segmentation.planning.speaker_change import (
    SpeechRuns,
    change_probabilities,
    cluster_runs,
    infer_changes,
)

RATE = 16_000
FORMANTS = {"a": (500, 1400, 2500), "b": (650, 1800, 3100)}


def talk(speaker, seconds, seed):
    """Noise through three formants that vary a little, as between words of one speaker."""
    rng = np.random.default_rng(seed)
    syllables = []
    for _ in range(round(seconds * 5)):
        sound = rng.standard_normal(RATE // 5)
        for formant in FORMANTS[speaker]:
            centre = 2 * np.pi * formant * rng.uniform(0.93, 1.07) / RATE
            sound = lfilter([1], [1, -1.9 * np.cos(centre), 0.9025], sound)
        syllables.append(sound / sound.std())
    return np.concatenate(syllables)


def speech_and_bands(*turns):
    """Speech mask and bands of turns (speaker, seconds), each followed by half a second."""
    sound, speech = [], []
    for seed, (speaker, seconds) in enumerate(turns):
        sound += [2000 * talk(speaker, seconds, seed), np.zeros(RATE // 2)]
        speech += [np.ones(round(seconds * 100), bool), np.zeros(50, bool)]
    meter = BandMeter()
    noise = np.random.default_rng(9).normal(0, 3, sum(len(part) for part in sound))
    meter.add((np.concatenate(sound) + noise).astype(np.int16))
    return np.concatenate(speech), meter.bands()


def test_change_of_voice_is_more_likely_than_other_words_of_the_same():
    turns = [(speaker, 1.0) for speaker in "aabbabbbaaab"]
    posterior = change_probabilities(*speech_and_bands(*turns))
    changes = np.array([a != b for (a, _), (b, _) in itertools.pairwise(turns)])
    assert posterior[changes].min() > 0.8
    assert posterior[~changes].max() < 0.2


def test_single_voice_has_no_changes():
    assert change_probabilities(*speech_and_bands(*[("a", 1.4)] * 6)).max() < 0.2


def test_without_a_spectrum_nothing_is_estimated():
    speech, _ = speech_and_bands(("a", 1.0), ("b", 1.0))
    assert change_probabilities(speech, np.zeros((0, BANDS), np.uint8)).tolist() == [0.0]
    assert not len(change_probabilities(np.zeros(500, bool), np.zeros((125, BANDS), np.uint8)))


def test_digital_silence_is_no_change():
    speech = np.tile(np.repeat([True, False], 50), 5)
    posterior = change_probabilities(speech, np.zeros((125, BANDS), np.uint8))
    assert posterior.shape == (4,)
    assert posterior.max() < 0.5


def test_many_runs_are_processed_in_windows():
    turns = [(speaker, 0.6) for speaker in "abba" * 40]
    posterior = change_probabilities(*speech_and_bands(*turns))
    changes = np.array([a != b for (a, _), (b, _) in itertools.pairwise(turns)])
    assert len(posterior) == 159
    assert (posterior[changes] > 0.5).mean() > 0.9
    assert (posterior[~changes] < 0.5).mean() > 0.9


def speakers(numbers, spread, seed=0):
    rng = np.random.default_rng(seed)
    own = rng.normal(0, np.sqrt(0.2), (3, 15))
    variances = np.full(len(numbers), spread)
    return SpeechRuns(
        own[list(numbers)] + rng.normal(0, np.sqrt(spread), (len(numbers), 15)),
        variances,
    )


def test_long_runs_cluster_by_speaker():
    numbers = [0, 1, 0, 2, 2, 1, 0, 1, 2, 0]
    runs = speakers(numbers, 0.05)
    labels = cluster_runs(runs.means, 1 / runs.variances)
    assert [[a == b for b in labels] for a in labels] == [
        [a == b for b in numbers] for a in numbers
    ]


def test_prior_decides_where_runs_are_uninformative():
    runs = speakers([0, 1], 1e4)
    (chance,) = infer_changes(runs, np.array([0.03]))
    assert chance < 0.05


def test_run_is_recognised_by_others_of_its_speaker():
    numbers = [0, 1] * 10
    chances = infer_changes(speakers(numbers, 0.15), np.full(19, 0.5))
    assert np.median(chances) > 0.9


def test_bands_are_independent_of_block_size():
    sound = np.random.default_rng(0).normal(0, 1000, 5000).astype(np.int16)
    whole, odd = BandMeter(), BandMeter()
    whole.add(sound)
    for first in range(0, 5000, 333):
        odd.add(sound[first : first + 333])
    assert np.array_equal(whole.bands(), odd.bands())
    assert whole.bands().shape == (5000 // 640, BANDS)


@pytest.mark.parametrize(("scale", "level"), [(1, 0), (1000, 60)])
def test_bands_of_white_noise_have_its_level(scale, level):
    meter = BandMeter()
    meter.add(np.round(np.random.default_rng(0).normal(0, scale, 64_000)).astype(np.int16))
    assert decibels_of(meter.bands()).mean() == pytest.approx(level, abs=4)
